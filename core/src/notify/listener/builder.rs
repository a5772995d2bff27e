use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::dispatcher::{AnyEndpoint, Dispatcher};
use super::{BatchEndpoint, NotificationEndpoint, NotificationListener};
use crate::driver::NotificationSubscription;
use crate::notify::Priority;
use crate::serving::{Batching, Plan, Serving};
use crate::{ContextSerializer, Error, ErrorKind, Result, Target, Transport};

/// What is to be said before a listener starts.
#[must_use = "a builder does nothing until it starts a listener"]
pub struct NotificationListenerBuilder {
    transport: Transport,
    targets: Vec<Target>,
    endpoints: Vec<AnyEndpoint>,
    pool: Option<String>,
    allow_requeue: bool,
    batching: Option<Batching>,
    concurrency: Option<usize>,
    serializer: Option<Arc<dyn ContextSerializer>>,
}

impl NotificationListenerBuilder {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            targets: Vec::new(),
            endpoints: Vec::new(),
            pool: None,
            allow_requeue: false,
            batching: None,
            concurrency: None,
            serializer: None,
        }
    }

    /// Adds a topic to listen to. Without any, those of the option `topics` of
    /// `[oslo_messaging_notifications]` are listened to, which notifiers send to, too.
    pub fn topic(self, topic: impl Into<Arc<str>>) -> Self {
        self.target(Target::new(topic))
    }

    /// Adds a topic of an exchange to listen to; what else the target has is of no meaning here.
    pub fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// Adds an endpoint. At least one is needed.
    pub fn endpoint(mut self, endpoint: impl NotificationEndpoint) -> Self {
        self.endpoints.push(AnyEndpoint::Single(Box::new(endpoint)));
        self
    }

    /// Adds an endpoint that handles batches.
    pub fn batch_endpoint(mut self, endpoint: impl BatchEndpoint) -> Self {
        self.endpoints.push(AnyEndpoint::Batch(Box::new(endpoint)));
        self
    }

    /// Joins a pool: its members share a copy of every notification, whatever other pools and
    /// listeners without a pool get.
    pub fn pool(mut self, pool: impl Into<String>) -> Self {
        self.pool = Some(pool.into());
        self
    }

    /// Whether endpoints may give notifications back; not, by default.
    pub fn allow_requeue(mut self, allow: bool) -> Self {
        self.allow_requeue = allow;
        self
    }

    /// Takes notifications in batches: up to so many, waiting so long for more after the first.
    pub fn batch(mut self, size: usize, wait: Duration) -> Self {
        self.batching = Some(Batching { size, wait });
        self
    }

    /// How many notifications (or batches) are handled at a time; `executor_thread_pool_size`
    /// otherwise. With 1, they are handled in the order in which they came.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// How what travelled becomes a context.
    pub fn context_serializer(mut self, serializer: Arc<dyn ContextSerializer>) -> Self {
        self.serializer = Some(serializer);
        self
    }

    /// Subscribes to each topic at each priority that some endpoint handles, and starts.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidArgument`] without an endpoint that handles anything, with a batch
    ///   size or a concurrency of zero.
    /// - [`ErrorKind::InvalidTarget`] for a target without a topic.
    /// - [`ErrorKind::Unsupported`] when the driver does not do what is asked for: notifications,
    ///   requeueing, pools.
    /// - What the driver says when the bus cannot be reached.
    pub async fn start(self) -> Result<NotificationListener> {
        self.start_listening().await.map_err(|error| error.attempted("listen"))
    }

    async fn start_listening(self) -> Result<NotificationListener> {
        self.check_capabilities()?;
        let concurrency = self
            .concurrency
            .unwrap_or_else(|| self.transport.config().core().executor_thread_pool_size);
        let size = self.batching.map_or(1, |batching| batching.size);
        for (what, number) in [("concurrency", concurrency), ("batch size", size)] {
            if number == 0 {
                let message = format!("a {what} of 0 handles nothing");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        }
        let targets = self.targets()?;
        let subscription =
            NotificationSubscription { sources: self.sources(&targets)?, pool: self.pool };
        let listener = self.transport.listen_notifications(subscription).await?;
        let topics: Vec<_> = targets.iter().filter_map(Target::topic).collect();
        let dispatcher = Dispatcher {
            endpoints: self.endpoints,
            allow_requeue: self.allow_requeue,
            batches: self.batching.is_some(),
            serializer: self.serializer,
            system: self.transport.system(),
            topics: topics.join(","),
        };
        let plan = Plan { concurrency, batching: self.batching };
        Ok(NotificationListener(Serving::start(listener, Arc::new(dispatcher), plan)))
    }

    fn check_capabilities(&self) -> Result<()> {
        let capabilities = self.transport.capabilities();
        self.transport.require("notifications", capabilities.notifications)?;
        self.transport.require("requeue", !self.allow_requeue || capabilities.requeue)?;
        self.transport.require("pools", self.pool.is_none() || capabilities.pools)
    }

    fn targets(&self) -> Result<Vec<Target>> {
        let topics = &self.transport.config().notifications().topics;
        let targets = if self.targets.is_empty() {
            topics.iter().map(|topic| Target::new(topic.as_str())).collect()
        } else {
            self.targets.clone()
        };
        if targets.is_empty() {
            let message = "a notification listener needs a topic to listen to";
            return Err(Error::new(ErrorKind::InvalidTarget, message));
        }
        for target in &targets {
            if target.topic().is_none_or(str::is_empty) {
                let message = "the target needs a topic to listen to";
                return Err(Error::new(ErrorKind::InvalidTarget, message).with("target", target));
            }
        }
        Ok(targets)
    }

    /// Each target with each priority that some endpoint handles.
    fn sources(&self, targets: &[Target]) -> Result<Vec<(Target, Priority)>> {
        let priorities: BTreeSet<_> =
            self.endpoints.iter().flat_map(AnyEndpoint::priorities).copied().collect();
        if priorities.is_empty() {
            let message = "a notification listener needs an endpoint that handles some priority";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let mut sources = Vec::new();
        for target in targets {
            for priority in &priorities {
                let source = (target.clone(), *priority);
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        Ok(sources)
    }
}

impl fmt::Debug for NotificationListenerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationListenerBuilder")
            .field("targets", &self.targets)
            .field("endpoints", &self.endpoints.len())
            .field("pool", &self.pool)
            .field("allow_requeue", &self.allow_requeue)
            .field("batching", &self.batching)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
