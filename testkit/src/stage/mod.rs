//! What cases are made of: services of closures, gates that hold handlers, journals of what ran,
//! futures that are cut at an await. Nothing here sleeps to wait for something.

mod cut;
mod gate;
mod journal;
mod open;
mod patience;
mod service;

pub use cut::{Cut, polled};
pub use gate::Gate;
pub use journal::Journal;
pub use open::{caster, client, open, open_with, serve};
pub use patience::{PATIENCE, soon, until};
pub use service::Service;
