use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{DEFAULT_TIMEOUT, Notifier, Settings, Shared};
use crate::driver::{Envelope, Retry};
use crate::notify::routing::RoutingSink;
use crate::notify::sink::{Known, LogSink, MessagingSink, NoopSink, Sink, TestSink};
use crate::{Context, ContextSerializer, Error, ErrorKind, Result, Target, Transport};

/// The sinks that send over the bus.
const MESSAGING: [(&str, Envelope); 2] =
    [("messaging", Envelope::V1), ("messagingv2", Envelope::V2)];
/// The sink of a notifier for which none is named anywhere.
const DEFAULT_SINK: &str = "messagingv2";
const ROUTING: &str = "routing";

/// What can be said before a notifier is made; what is not said comes from the section
/// `[oslo_messaging_notifications]` of the transport's configuration.
///
/// ```no_run
/// use busway_core::Transport;
/// use busway_core::notify::Notifier;
/// use std::time::Duration;
///
/// # fn example(transport: Transport) -> busway_core::Result<()> {
/// let notifier = Notifier::builder(&transport)
///     .publisher_id("shop.host-1")
///     .topics(["notifications", "audit"])
///     .sinks(["messagingv2", "log"])
///     .timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct NotifierBuilder {
    transport: Transport,
    publisher_id: Arc<str>,
    exchange: Option<Arc<str>>,
    topics: Option<Vec<String>>,
    sinks: Option<Vec<String>>,
    registered: Vec<(String, Arc<dyn Sink>)>,
    routing_config: Option<PathBuf>,
    retry: Option<Retry>,
    timeout: Option<Duration>,
    context: Context,
    serializer: Option<Arc<dyn ContextSerializer>>,
}

impl NotifierBuilder {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            publisher_id: Arc::from(""),
            exchange: None,
            topics: None,
            sinks: None,
            registered: Vec::new(),
            routing_config: None,
            retry: None,
            timeout: None,
            context: Context::new(),
            serializer: None,
        }
    }

    /// Who tells: `service.host`, by custom.
    pub fn publisher_id(mut self, publisher_id: impl Into<Arc<str>>) -> Self {
        self.publisher_id = publisher_id.into();
        self
    }

    /// The exchange of the topics; `control_exchange` of the configuration otherwise.
    pub fn exchange(mut self, exchange: impl Into<Arc<str>>) -> Self {
        self.exchange = Some(exchange.into());
        self
    }

    /// The topics that the sinks `messaging` and `messagingv2` send to, each of them.
    pub fn topics<T: Into<String>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.topics = Some(topics.into_iter().map(Into::into).collect());
        self
    }

    /// The names of the sinks that each notification goes to: see [`sink`](crate::notify::sink).
    /// With none, nothing is sent, as with `noop`.
    pub fn sinks<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.sinks = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Makes a sink of the service's own known under a name, for [`sinks`](Self::sinks), for the
    /// configuration and for the rules of `routing`; in place of the built-in one, if there is.
    pub fn register(mut self, name: impl Into<String>, sink: impl Sink) -> Self {
        self.registered.push((name.into(), Arc::new(sink)));
        self
    }

    /// The YAML file with the rules of the sink `routing`.
    pub fn routing_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.routing_config = Some(path.into());
        self
    }

    /// How often a failed send is tried again, within the deadline.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// How long a notification may take; otherwise what the driver's options say, or 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What travels beside each notification, unless it is prepared otherwise.
    pub fn context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// How a context becomes what travels.
    pub fn context_serializer(mut self, serializer: Arc<dyn ContextSerializer>) -> Self {
        self.serializer = Some(serializer);
        self
    }

    /// The notifier.
    ///
    /// # Errors
    /// - [`ErrorKind::Configuration`] for a sink that is unknown (the message lists those there
    ///   are), a sink that sends over the bus without a topic to send to, the sink `routing`
    ///   without a file of rules, or with a bad one (the message names the place), and a bad
    ///   `retry` in the configuration.
    /// - [`ErrorKind::Unsupported`] for a sink that sends over a bus without notifications.
    pub fn build(self) -> Result<Notifier> {
        let config = self.transport.config().notifications();
        let names = match &self.sinks {
            Some(names) => names.clone(),
            None if config.driver.is_empty() => vec![DEFAULT_SINK.to_owned()],
            // An empty name is how an oslo.config file says "none".
            None => config.driver.iter().filter(|name| !name.is_empty()).cloned().collect(),
        };
        let configured = config.retry.map(Retry::from_config).transpose().map_err(|error| {
            Error::new(ErrorKind::Configuration, "a bad notifications retry").because(error)
        })?;
        let retry = self.retry.or(configured);
        let test_sink = TestSink::new();
        let known = self.known(&names, &test_sink)?;
        let sinks = names.into_iter().map(|name| known.find(&name).map(|sink| (name, sink)));
        let shared = Shared {
            sinks: sinks.collect::<Result<_>>()?,
            test_sink,
            limits: self.transport.config().limits(),
            serializer: self.serializer,
        };
        let timeout = self.timeout.or(self.transport.timeouts().notify);
        let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT);
        let Self { publisher_id, context, .. } = self;
        let settings = Settings { publisher_id, context, retry, timeout };
        Ok(Notifier { shared: Arc::new(shared), settings })
    }

    /// Every sink there is; `routing` only when it is asked for, as it reads a file.
    fn known(&self, asked_for: &[String], test_sink: &TestSink) -> Result<Known> {
        let mut known = Known::default();
        self.add_messaging(&mut known);
        known.insert("log", Arc::new(LogSink));
        known.insert("noop", Arc::new(NoopSink));
        known.insert("test", Arc::new(test_sink.clone()));
        for (name, sink) in &self.registered {
            known.insert(name, sink.clone());
        }
        if self.registered.iter().any(|(name, _)| name == ROUTING) {
            return Ok(known);
        }
        let configured = self.transport.config().notifications().routing_config.as_ref();
        let configured = configured.filter(|path| !path.is_empty()).map(PathBuf::from);
        match self.routing_config.clone().or(configured) {
            Some(path) if asked_for.iter().any(|name| name == ROUTING) => {
                let routing = RoutingSink::open(path, known.clone())?;
                known.insert(ROUTING, Arc::new(routing));
            }
            _ => known.refuse(ROUTING, ErrorKind::Configuration, "routing_config names no file"),
        }
        Ok(known)
    }

    fn add_messaging(&self, known: &mut Known) {
        let topics = self.targets();
        for (name, envelope) in MESSAGING {
            if !self.transport.capabilities().notifications {
                known.refuse(name, ErrorKind::Unsupported, "the bus has no notifications");
            } else if topics.is_empty() {
                known.refuse(name, ErrorKind::Configuration, "there is no topic to send to");
            } else {
                let (transport, topics) = (self.transport.clone(), topics.clone());
                known.insert(name, Arc::new(MessagingSink { transport, topics, envelope }));
            }
        }
    }

    fn targets(&self) -> Vec<Target> {
        let configured = &self.transport.config().notifications().topics;
        let topics = self.topics.as_ref().unwrap_or(configured).iter();
        let topics = topics.filter(|topic| !topic.is_empty());
        let targets = topics.map(|topic| Target::new(topic.as_str()));
        match &self.exchange {
            None => targets.collect(),
            Some(exchange) => {
                targets.map(|target| target.with_exchange(exchange.clone())).collect()
            }
        }
    }
}
