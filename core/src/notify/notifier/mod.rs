mod builder;
mod methods;
mod prepared;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

pub use builder::NotifierBuilder;
pub use prepared::PreparedNotifier;

use super::sink::{Attempts, Sink, SinkOptions, TestSink, timed_out};
use super::{Notification, Priority};
use crate::deadline::after;
use crate::driver::Retry;
use crate::{Context, ContextSerializer, Error, ErrorKind, Limits, Payload, Result, Transport};
use methods::methods_per_priority;

/// How long a notification may take unless it is said otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Tells whoever listens what happened: oslo.messaging's `Notifier`. Cheap to clone and share.
///
/// Each notification goes to every sink at once: those of the builder, or of the option `driver`
/// of `[oslo_messaging_notifications]`, or else `messagingv2`. See [`sink`](super::sink) for what
/// there is.
///
/// # Differences from oslo.messaging
/// - A sink's failure is an error here; there it is logged and the caller never knows.
/// - Without a configured sink, there nothing is sent; here it goes to `messagingv2`.
/// - A notification has a deadline, 30 seconds unless said otherwise; there `retry = -1` waits for
///   ever.
///
/// ```no_run
/// use busway_core::Transport;
/// use busway_core::notify::Notifier;
/// use serde_json::json;
///
/// # async fn example(transport: Transport) -> busway_core::Result<()> {
/// let notifier = Notifier::new(&transport, "shop.host-1")?;
/// notifier.info("order.created", json!({ "id": 7 })).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Notifier {
    shared: Arc<Shared>,
    settings: Settings,
}

#[derive(Debug)]
struct Shared {
    sinks: Vec<(String, Arc<dyn Sink>)>,
    test_sink: TestSink,
    serializer: Option<Arc<dyn ContextSerializer>>,
    limits: Limits,
}

/// What a single notification may say otherwise.
#[derive(Clone, Debug)]
struct Settings {
    publisher_id: Arc<str>,
    context: Context,
    retry: Option<Retry>,
    timeout: Duration,
}

impl Notifier {
    /// A notifier with this publisher id (`service.host`, by custom) and what the transport's
    /// configuration says.
    ///
    /// # Errors
    /// As [`NotifierBuilder::build`].
    pub fn new(transport: &Transport, publisher_id: impl Into<Arc<str>>) -> Result<Self> {
        Self::builder(transport).publisher_id(publisher_id).build()
    }

    /// What can be said before a notifier is made.
    pub fn builder(transport: &Transport) -> NotifierBuilder {
        NotifierBuilder::new(transport.clone())
    }

    /// A notification with settings of its own: a context, another publisher id. Cheap.
    pub fn prepare(&self) -> PreparedNotifier {
        PreparedNotifier(self.clone())
    }

    /// The same notifier under another publisher id. Cheap: the sinks are shared.
    #[must_use]
    pub fn with_publisher(&self, publisher_id: impl Into<Arc<str>>) -> Self {
        self.prepare().publisher_id(publisher_id).0
    }

    /// The publisher id of its notifications.
    #[must_use]
    pub fn publisher_id(&self) -> &str {
        &self.settings.publisher_id
    }

    /// The names of the sinks that each notification goes to.
    pub fn sinks(&self) -> impl Iterator<Item = &str> {
        self.shared.sinks.iter().map(|(name, _)| name.as_str())
    }

    /// What the built-in sink `test` remembers: to be read by tests of a service whose
    /// configuration says `driver = test`.
    #[must_use]
    pub fn test_sink(&self) -> &TestSink {
        &self.shared.test_sink
    }

    /// Sends a notification to every sink, and waits until each has it.
    ///
    /// # Errors
    /// - [`ErrorKind::InvalidArgument`] without an event type or a publisher id.
    /// - [`ErrorKind::Serialization`], [`ErrorKind::LimitExceeded`] when the payload or the
    ///   context cannot be sent.
    /// - With one sink, what that one says: [`ErrorKind::Timeout`] when the bus did not store the
    ///   notification within the deadline, [`ErrorKind::Connection`] and so on.
    /// - With several, [`ErrorKind::Sink`] when any failed; the others have the notification. The
    ///   source is a [`SinkFailures`](super::SinkFailures) with the error of each.
    pub fn notify<P: Serialize>(
        &self,
        priority: Priority,
        event_type: &str,
        payload: P,
    ) -> impl Future<Output = Result<()>> + Send + use<'_, P> {
        // The payload is written before the first await: it need not be `Send`.
        let notification = self.notification(priority, event_type, payload);
        async move {
            let sent = match notification {
                Ok(notification) => self.send(&notification).await,
                Err(error) => Err(error),
            };
            sent.map_err(|error| error.attempted("notify"))
        }
    }

    methods_per_priority!();

    fn notification<P: Serialize>(
        &self,
        priority: Priority,
        event_type: &str,
        payload: P,
    ) -> Result<Notification> {
        let Settings { publisher_id, context, .. } = &self.settings;
        for (what, value) in [("an event type", event_type), ("a publisher id", publisher_id)] {
            if value.is_empty() {
                let message = format!("a notification needs {what}");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        }
        let payload = Payload::of(&payload)?;
        self.shared.limits.check(payload.as_json().as_bytes())?;
        let context = match &self.shared.serializer {
            None => context.clone(),
            Some(serializer) => serializer.serialize(context)?.into(),
        };
        let notification = Notification::new(&**publisher_id, event_type, priority, payload);
        Ok(notification.with_context(context))
    }

    async fn send(&self, notification: &Notification) -> Result<()> {
        let Settings { timeout, retry, .. } = self.settings;
        let options = SinkOptions { deadline: after(timeout), retry };
        let sent = match &*self.shared.sinks {
            [(_, sink)] => send_to(sink.as_ref(), notification, &options).await,
            sinks => {
                let sends =
                    sinks.iter().map(|(_, it)| send_to(it.as_ref(), notification, &options));
                let mut attempts = Attempts::new("sinks");
                for ((name, _), result) in sinks.iter().zip(join_all(sends).await) {
                    attempts.add(name, result);
                }
                attempts.into_result()
            }
        };
        sent.map_err(|error| error.with("event_type", &notification.event_type))
    }
}

/// Sends by one sink, within the deadline.
async fn send_to(
    sink: &dyn Sink,
    notification: &Notification,
    options: &SinkOptions,
) -> Result<()> {
    let sending = sink.send(notification, options);
    if sink.keeps_deadline() { sending.await } else { timed_out(options.deadline, sending).await }
}
