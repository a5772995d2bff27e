//! Notifications: what a service tells whoever listens.

mod notification;
mod priority;

pub use notification::Notification;
pub use priority::Priority;
