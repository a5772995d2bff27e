//! RPC on RabbitMQ: requests, replies, servers.

mod call;
mod listener;
mod replies;
mod request;
mod server;

pub(crate) use call::{call, cast};
pub(crate) use listener::RequestListener;
pub(crate) use replies::Replies;
pub(crate) use server::listen;
