//! What drivers share below their protocol: hosts in turn, sockets, TLS. With the feature `net`.
//!
//! No protocol and no option of one driver belongs here: what a driver's option is called is told
//! by the driver, by [`TlsNames`].

mod hosts;
mod kill_switch;
mod tcp;
mod tls;

pub use hosts::Hosts;
pub use kill_switch::{CutOff, KillSwitch};
pub use tcp::{TcpOptions, connect};
pub use tls::{Encrypted, Handshake, Tls, TlsNames, TlsOptions, TlsVersion, describe, is_of_tls};
