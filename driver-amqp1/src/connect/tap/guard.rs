//! What the engine is not shown: values that do not hold what they say.
//!
//! A frame that cannot be read ends the connection: the peer has written it. A message may have
//! been written by anybody, and ends nothing: from where it cannot be read on, the engine gets
//! bytes that are no values, and whoever receives it sees a message that cannot be read.

use std::collections::HashMap;

use super::frames::HEAD;
use super::performative::{DETACH, END, TRANSFER, code};
use super::transfer::{IN_DETACH, LONGEST, Transfer, number_at};
use crate::connect::walk::{Malformed, Rest, Walk};

/// What is shown of a message instead of what cannot be read: no type has this code.
const NO_VALUE: u8 = 0x01;
/// The most deliveries that may come in pieces at a time.
const MOST_PENDING: usize = 1024;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connect) enum Unreadable {
    /// A frame begins with what is no value.
    Frame,
    /// More deliveries come in pieces than can be followed.
    TooManyPieces,
}

/// Follows the bytes of the peer from the protocol header on.
#[derive(Debug)]
pub(in crate::connect) struct Guard {
    /// How long a message may be, in bytes.
    largest: u64,
    head: [u8; HEAD],
    held: usize,
    begun: bool,
    /// How much of the frame is still to come, and where in it we are.
    left: usize,
    part: Part,
    channel: u16,
    /// The first fields of the performative.
    fields: Vec<u8>,
    /// Of the performative, of the payload then.
    walk: Walk,
    /// The deliveries of which more follows, by channel and handle.
    pending: HashMap<(u16, u32), Pending>,
}

/// A delivery of which more follows: a walk over what there is of it, or what is still to be shown
/// of one that cannot be read.
#[derive(Debug)]
struct Pending {
    delivery_id: Option<u32>,
    walk: Result<Walk, Rest>,
}

/// A piece of a message.
#[derive(Clone, Copy, Debug)]
struct Piece {
    link: (u16, u32),
    delivery_id: Option<u32>,
    /// Whether more follows.
    more: bool,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// So many bytes of the extended head are still to come.
    Extended(usize),
    Performative,
    Payload(Piece),
    /// The same, of a message that cannot be read, and what is shown of it first.
    Spoilt(Piece, Rest),
    /// Nothing that is looked at.
    Rest,
}

impl Guard {
    pub(in crate::connect) fn new(largest: u64) -> Self {
        Self {
            largest,
            head: [0; HEAD],
            held: 0,
            begun: false,
            left: 0,
            part: Part::Rest,
            channel: 0,
            fields: Vec::with_capacity(LONGEST),
            walk: Walk::over(0, 0),
            pending: HashMap::new(),
        }
    }

    /// Takes what came, before anybody else sees it.
    pub(in crate::connect) fn pass(&mut self, bytes: &mut [u8]) -> Result<(), Unreadable> {
        let mut bytes = bytes;
        while !bytes.is_empty() {
            if self.left == 0 {
                let taken = self.take_head(bytes);
                bytes = &mut bytes[taken..];
                continue;
            }
            let (now, rest) = bytes.split_at_mut(self.left.min(bytes.len()));
            self.left -= now.len();
            bytes = rest;
            self.take_body(now)?;
            if self.left == 0 {
                self.end_frame()?;
            }
        }
        Ok(())
    }

    fn take_head(&mut self, bytes: &[u8]) -> usize {
        let taken = (HEAD - self.held).min(bytes.len());
        self.head[self.held..][..taken].copy_from_slice(&bytes[..taken]);
        self.held += taken;
        if self.held < HEAD {
            return taken;
        }
        self.held = 0;
        if !std::mem::replace(&mut self.begun, true) {
            return taken;
        }
        let [a, b, c, d, offset, _, channel @ ..] = self.head;
        // One that is shorter than its head ends the connection elsewhere.
        self.left = (u32::from_be_bytes([a, b, c, d]) as usize).saturating_sub(HEAD);
        self.channel = u16::from_be_bytes(channel);
        self.part = Part::Extended((usize::from(offset) * 4).saturating_sub(HEAD));
        self.fields.clear();
        taken
    }

