//! Logging in by SCRAM to Cyrus SASL.

use busway_core::url::Host;
use busway_core::{ErrorKind, TransportUrl};
use busway_testkit::brokers::Proton;
use busway_tests::connecting::{PASSWORD, assert_says, echo, open, refused};
use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Builder;

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |mechanism: &'static str| {
        let name = format!("scram::the_password_decides [{mechanism}]");
        Trial::ignorable_test(name, move || run(mechanism))
    };
    ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"].map(trial).into()
}

fn run(mechanism: &'static str) -> Result<Completion, Failed> {
    if let Some(reason) = Proton::scram_missing() {
        return crate::without(&reason);
    }
    let broker = Proton::builder().user("bob", PASSWORD).scram(mechanism).start()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limited =
        async { tokio::time::timeout(crate::HANG, the_password_decides(&broker, mechanism)).await };
    runtime.block_on(limited).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

fn url(broker: &Proton, password: &str) -> TransportUrl {
    let address = broker.address();
    let host = Host::new(address.ip().to_string()).with_port(address.port());
    let url = TransportUrl::new("amqp").expect("a scheme");
    url.with_host(host.with_credentials("bob", password))
}

/// Logs in with the right password, and with a wrong one.
async fn the_password_decides(broker: &Proton, mechanism: &str) {
    for _ in 0..2 {
        let transport = open(url(broker, PASSWORD)).await.expect("welcome");
        echo(&transport, 10).await;
        transport.close().await.expect("closed");
        let error = refused(url(broker, "wrong"), ErrorKind::Refused).await;
        assert!(!error.is_retryable());
        assert_says(&error, &["refuses the login", mechanism]);
    }
}
