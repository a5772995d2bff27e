//! AMQP 1.0 as it is on the wire: its frames, and a peer that does as a test says.

mod frame;
mod links;
mod stage;
mod stranger;

pub use frame::{Frame, Heard, Piece, addresses, bytes_of, pieces};
pub use links::{Link, links, receivers, reply_link, senders};
pub use stage::{found, open, trial};
pub use stranger::{
    Manners, Mouth, Said, Stranger, accepted, begun, by_the_book, closed, flow, mirrored, settled,
    transfer,
};
