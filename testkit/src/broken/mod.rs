//! A driver that sins, to see that the suite catches it: a suite that has never failed proves
//! nothing.

mod bend;
mod delivery;
mod driver;
mod family;
mod guard;
mod listener;
mod sends;
mod sin;

pub use family::Family;
pub use sin::Sin;
