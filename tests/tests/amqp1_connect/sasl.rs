//! Which mechanism is used, and what it says.

use crate::doorman::Doorman;
use crate::stand::{PASSWORD, bobs, url, works};

#[tokio::test]
async fn a_user_logs_in_by_what_the_peer_takes() {
    let mut doorman = Doorman::offering(&["GSSAPI", "ANONYMOUS", "PLAIN"]).await;
    works(bobs("amqp", "127.0.0.1", doorman.port)).await;
    let seen = doorman.saw().await;
    assert_eq!(seen.mechanism, "PLAIN");
    assert_eq!(seen.response, format!("\0bob\0{PASSWORD}").into_bytes());
    assert_eq!(seen.hostname.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn who_has_no_user_is_nobody() {
    let mut doorman = Doorman::offering(&["PLAIN", "EXTERNAL", "ANONYMOUS"]).await;
    works(url("amqp", "127.0.0.1", doorman.port)).await;
    assert_eq!(doorman.saw().await.mechanism, "ANONYMOUS");
}

#[tokio::test]
async fn the_option_sasl_mechanisms_restricts() {
    let mut doorman = Doorman::offering(&["PLAIN", "ANONYMOUS"]).await;
    let url = bobs("amqp", "127.0.0.1", doorman.port);
    works(url.with_option("sasl_mechanisms", "GSSAPI ANONYMOUS")).await;
    assert_eq!(doorman.saw().await.mechanism, "ANONYMOUS");
}

#[tokio::test]
async fn the_default_realm_is_appended() {
    let mut doorman = Doorman::offering(&["PLAIN"]).await;
    let url = bobs("amqp", "127.0.0.1", doorman.port);
    works(url.with_option("sasl_default_realm", "QPID")).await;
    assert_eq!(doorman.saw().await.response, format!("\0bob@QPID\0{PASSWORD}").into_bytes());
}

#[tokio::test]
async fn options_of_cyrus_are_no_error() {
    let doorman = Doorman::offering(&["PLAIN"]).await;
    let url = bobs("amqp", "127.0.0.1", doorman.port);
    works(url.with_option("sasl_config_dir", "/etc/sasl2").with_option("sasl_config_name", "x"))
        .await;
}
