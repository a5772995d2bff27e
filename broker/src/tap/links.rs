//! What the two directions tell about the links on which the broker sends.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::fields::{Field, Performative};
use super::frames::Frame;
use super::names::Names;

/// The most deliveries that one disposition may settle: the engine walks over all of them, there
/// or not.
const LONGEST_DISPOSITION: u32 = 1 << 20;

/// The credit of one link on which the broker sends, and what has left of what was handed over.
///
/// The acceptor of fe2o3-amqp keeps the credit to itself. It is read here from the peer's `flow`
/// frames on their way in, so that no message is given to a consumer that does not take it.
#[derive(Debug)]
pub(crate) struct LinkTap {
    state: Mutex<LinkState>,
    /// Told when credit comes or goes, or a delivery has left.
    pub(crate) changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct LinkState {
    /// The delivery count up to which the peer takes deliveries.
    limit: u32,
    /// The delivery count: the deliveries handed over, and the credit that a drain gave back.
    count: u32,
    /// Deliveries handed to the engine that have not left yet.
    waiting: u32,
}

impl LinkTap {
    fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Arc::new(Notify::new()) })
    }

    /// How many more deliveries the peer takes.
    pub(crate) fn credit(&self) -> u32 {
        let state = self.state.lock();
        let left = state.limit.wrapping_sub(state.count);
        // Serial numbers: what is behind the count is far ahead of it.
        if left > u32::MAX / 2 { 0 } else { left }
    }

    /// How many deliveries were handed over and have not left.
    pub(crate) fn waiting(&self) -> u32 {
        self.state.lock().waiting
    }

    /// Counts a delivery that is handed to the engine.
    pub(crate) fn hand_over(&self) {
        let mut state = self.state.lock();
        state.count = state.count.wrapping_add(1);
        state.waiting += 1;
    }

    fn flow(&self, delivery_count: u32, credit: u32, drain: bool) {
        let mut state = self.state.lock();
        state.limit = delivery_count.wrapping_add(credit);
        if drain {
            // The engine gives the credit back at once.
            state.count = state.limit;
        }
        drop(state);
        self.changed.notify_one();
    }

    fn left(&self) {
        let mut state = self.state.lock();
        state.waiting = state.waiting.saturating_sub(1);
        drop(state);
        self.changed.notify_one();
    }
}

/// The links of one connection on which the broker sends.
#[derive(Debug, Default)]
pub(crate) struct Links {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// By the peer's channel and handle.
    incoming: HashMap<(u16, u32), Arc<LinkTap>>,
    /// By the peer's channel and the link's name, until the broker has answered the attach.
    unanswered: HashMap<(u16, Vec<u8>), Arc<LinkTap>>,
    /// The links that are attached from the broker's side, by its channel and handle.
    attached: HashMap<(u16, u32), End>,
    /// The names of all links.
    names: Names,
    /// The peer's channels by the broker's.
    channels: HashMap<u16, u16>,
}

/// The broker's end of a link.
#[derive(Debug)]
enum End {
    Sends {
        name: Vec<u8>,
        link: Option<Arc<LinkTap>>,
    },
    Receives {
        name: Vec<u8>,
        /// Whether the engine has given its first credit.
        has_given: bool,
    },
}

/// A byte of a frame that is to be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patch {
    /// Where it is in the body.
    place: usize,
    byte: u8,
}

impl Patch {
    /// Where the byte is, if it is there, among bytes of which `end` is the end of the frame; and
    /// the byte.
    pub(super) fn at(self, end: usize, frame: &Frame<'_>) -> (Option<usize>, u8) {
        ((end + self.place).checked_sub(frame.size), self.byte)
    }
}

/// What becomes of a frame of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    AsItIs,
    Patched(Patch),
    Not,
}

/// What a frame asks for that no honest peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outrageous(pub(crate) &'static str);

impl Links {
    /// The link that the peer attached by this handle on this channel.
    pub(crate) fn get(&self, channel: u16, handle: u32) -> Option<Arc<LinkTap>> {
        self.tables.lock().incoming.get(&(channel, handle)).cloned()
    }

