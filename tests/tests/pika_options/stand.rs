//! What the tests share: a broker, a virtual host for each, and what the broker says of it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use busway_core::notify::Priority;
use busway_core::{Config, Handled, NotificationListener, Notifier, Transport, endpoint_fn};
use busway_testkit::brokers::RabbitMq;
use busway_testkit::stage::{Journal, PATIENCE as SOON, soon, until};
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;
use tokio::runtime::Builder;

/// Longer than anything here may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(2);
/// More patience than the driver's defaults have.
const PATIENCE: &str =
    "socket_timeout=5&login_timeout=20&tcp_user_timeout=20&heartbeat_interval=20";

/// The broker of all tests, started by the first.
#[derive(Debug, Default)]
pub(crate) struct Shared(OnceLock<Arc<RabbitMq>>);

/// A virtual host of its own.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) broker: Arc<RabbitMq>,
    vhost: String,
}

/// A test on the broker of all, where RabbitMQ is.
pub(crate) fn trial<F>(name: &str, shared: &Arc<Shared>, test: fn(Place) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    let shared = shared.clone();
    Trial::ignorable_test(name, move || {
        run(
            move || {
                let start = || Arc::new(RabbitMq::start().expect("a broker"));
                Ok(shared.0.get_or_init(start).clone())
            },
            test,
        )
    })
}

/// A test with a broker of its own, where RabbitMQ is.
pub(crate) fn alone<F>(name: &str, test: fn(Place) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    Trial::ignorable_test(name, move || run(|| Ok(Arc::new(RabbitMq::start()?)), test))
}

fn run<F: Future<Output = ()>>(
    broker: impl FnOnce() -> Result<Arc<RabbitMq>, Failed>,
    test: fn(Place) -> F,
) -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let place = Place::on(broker()?);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limited = async { tokio::time::timeout(HANG, test(place)).await };
    runtime.block_on(limited).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

impl Place {
    fn on(broker: Arc<RabbitMq>) -> Self {
        let vhost = broker.add_vhost().expect("a virtual host");
        Self { broker, vhost }
    }

    /// Another virtual host of the same broker.
    pub(crate) fn another(&self) -> Self {
        Self::on(self.broker.clone())
    }

    /// A transport with these options.
    pub(crate) async fn open(&self, options: &[(&str, &str)]) -> Transport {
        self.open_at(self.broker.address(), options).await
    }

    /// A transport with these options, by way of another address.
    pub(crate) async fn open_at(&self, address: SocketAddr, options: &[(&str, &str)]) -> Transport {
        let config = options.iter().fold(Config::builder(), |config, (name, value)| {
            config.set("oslo_messaging_pika", *name, *value)
        });
        self.open_with(address, config.build().expect("a configuration")).await
    }

    /// A transport with what stands in this file.
    pub(crate) async fn open_configured(&self, text: &str) -> Transport {
        let file = tempfile::Builder::new().suffix(".conf").tempfile().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let config = Config::builder().file(file.path()).build().expect("a configuration");
        self.open_with(self.broker.address(), config).await
    }

    async fn open_with(&self, address: SocketAddr, config: Config) -> Transport {
        let url = format!("pika://guest:guest@{address}/{}?{PATIENCE}", self.vhost);
        Transport::builder().config(config).open(&url).await.expect("a transport")
    }

    /// The value of an expression about the virtual host `V`, as JSON.
    pub(crate) fn ask(&self, expression: &str) -> Value {
        let expression = format!(
            "(fun(V) -> iolist_to_binary(rabbit_json:encode({expression})) end)(<<\"{}\">>)",
            self.vhost
        );
        let said = self.broker.evaluate(&expression).expect("an answer");
        let text = said.strip_prefix("<<").and_then(|text| text.strip_suffix(">>"));
        // Erlang writes a text as JSON does.
        let json: Option<String> = text.and_then(|text| serde_json::from_str(text).ok());
        let value = json.and_then(|json| serde_json::from_str(&json).ok());
        value.unwrap_or_else(|| panic!("the broker said {said}"))
    }

    /// Waits until the broker says so.
    pub(crate) async fn until_says(&self, expression: &str, expected: &Value) {
        let check = async || Ok::<_, ()>(self.ask(expression) == *expected);
        let waited = tokio::time::timeout(SOON * 2, until(check)).await;
        assert!(waited.is_ok(), "the broker still says {}, not {expected}", self.ask(expression));
    }

    /// The queues whose names match refuse every message, until [`take_again`](Self::take_again);
    /// in place of those that did so far.
    pub(crate) fn refuse(&self, pattern: &str) {
        self.ask(&format!(
            "begin ok = rabbit_policy:set(V, <<\"full\">>, <<\"{pattern}\">>, \
             [{{<<\"max-length\">>, 0}}, {{<<\"overflow\">>, <<\"reject-publish\">>}}], \
             0, <<\"queues\">>, <<\"busway\">>), true end"
        ));
    }

    pub(crate) fn take_again(&self) {
        self.ask("begin ok = rabbit_policy:delete(V, <<\"full\">>, <<\"busway\">>), true end");
    }
}

/// A listener for this topic that writes down the payloads.
pub(crate) async fn listening(
    transport: &Transport,
    topic: &str,
    journal: &Journal<Value>,
) -> NotificationListener {
    let journal = journal.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        let payload = notification.payload.to();
        let journal = journal.clone();
        async move {
            journal.write(payload?);
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(transport).topic(topic).endpoint(endpoint);
    soon(listener.start()).await.expect("a listener")
}

/// A notifier to this topic.
pub(crate) fn notifier(transport: &Transport, topic: &str) -> Notifier {
    let notifier = Notifier::builder(transport).publisher_id("test").topics([topic]);
    notifier.build().expect("a notifier")
}
