//! Bodies as bytes: JSON and msgpack, and the limits of what is read.

mod format;
mod limits;

pub use format::Format;
pub use limits::Limits;