    fn take_body(&mut self, mut bytes: &mut [u8]) -> Result<(), Unreadable> {
        while !bytes.is_empty() {
            let taken = match self.part {
                Part::Extended(0) => {
                    self.walk.restart(1, (bytes.len() + self.left) as u64);
                    self.part = Part::Performative;
                    0
                }
                Part::Extended(left) => {
                    let taken = left.min(bytes.len());
                    self.part = Part::Extended(left - taken);
                    taken
                }
                Part::Performative => self.take_performative(bytes)?,
                Part::Payload(piece) => match self.walk.feed(bytes) {
                    Ok(_) => bytes.len(),
                    Err(Malformed { at, rest }) => {
                        self.part = Part::Spoilt(piece, rest);
                        at
                    }
                },
                Part::Spoilt(piece, mut rest) => {
                    let written = rest.write(bytes);
                    bytes[written..].fill(NO_VALUE);
                    self.part = Part::Spoilt(piece, rest);
                    bytes.len()
                }
                Part::Rest => bytes.len(),
            };
            bytes = &mut bytes[taken..];
        }
        Ok(())
    }

    fn take_performative(&mut self, bytes: &[u8]) -> Result<usize, Unreadable> {
        let taken = self.walk.feed(bytes).map_err(|Malformed { .. }| Unreadable::Frame)?;
        let kept = (LONGEST - self.fields.len()).min(taken);
        self.fields.extend_from_slice(&bytes[..kept]);
        if self.walk.is_done() {
            self.part = self.after_performative();
        }
        Ok(taken)
    }

    /// What follows the performative that has just ended.
    fn after_performative(&mut self) -> Part {
        match code(&self.fields) {
            Some(TRANSFER) => {
                let Some(transfer) = Transfer::read(&self.fields) else { return Part::Rest };
                return self.piece(&transfer);
            }
            Some(DETACH) => {
                if let Some(handle) = number_at(&self.fields, IN_DETACH) {
                    self.pending.remove(&(self.channel, handle));
                }
            }
            Some(END) => self.pending.retain(|(channel, _), _| *channel != self.channel),
            _ => {}
        }
        Part::Rest
    }

    /// The payload of a transfer: of a message that begins, or goes on.
    fn piece(&mut self, transfer: &Transfer) -> Part {
        let link = (self.channel, transfer.handle);
        let begun = match self.begun(link) {
            // What was not ended before another begins was aborted.
            Some(begun) if transfer.delivery_id.is_none_or(|id| begun.delivery_id == Some(id)) => {
                Some(begun)
            }
            _ => None,
        };
        let delivery_id = begun.as_ref().map_or(transfer.delivery_id, |begun| begun.delivery_id);
        let piece = Piece { link, delivery_id, more: transfer.more };
        match begun {
            None => self.walk.restart(u64::MAX, self.largest),
            Some(Pending { walk: Ok(walk), .. }) => self.walk = walk,
            Some(Pending { walk: Err(rest), .. }) => return Part::Spoilt(piece, rest),
        }
        Part::Payload(piece)
    }

    /// What there is of a delivery of which more was to follow; mostly there is none.
    fn begun(&mut self, link: (u16, u32)) -> Option<Pending> {
        if self.pending.is_empty() { None } else { self.pending.remove(&link) }
    }

    fn end_frame(&mut self) -> Result<(), Unreadable> {
        let (piece, walk) = match std::mem::replace(&mut self.part, Part::Rest) {
            // It is cut off.
            Part::Performative => return Err(Unreadable::Frame),
            Part::Payload(piece) if piece.more => {
                (piece, Ok(std::mem::replace(&mut self.walk, Walk::over(0, 0))))
            }
            Part::Spoilt(piece, rest) if piece.more => (piece, Err(rest)),
            _ => return Ok(()),
        };
        self.pending.insert(piece.link, Pending { delivery_id: piece.delivery_id, walk });
        if self.pending.len() > MOST_PENDING {
            return Err(Unreadable::TooManyPieces);
        }
        Ok(())
    }
}
