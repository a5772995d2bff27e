//! The in-memory bus, through the contract of a driver.

mod notifications;
mod rpc;
mod support;
