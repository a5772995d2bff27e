//! The program as a whole: what it prints, and how it ends.

mod bench;
mod broker;
mod check;
mod config;
mod demo;
mod drivers;
mod errors;
mod help;
mod notify;
mod run;
mod secrets;
#[cfg(unix)]
mod signals;
