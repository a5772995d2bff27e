use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Notifier;
use super::methods::methods_per_priority;
use crate::driver::Retry;
use crate::notify::Priority;
use crate::{Context, Result};

/// A notification with settings of its own, from [`Notifier::prepare`].
///
/// ```no_run
/// use busway_core::Context;
/// use busway_core::notify::Notifier;
///
/// # async fn example(notifier: Notifier) -> busway_core::Result<()> {
/// let context = Context::new().with("user_id", "u1");
/// notifier.prepare().context(context).info("order.created", 7).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a prepared notifier sends nothing by itself"]
pub struct PreparedNotifier(pub(super) Notifier);

impl PreparedNotifier {
    /// What travels beside the notification.
    pub fn context(mut self, context: Context) -> Self {
        self.0.settings.context = context;
        self
    }

    /// Who tells.
    pub fn publisher_id(mut self, publisher_id: impl Into<Arc<str>>) -> Self {
        self.0.settings.publisher_id = publisher_id.into();
        self
    }

    /// How often a failed send is tried again, within the deadline.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.settings.retry = Some(retry);
        self
    }

    /// How long it may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.settings.timeout = timeout;
        self
    }

    /// Sends a notification to every sink, and waits until each has it.
    ///
    /// # Errors
    /// As [`Notifier::notify`].
    pub fn notify<P: Serialize>(
        &self,
        priority: Priority,
        event_type: &str,
        payload: P,
    ) -> impl Future<Output = Result<()>> + Send + use<'_, P> {
        self.0.notify(priority, event_type, payload)
    }

    methods_per_priority!();
}
