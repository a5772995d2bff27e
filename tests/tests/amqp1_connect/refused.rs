//! Logins that the desk broker refuses.

use busway_broker::Broker;
use busway_core::ErrorKind;
use busway_testkit::brokers::Desk;

use crate::stand::{PASSWORD, assert_says, bobs, refused, url, works};

async fn strict(user: &str, password: &str) -> Desk {
    let builder = Broker::builder().user(user, password).anonymous(false);
    Desk::start_as(builder).await.expect("a broker")
}

#[tokio::test]
async fn a_known_user_comes_in() {
    let broker = strict("bob", PASSWORD).await;
    works(bobs("amqp", "127.0.0.1", broker.address().port())).await;
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    for broker in [strict("bob", "another").await, strict("alice", PASSWORD).await] {
        let url = bobs("amqp", "127.0.0.1", broker.address().port());
        let error = refused(url, ErrorKind::Refused).await;
        assert!(!error.is_retryable());
        assert_says(&error, &["refuses the login", "PLAIN"]);
    }
}

#[tokio::test]
async fn nothing_in_common_names_what_the_peer_offers() {
    let broker = strict("bob", PASSWORD).await;
    let port = broker.address().port();
    let nobody = url("amqp", "127.0.0.1", port);
    let error = refused(nobody, ErrorKind::Refused).await;
    assert_says(&error, &["no SASL mechanism in common", "'PLAIN'", "usable here: ANONYMOUS"]);
    let other = bobs("amqp", "127.0.0.1", port).with_option("sasl_mechanisms", "SCRAM-SHA-256");
    let error = refused(other, ErrorKind::Refused).await;
    assert_says(&error, &["'PLAIN'", "usable here: SCRAM-SHA-256"]);
}
