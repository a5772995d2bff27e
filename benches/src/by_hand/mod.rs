//! The references: the same exchange on the client library below a driver, as one would write it by
//! hand for this one service, with the same addresses, properties, bodies and guarantees.
//!
//! As fast as we can write it. What it leaves out is what a library is for: connections that are
//! lost, options, other services.

pub mod fe2o3;
pub mod lapin;
mod notification;
