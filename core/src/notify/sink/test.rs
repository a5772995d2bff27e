use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Sink, SinkOptions};
use crate::Result;
use crate::notify::Notification;

/// Remembers what was notified, for tests to read: the sink `test`. Clones share their memory.
///
/// It keeps the last [`TestSink::CAPACITY`] notifications.
///
/// ```
/// use busway_core::notify::{Notifier, TestSink};
/// # use busway_core::{Result, Transport};
///
/// # async fn example(transport: Transport) -> Result<()> {
/// let sink = TestSink::new();
/// let notifier = Notifier::builder(&transport)
///     .publisher_id("shop.host-1")
///     .register("test", sink.clone())
///     .sinks(["test"])
///     .build()?;
/// notifier.info("order.created", 7).await?;
/// assert_eq!(sink.take()[0].event_type, "order.created");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestSink(Arc<Mutex<VecDeque<Notification>>>);

impl TestSink {
    /// How many notifications it keeps; the oldest go first.
    pub const CAPACITY: usize = 10_000;

    /// A sink without memories.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was notified, in that order.
    #[must_use]
    pub fn notifications(&self) -> Vec<Notification> {
        self.0.lock().iter().cloned().collect()
    }

    /// What was notified since the last time, in that order.
    #[must_use]
    pub fn take(&self) -> Vec<Notification> {
        self.0.lock().drain(..).collect()
    }
}

#[async_trait]
impl Sink for TestSink {
    async fn send(&self, notification: &Notification, _: &SinkOptions) -> Result<()> {
        let mut notifications = self.0.lock();
        if notifications.len() == Self::CAPACITY {
            notifications.pop_front();
        }
        notifications.push_back(notification.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;
    use crate::driver::Retry;
    use crate::notify::Priority;

    #[tokio::test]
    async fn its_memory_is_bounded() {
        let sink = TestSink::new();
        let options = SinkOptions::new(tokio::time::Instant::now(), Retry::NEVER);
        for number in 0..=TestSink::CAPACITY {
            let made = Notification::new("p", number.to_string(), Priority::Info, Payload::null());
            sink.send(&made, &options).await.expect("remembered");
        }
        let remembered = sink.take();
        assert_eq!(remembered.len(), TestSink::CAPACITY);
        assert_eq!(remembered[0].event_type, "1");
    }
}
