use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tracing::Instrument;

use super::{
    BatchEndpoint, Handled, IncomingNotification, NotificationEndpoint, NotificationFilter,
};
use crate::driver::{Delivery, Incoming};
use crate::notify::{Notification, Priority, trace};
use crate::rpc::Failure;
use crate::serving::{Handle, Work};
use crate::{ContextSerializer, RemoteError, Result};

/// How long the bus may take to be told what became of a notification.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Hands notifications to endpoints, by the rules of oslo.messaging's `NotificationDispatcher`,
/// and settles them.
pub(super) struct Dispatcher {
    pub(super) endpoints: Vec<AnyEndpoint>,
    pub(super) allow_requeue: bool,
    pub(super) batches: bool,
    pub(super) serializer: Option<Arc<dyn ContextSerializer>>,
    pub(super) system: &'static str,
    pub(super) topics: String,
}

pub(super) enum AnyEndpoint {
    Single(Box<dyn NotificationEndpoint>),
    Batch(Box<dyn BatchEndpoint>),
}

impl AnyEndpoint {
    pub(super) fn priorities(&self) -> &[Priority] {
        match self {
            Self::Single(endpoint) => endpoint.priorities(),
            Self::Batch(endpoint) => endpoint.priorities(),
        }
    }

    fn filter(&self) -> Option<&NotificationFilter> {
        match self {
            Self::Single(endpoint) => endpoint.filter(),
            Self::Batch(endpoint) => endpoint.filter(),
        }
    }

    fn wants(&self, notification: &Notification) -> bool {
        self.priorities().contains(&notification.priority)
            && self.filter().is_none_or(|filter| filter.matches(notification))
    }
}

/// What was taken together: each notification, and whether it is to be given back.
struct Batch {
    notifications: Vec<IncomingNotification>,
    given_back: Vec<bool>,
    /// The first failure among the endpoints.
    failure: Option<RemoteError>,
}

impl Handle<Notification> for Dispatcher {
    fn divide(&self, taken: Vec<Incoming<Notification>>) -> Vec<Self::Piece> {
        if self.batches { vec![taken] } else { taken.into_iter().map(|one| vec![one]).collect() }
    }
}

impl Work for Dispatcher {
    type Piece = Vec<Incoming<Notification>>;

    /// Hands over, then settles. What is dropped before that goes back to the bus.
    async fn work(&self, taken: Self::Piece) {
        let span = match &*taken {
            [one] => trace::process_span(self.system, &self.topics, &one.body),
            many => trace::batch_span(self.system, &self.topics, many.len()),
        };
        let running = self.dispatch_and_settle(taken).instrument(span);
        // The log has what is wrong with it.
        let _ = crate::metrics::measure("process", self.system, running).await;
    }
}

impl Dispatcher {
    async fn dispatch_and_settle(
        &self,
        taken: Vec<Incoming<Notification>>,
    ) -> Result<(), RemoteError> {
        let mut batch = Batch { notifications: vec![], given_back: vec![], failure: None };
        let mut deliveries = Vec::with_capacity(taken.len());
        for incoming in taken {
            if let Some(delivery) = self.read(incoming, &mut batch).await {
                deliveries.push(delivery);
            }
        }
        for endpoint in &self.endpoints {
            match endpoint {
                AnyEndpoint::Single(single) => {
                    for at in batch.wanted_by(endpoint) {
                        let notification = batch.notifications[at].clone();
                        let running = async { single.handle(&notification).await };
                        batch.note(&[at], self.run(running).await);
                    }
                }
                AnyEndpoint::Batch(several) => {
                    let wanted = batch.wanted_by(endpoint);
                    if wanted.is_empty() {
                        continue;
                    }
                    let given: Vec<_> =
                        wanted.iter().map(|at| batch.notifications[*at].clone()).collect();
                    let running = async { several.handle(&given).await };
                    batch.note(&wanted, self.run(running).await);
                }
            }
        }
        join_all(deliveries.into_iter().zip(batch.given_back).map(settle)).await;
        batch.failure.map_or(Ok(()), Err)
    }

    /// Adds a notification to the batch. One whose context cannot be read reaches no endpoint,
    /// and is settled as one that an endpoint failed on.
    async fn read(
        &self,
        incoming: Incoming<Notification>,
        batch: &mut Batch,
    ) -> Option<Box<dyn Delivery>> {
        let Incoming { mut body, redelivered, delivery, .. } = incoming;
        if let Some(serializer) = &self.serializer {
            match serializer.deserialize(body.context.into_values()) {
                Ok(context) => body.context = context,
                Err(error) => {
                    let failure = self.failed(&error.into());
                    batch.failure.get_or_insert(failure);
                    settle((delivery, self.allow_requeue)).await;
                    return None;
                }
            }
        }
        batch.notifications.push(IncomingNotification::new(body).with_redelivered(redelivered));
        batch.given_back.push(false);
        Some(delivery)
    }

    /// Runs an endpoint: whether what it was given goes back, and why it failed.
    async fn run(
        &self,
        running: impl Future<Output = Result<Handled, Failure>>,
    ) -> (bool, Option<RemoteError>) {
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(Handled::Done)) => (false, None),
            Ok(Ok(Handled::Requeue)) if self.allow_requeue => (true, None),
            Ok(Ok(Handled::Requeue)) => {
                let message = "an endpoint requeues, which the listener was not told to allow: \
                               the notification counts as handled";
                tracing::error!("{message}");
                let failure = RemoteError::new("RequeueNotAllowed", "busway.notify", message);
                (false, Some(failure))
            }
            Ok(Err(failure)) => (self.allow_requeue, Some(self.failed(&failure))),
            Err(panic) => {
                let failure = Failure::from_panic(panic.as_ref());
                (self.allow_requeue, Some(self.failed(&failure)))
            }
        }
    }

    /// Logs a failure as loudly as it deserves.
    fn failed(&self, failure: &Failure) -> RemoteError {
        let remote = failure.as_remote();
        let next = if self.allow_requeue { "is given back" } else { "counts as handled" };
        tracing::Span::current().record("error.type", remote.class.as_str());
        if failure.is_expected() {
            tracing::debug!(failure = %remote, "expected: the notification {next}");
        } else {
            tracing::error!(failure = %remote, "an endpoint failed: the notification {next}");
        }
        remote.clone()
    }
}

impl Batch {
    /// Those that are not to be given back already and that an endpoint wants.
    fn wanted_by(&self, endpoint: &AnyEndpoint) -> Vec<usize> {
        let all = 0..self.notifications.len();
        all.filter(|at| !self.given_back[*at] && endpoint.wants(&self.notifications[*at])).collect()
    }

    fn note(&mut self, handled: &[usize], (back, failure): (bool, Option<RemoteError>)) {
        for at in handled {
            self.given_back[*at] |= back;
        }
        self.failure = self.failure.take().or(failure);
    }
}

/// Acknowledges, or gives back.
async fn settle((mut delivery, back): (Box<dyn Delivery>, bool)) {
    let settling = async {
        if back {
            return delivery.requeue().await;
        }
        match delivery.try_acknowledge() {
            Some(done) => done,
            None => delivery.acknowledge().await,
        }
    };
    match tokio::time::timeout(SETTLE_TIMEOUT, settling).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a notification was not settled"),
        Err(_) => tracing::warn!("a notification was not settled in time"),
    }
}