    /// Looks at a frame from the peer, and says what is to be changed about it. At most `most`
    /// links are kept.
    pub(super) fn came(&self, frame: &Frame<'_>, most: usize) -> Result<Option<Patch>, Outrageous> {
        let Some(mut fields) = Performative::read(frame.body) else { return Ok(None) };
        match fields.code {
            0x12 => return self.attach_came(frame, &mut fields, most),
            0x13 => drop(self.flow_came(frame.channel, &mut fields)),
            0x15 => disposition_came(&mut fields)?,
            0x16 => drop(self.detach_came(frame.channel, &mut fields)),
            0x17 => self.end_came(frame.channel),
            _ => {}
        }
        Ok(None)
    }

    /// Looks at a frame to the peer.
    pub(super) fn goes(&self, frame: &Frame<'_>) -> Goes {
        let Some(mut fields) = Performative::read(frame.body) else { return Goes::AsItIs };
        // What cannot be read is not followed; the engine wrote it, so that does not happen.
        let goes = match fields.code {
            0x11 => self.begin_went(frame.channel, &mut fields).map(|()| true),
            0x12 => {
                let patch = self.attach_went(frame, &mut fields);
                return patch.map_or(Goes::AsItIs, Goes::Patched);
            }
            0x13 => self.flow_goes(frame.channel, &mut fields),
            0x14 => self.transfer_goes(frame.channel, &mut fields),
            0x16 => self.detach_went(frame.channel, &mut fields).map(|()| true),
            _ => None,
        };
        if goes == Some(false) { Goes::Not } else { Goes::AsItIs }
    }

    fn attach_came(
        &self,
        frame: &Frame<'_>,
        fields: &mut Performative<'_>,
        most: usize,
    ) -> Result<Option<Patch>, Outrageous> {
        let channel = frame.channel;
        let Some(Attach { name, place, handle, receiver }) = attach(frame, fields) else {
            return Ok(None);
        };
        let mut tables = self.tables.lock();
        let links = [tables.names.count(), tables.incoming.len(), tables.unanswered.len()];
        if links.into_iter().any(|links| links >= most) {
            return Err(Outrageous("more links than the broker takes"));
        }
        let Some(inside) = tables.names.take(channel, name, receiver) else { return Ok(None) };
        let byte = inside.first().copied().filter(|first| name.first() != Some(first));
        if receiver {
            let link = LinkTap::new();
            tables.incoming.insert((channel, handle), Arc::clone(&link));
            tables.unanswered.insert((channel, inside), link);
        }
        Ok(byte.map(|byte| Patch { place, byte }))
    }

    fn flow_came(&self, channel: u16, fields: &mut Performative<'_>) -> Option<()> {
        let handle = fields.after(4)?.number()?;
        let link = self.get(channel, handle)?;
        // Left out before the peer has seen the broker's attach: the count is then zero.
        let delivery_count = fields.next()?.number().unwrap_or(0);
        let credit = fields.number()?;
        let drain = fields.after(1)? == Field::Truth(true);
        link.flow(delivery_count, credit, drain);
        Some(())
    }

    fn detach_came(&self, channel: u16, fields: &mut Performative<'_>) -> Option<()> {
        let handle = fields.number()?;
        self.tables.lock().incoming.remove(&(channel, handle));
        Some(())
    }

    fn end_came(&self, channel: u16) {
        let mut tables = self.tables.lock();
        tables.incoming.retain(|(of, _), _| *of != channel);
        tables.unanswered.retain(|(of, _), _| *of != channel);
        tables.names.end(channel);
    }

    fn begin_went(&self, channel: u16, fields: &mut Performative<'_>) -> Option<()> {
        let peers = u16::try_from(fields.number()?).ok()?;
        let mut tables = self.tables.lock();
        tables.channels.insert(channel, peers);
        tables.attached.retain(|(of, _), _| *of != channel);
        Some(())
    }

    fn attach_went(&self, frame: &Frame<'_>, fields: &mut Performative<'_>) -> Option<Patch> {
        let Attach { name, place, handle, receiver } = attach(frame, fields)?;
        let mut tables = self.tables.lock();
        let peers = *tables.channels.get(&frame.channel)?;
        let end = if receiver {
            End::Receives { name: name.to_vec(), has_given: false }
        } else {
            let link = tables.unanswered.remove(&(peers, name.to_vec()));
            End::Sends { name: name.to_vec(), link }
        };
        tables.attached.insert((frame.channel, handle), end);
        let byte = tables.names.first(peers, name)?;
        (name.first() != Some(&byte)).then_some(Patch { place, byte })
    }

