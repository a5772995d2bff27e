//! The in-memory bus, through the contract of a driver.

mod faults;
mod flow;
mod life;
mod notifications;
mod rpc;
mod support;
