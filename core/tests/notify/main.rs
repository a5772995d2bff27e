//! Notifiers and notification listeners, on a bus that the test holds in its hand.

mod listener;
mod notifier;
mod support;
mod traced;