    fn detach_went(&self, channel: u16, fields: &mut Performative<'_>) -> Option<()> {
        let handle = fields.number()?;
        let mut tables = self.tables.lock();
        let end = tables.attached.remove(&(channel, handle))?;
        let (End::Sends { name, .. } | End::Receives { name, .. }) = end;
        let peers = *tables.channels.get(&channel)?;
        tables.names.give_back(peers, &name);
        Some(())
    }

    /// Whether a flow may go. The first credit of a link on which the broker receives may not: the
    /// acceptor gives it by itself, before anybody could say how much there is room for. And none
    /// may go for a link that is detached: a peer ends the session over it.
    fn flow_goes(&self, channel: u16, fields: &mut Performative<'_>) -> Option<bool> {
        let handle = fields.after(4)?.number()?;
        Some(match self.tables.lock().attached.get_mut(&(channel, handle)) {
            None => false,
            Some(End::Sends { .. }) => true,
            Some(End::Receives { has_given, .. }) => std::mem::replace(has_given, true),
        })
    }

    /// Whether a transfer may go: not on a link that is detached, for which the engine has some in
    /// its buffers still.
    fn transfer_goes(&self, channel: u16, fields: &mut Performative<'_>) -> Option<bool> {
        let handle = fields.number()?;
        let more = fields.after(4)? == Field::Truth(true);
        let tables = self.tables.lock();
        let Some(end) = tables.attached.get(&(channel, handle)) else { return Some(false) };
        if let (End::Sends { link: Some(link), .. }, false) = (end, more) {
            link.left();
        }
        Some(true)
    }
}

/// What is looked at of an attach.
struct Attach<'a> {
    name: &'a [u8],
    /// Where the name begins in the body.
    place: usize,
    handle: u32,
    /// Whether it comes from the receiving end.
    receiver: bool,
}

fn attach<'a>(frame: &Frame<'_>, fields: &mut Performative<'a>) -> Option<Attach<'a>> {
    let Field::Bytes(name) = fields.next()? else { return None };
    let place = frame.body.len().checked_sub(fields.unread() + name.len())?;
    let handle = fields.number()?;
    let Field::Truth(receiver) = fields.next()? else { return None };
    Some(Attach { name, place, handle, receiver })
}

fn disposition_came(fields: &mut Performative<'_>) -> Result<(), Outrageous> {
    let Some(first) = fields.after(1).and_then(Field::number) else { return Ok(()) };
    let last = fields.number().unwrap_or(first);
    if last.saturating_sub(first) > LONGEST_DISPOSITION {
        return Err(Outrageous("a disposition of more deliveries than there can be"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fe2o3_amqp::types::definitions::Role;
    use fe2o3_amqp::types::performatives::Disposition;

    #[test]
    fn credit_counts_from_the_delivery_count_of_the_peer() {
        let link = LinkTap::new();
        assert_eq!(link.credit(), 0);
        link.flow(0, 2, false);
        link.hand_over();
        assert_eq!(link.credit(), 1);
        // The peer has not seen the delivery yet.
        link.flow(0, 3, false);
        assert_eq!(link.credit(), 2);
        link.flow(1, 0, false);
        assert_eq!(link.credit(), 0);
    }

    #[test]
    fn a_drain_takes_the_credit() {
        let link = LinkTap::new();
        link.flow(0, 10, true);
        assert_eq!(link.credit(), 0);
        link.flow(10, 1, false);
        assert_eq!(link.credit(), 1);
    }

    #[test]
    fn credit_goes_on_where_the_counts_wrap() {
        let link = LinkTap::new();
        link.state.lock().count = u32::MAX;
        link.flow(u32::MAX, 2, false);
        assert_eq!(link.credit(), 2);
        link.hand_over();
        link.hand_over();
        assert_eq!(link.credit(), 0);
    }

    #[test]
    fn a_disposition_of_everything_is_outrageous() {
        let outcome = |last| {
            let disposition = Disposition {
                role: Role::Receiver,
                first: 0,
                last,
                settled: true,
                state: None,
                batchable: false,
            };
            let body = serde_amqp::to_vec(&disposition).expect("encoded");
            let size = body.len();
            Links::default().came(&Frame { channel: 0, body: &body, size }, 10)
        };
        assert!(outcome(None).is_ok());
        assert!(outcome(Some(2000)).is_ok());
        assert!(outcome(Some(u32::MAX)).is_err());
    }
}
