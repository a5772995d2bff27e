use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tracing::{Instrument, Span};

use super::{
    BatchEndpoint, Handled, IncomingNotification, NotificationEndpoint, NotificationFilter,
};
use crate::driver::{Delivery, Incoming};
use crate::metrics::measure;
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

/// One that reaches no endpoint, and why.
struct Unread {
    delivery: Box<dyn Delivery>,
    failure: RemoteError,
}

/// What is handled at a time.
pub(super) enum Piece {
    One(Incoming<Notification>),
    Several(Vec<Incoming<Notification>>),
}

impl Handle<Notification> for Dispatcher {
    fn divide(&self, taken: Vec<Incoming<Notification>>) -> Vec<Piece> {
        if self.batches && taken.len() > 1 {
            return vec![Piece::Several(taken)];
        }
        taken.into_iter().map(Piece::One).collect()
    }
}

impl Work for Dispatcher {
    type Piece = Piece;

    /// Hands over, then settles. What is dropped before that goes back to the bus.
    async fn work(&self, piece: Piece) {
        match piece {
            Piece::One(one) => {
                let span = trace::process_span(self.system, &self.topics, &one.body);
                // Pinned here, so that it is not moved from place to place.
                let running = pin!(self.handle_one(one));
                self.observed(span, running).await;
            }
            Piece::Several(taken) => {
                let span = trace::batch_span(self.system, &self.topics, taken.len());
                // Boxed, so that the tasks of those who take no batches stay small.
                self.observed(span, Box::pin(self.handle_several(taken))).await;
            }
        }
    }
}

impl Dispatcher {
    /// Runs in a span, and is counted; without anybody who traces, without a span.
    async fn observed(&self, span: Span, running: impl Future<Output = Result<(), RemoteError>>) {
        // The log has what is wrong with it.
        let _ = if span.is_disabled() {
            measure("process", self.system, running).await
        } else {
            measure("process", self.system, running.instrument(span)).await
        };
    }

    /// Hands one over to the endpoints that want it, until one gives it back.
    async fn handle_one(&self, incoming: Incoming<Notification>) -> Result<(), RemoteError> {
        let (notification, delivery) = match self.read(incoming) {
            Ok(read) => read,
            Err(Unread { delivery, failure }) => {
                settle((delivery, self.allow_requeue)).await;
                return Err(failure);
            }
        };
        let (mut back, mut failure) = (false, None);
        for endpoint in self.endpoints.iter().filter(|it| it.wants(&notification)) {
            let running = async {
                match endpoint {
                    AnyEndpoint::Single(single) => single.handle(&notification).await,
                    AnyEndpoint::Batch(several) => several.handle(from_ref(&notification)).await,
                }
            };
            let (goes_back, failed) = self.run(running).await;
            failure = failure.or(failed);
            if goes_back {
                back = true;
                break;
            }
        }
        settle((delivery, back)).await;
        failure.map_or(Ok(()), Err)
    }

    async fn handle_several(&self, taken: Vec<Incoming<Notification>>) -> Result<(), RemoteError> {
        let mut batch = Batch { notifications: vec![], given_back: vec![], failure: None };
        let mut deliveries = Vec::with_capacity(taken.len());
        for incoming in taken {
            match self.read(incoming) {
                Ok((notification, delivery)) => {
                    batch.notifications.push(notification);
                    batch.given_back.push(false);
                    deliveries.push(delivery);
                }
                Err(Unread { delivery, failure }) => {
                    batch.failure.get_or_insert(failure);
                    settle((delivery, self.allow_requeue)).await;
                }
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

    /// What the endpoints get. One whose context cannot be read reaches none of them, and is
    /// settled as one that an endpoint failed on.
    fn read(
        &self,
        incoming: Incoming<Notification>,
    ) -> Result<(IncomingNotification, Box<dyn Delivery>), Unread> {
        let Incoming { mut body, redelivered, delivery, .. } = incoming;
        if let Some(serializer) = &self.serializer {
            match serializer.deserialize(body.context.into_values()) {
                Ok(context) => body.context = context,
                Err(error) => {
                    let failure = self.failed(&error.into());
                    return Err(Unread { delivery, failure });
                }
            }
        }
        Ok((IncomingNotification::new(body).with_redelivered(redelivered), delivery))
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
    if !back && let Some(done) = delivery.try_acknowledge() {
        return settled(done);
    }
    let settling =
        async { if back { delivery.requeue().await } else { delivery.acknowledge().await } };
    if let Ok(done) = tokio::time::timeout(SETTLE_TIMEOUT, settling).await {
        settled(done);
    } else {
        tracing::warn!("a notification was not settled in time");
    }
}

fn settled(done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "a notification was not settled");
    }
}
