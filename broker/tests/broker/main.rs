//! The broker from outside: peers on its socket, most of them fe2o3-amqp's own client.

mod access;
mod bad_peers;
mod bounds;
mod credit;
mod expiry;
mod links;
mod nodes;
mod outcomes;
mod peer;
mod queues;
mod raw;
mod stopping;
mod topics;
mod walks;
