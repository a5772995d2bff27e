//! The connection to the peer, its links, and what waits for them: all on one thread of its own.

mod bus;
mod epoch;
mod outbox;
mod receiver;
mod replies;
mod seldom;
mod sender;
mod session;
mod sessions;
mod settles;
mod subscription;
mod supervisor;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use bus::{Bus, OpenWay};
pub(crate) use outbox::Verdict;
pub(crate) use replies::{Answer, Waiting};
pub(crate) use sessions::Wear;
pub(crate) use settles::Settle;
pub(crate) use subscription::{Hold, Message, Subscription};
pub(crate) use supervisor::Opening;
pub(crate) use words::closed;
