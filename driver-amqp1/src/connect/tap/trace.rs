//! The log of frames, without the bodies of messages.

use std::fmt;

use fe2o3_amqp::types::performatives::{
    Attach, Begin, Close, Detach, Disposition, End, Flow, Open, Transfer,
};
use serde::de::DeserializeOwned;

use super::frames::Frame;
use super::performative::{
    ATTACH, BEGIN, CLOSE, DETACH, DISPOSITION, END, FLOW, OPEN, TRANSFER, code,
};

/// The way of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    FromPeer,
    ToPeer,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FromPeer => "from the peer",
            Self::ToPeer => "to the peer",
        })
    }
}

/// Logs a frame.
pub(super) fn frame(way: Way, frame: &Frame<'_>) {
    if !tracing::enabled!(target: "busway_driver_amqp1::frames", tracing::Level::TRACE) {
        return;
    }
    let fields = match code(frame.body) {
        Some(OPEN) => shown::<Open>(frame),
        Some(BEGIN) => shown::<Begin>(frame),
        Some(ATTACH) => shown::<Attach>(frame),
        Some(FLOW) => shown::<Flow>(frame),
        // The message that follows it is left unread.
        Some(TRANSFER) => shown::<Transfer>(frame),
        Some(DISPOSITION) => shown::<Disposition>(frame),
        Some(DETACH) => shown::<Detach>(frame),
        Some(END) => shown::<End>(frame),
        Some(CLOSE) => shown::<Close>(frame),
        _ => None,
    };
    tracing::trace!(
        target: "busway_driver_amqp1::frames",
        %way,
        channel = frame.channel,
        size = frame.size,
        "{}",
        fields.as_deref().unwrap_or("a frame that is not known"),
    );
}

fn shown<T: DeserializeOwned + fmt::Debug>(frame: &Frame<'_>) -> Option<String> {
    serde_amqp::from_reader::<T>(frame.body).ok().map(|fields| format!("{fields:?}"))
}
