//! What is learned from the frames of the peer.

use fe2o3_amqp::types::performatives::{Attach, Close, Detach, Flow, Open};
use serde::de::DeserializeOwned;

use super::frames::Frame;
use super::peer::Peer;
use super::performative::{ATTACH, CLOSE, DETACH, END, FLOW, OPEN, TRANSFER, code};
use super::shared::Shared;
use super::transfer::Transfer;

/// The most links that the peer may have attached: it attaches none by itself that we keep.
const MOST_LINKS: usize = 64 * 1024;

/// Too many links for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

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
                    return Err(TooMany);
                }
            }
        }
        FLOW => {
            if let Some(flow) = read::<Flow>(frame) {
                shared.links.lock().flow(frame.channel, &flow);
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
