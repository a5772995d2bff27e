use std::fmt;

use async_trait::async_trait;

use super::{Handled, IncomingNotification, NotificationEndpoint, NotificationFilter};
use crate::notify::Priority;
use crate::rpc::Failure;

/// An endpoint made of a closure: see [`endpoint_fn`].
#[derive(Clone)]
pub struct FnEndpoint<F> {
    priorities: Vec<Priority>,
    filter: Option<NotificationFilter>,
    function: F,
}

/// Makes an endpoint for a priority, or for several, of an async closure.
///
/// ```
/// use busway_core::notify::{Handled, NotificationFilter, Priority, endpoint_fn};
///
/// let endpoint = endpoint_fn([Priority::Warn, Priority::Error], |notification| async move {
///     let detail: String = notification.payload.to()?;
///     println!("{}: {detail}", notification.event_type);
///     Ok(Handled::Done)
/// });
/// let endpoint = endpoint.with_filter(NotificationFilter::new().event_type(r"compute\.")?);
/// # Ok::<(), busway_core::Error>(())
/// ```
pub fn endpoint_fn<F, Fut>(priorities: impl AsRef<[Priority]>, function: F) -> FnEndpoint<F>
where
    F: Fn(IncomingNotification) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Handled, Failure>> + Send + 'static,
{
    FnEndpoint { priorities: priorities.as_ref().to_vec(), filter: None, function }
}

impl<F> FnEndpoint<F> {
    /// Limits it to the notifications that a filter lets through.
    #[must_use]
    pub fn with_filter(mut self, filter: NotificationFilter) -> Self {
        self.filter = Some(filter);
        self
    }
}

impl<F> fmt::Debug for FnEndpoint<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnEndpoint")
            .field("priorities", &self.priorities)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<F, Fut> NotificationEndpoint for FnEndpoint<F>
where
    F: Fn(IncomingNotification) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Handled, Failure>> + Send + 'static,
{
    fn priorities(&self) -> &[Priority] {
        &self.priorities
    }

    fn filter(&self) -> Option<&NotificationFilter> {
        self.filter.as_ref()
    }

    async fn handle(&self, notification: &IncomingNotification) -> Result<Handled, Failure> {
        (self.function)(notification.clone()).await
    }
}
