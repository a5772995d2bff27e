//! The option `ssl_options`: what it may say, and the three ways to write it.

mod options;
mod python;
mod words;

pub use options::SslOptions;
pub use words::{CertReqs, SslVersion};
