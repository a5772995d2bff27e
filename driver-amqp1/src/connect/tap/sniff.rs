//! What is learned from the frames of the peer.

use fe2o3_amqp::types::performatives::{Attach, Close, Detach, Flow, Open};
use serde::de::DeserializeOwned;

use super::frames::Frame;
use super::peer::Peer;
use super::performative::{ATTACH, CLOSE, DETACH, DISPOSITION, END, FLOW, OPEN, TRANSFER, code};
use super::shared::Shared;
use super::transfer::{Transfer, deliveries};

/// The most links that the peer may have attached: it attaches none by itself that we keep.
const MOST_LINKS: usize = 64 * 1024;

/// The most deliveries that the peer may tell the outcome of at once. The engine looks for each
/// number there is between the first and the last, of which there could be 2^32.
const MOST_DELIVERIES: u32 = 1 << 20;

/// Too much for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooMany {
    Links,
    Deliveries,
}

/// Looks at a frame of the peer; gives what its Open says, if it is one.
///
/// What cannot be read is left to the engine, which ends the connection over it.
pub(super) fn look(frame: &Frame<'_>, shared: &Shared) -> Result<Option<Peer>, TooMany> {
    let Some(code) = code(frame.body) else { return Ok(None) };
    match code {
        TRANSFER => {
            if let Some(transfer) = Transfer::read(frame.body) {
                shared.links.lock().transfer(frame.channel, &transfer);
            }
        }
        OPEN => return Ok(read::<Open>(frame).map(|open| shared.opened(open))),
        ATTACH => {
            if let Some(attach) = read::<Attach>(frame) {
                let mut links = shared.links.lock();
                links.attach(frame.channel, attach);
                if links.count() > MOST_LINKS {
                    return Err(TooMany::Links);
                }
            }
        }
        FLOW => {
            if let Some(flow) = read::<Flow>(frame) {
                shared.links.lock().flow(frame.channel, &flow);
            }
        }
        DISPOSITION => {
            let range = deliveries(frame.body);
            if range.is_some_and(|(first, last)| last.saturating_sub(first) > MOST_DELIVERIES) {
                return Err(TooMany::Deliveries);
            }
        }
        DETACH => {
            if let Some(detach) = read::<Detach>(frame) {
                shared.links.lock().detach(frame.channel, detach.handle.0);
            }
        }
        END => shared.links.lock().end(frame.channel),
        CLOSE => shared.closes(read::<Close>(frame).unwrap_or(Close { error: None })),
        _ => {}
    }
    Ok(None)
}

fn read<T: DeserializeOwned>(frame: &Frame<'_>) -> Option<T> {
    serde_amqp::from_reader(frame.body).ok()
}
