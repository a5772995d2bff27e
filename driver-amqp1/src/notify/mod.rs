//! Notifications.

mod listener;
mod send;

pub(crate) use listener::listen;
pub(crate) use send::notify;
