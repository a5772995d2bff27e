//! Notifications: what a service tells whoever listens.
//!
//! A [`Notifier`] gives each [`Notification`] to its [sinks](sink); a [`NotificationListener`]
//! takes those that came over a bus and hands them to its endpoints.

pub mod listener;
mod notification;
mod notifier;
mod priority;
mod routing;
pub mod sink;
mod trace;

pub use listener::{
    BatchEndpoint, FnEndpoint, Handled, IncomingNotification, NotificationEndpoint,
    NotificationFilter, NotificationListener, NotificationListenerBuilder, endpoint_fn,
};
pub use notification::Notification;
pub use notifier::{Notifier, NotifierBuilder, PreparedNotifier};
pub use priority::Priority;
pub use sink::{Sink, SinkFailures, SinkOptions, TestSink};
