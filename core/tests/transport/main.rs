//! Transports through their public face: which bus is opened, and how one is closed.

mod close;
mod echo;
mod open;
