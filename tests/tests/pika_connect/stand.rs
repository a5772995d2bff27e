//! What the tests share: the brokers, how they are run, and what they look at.

use std::sync::{Arc, OnceLock};

use busway_core::url::Host;
use busway_core::{Result, TransportUrl};
use busway_testkit::brokers::{Clients, RabbitMq};
use busway_testkit::certificates::Authority;
pub(crate) use busway_tests::connecting::{HANG, PASSWORD, assert_says, echo, open, refused};
use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Builder;
use tokio::time::timeout;

/// The brokers, each started by the first test that needs it.
#[derive(Debug, Default)]
pub(crate) struct Stand {
    authority: OnceLock<Authority>,
    open: OnceLock<RabbitMq>,
    strict: OnceLock<RabbitMq>,
}

impl Stand {
    pub(crate) fn authority(&self) -> &Authority {
        self.authority.get_or_init(|| Authority::new().expect("an authority"))
    }

    /// A broker with a port for TLS and one without; users `alice`, who logs in by certificate
    /// alone, and `bob`, who has a password.
    pub(crate) fn broker(&self) -> &RabbitMq {
        self.open.get_or_init(|| {
            let broker = RabbitMq::start_tls(self.authority(), Clients::MayBeUnknown, "");
            with_users(broker.expect("a broker"))
        })
    }

    /// A broker that asks every client for a certificate.
    pub(crate) fn strict(&self) -> &RabbitMq {
        self.strict.get_or_init(|| {
            let broker = RabbitMq::start_tls(self.authority(), Clients::MustBeKnown, "");
            with_users(broker.expect("a broker"))
        })
    }
}

fn with_users(broker: RabbitMq) -> RabbitMq {
    broker.add_user("alice", None).expect("alice");
    broker.add_user("bob", Some(PASSWORD)).expect("bob");
    broker
}

/// A test that is run where RabbitMQ is.
pub(crate) fn trial<F>(name: &str, stand: &Arc<Stand>, test: fn(Arc<Stand>) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    let stand = stand.clone();
    Trial::ignorable_test(name, move || run(move || test(stand)))
}

fn run<F: Future<Output = ()>>(test: impl FnOnce() -> F) -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async { timeout(HANG, test()).await }).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

/// A URL of a broker's port, with patience for a machine that has much else to do.
pub(crate) fn url(scheme: &str, host: &str, port: u16) -> TransportUrl {
    let host = Host::new(host).with_port(port);
    TransportUrl::new(scheme)
        .expect("a scheme")
        .with_host(host)
        .with_option("socket_timeout", "10")
        .with_option("login_timeout", "30")
        .with_option("tcp_user_timeout", "20")
        .with_option("heartbeat_interval", "20")
}

/// The like, for `bob`.
pub(crate) fn bobs(scheme: &str, host: &str, port: u16) -> TransportUrl {
    let plain = url(scheme, host, port);
    let host = Host::new(host).with_port(port).with_credentials("bob", PASSWORD);
    let bobs = TransportUrl::new(scheme).expect("a scheme").with_host(host);
    plain.query().iter().fold(bobs, |url, (name, value)| url.with_option(name, value))
}

/// What the broker says of the connections to a virtual host, in Erlang's words.
pub(crate) fn connections(broker: &RabbitMq, vhost: &str, items: &str) -> String {
    let expression = format!(
        "[lists:keydelete(vhost, 1, I) || I <- rabbit_networking:connection_info_all(\
         [vhost, {items}]), proplists:get_value(vhost, I) =:= <<\"{vhost}\">>]"
    );
    broker.evaluate(&expression).expect("the connections")
}
