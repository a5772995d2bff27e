//! Values that make no sense.

use busway_core::{ErrorKind, Transport};
use busway_tests::amqp1_wire::trial;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("a_value_that_makes_no_sense_is_refused_by_its_name", refused)]
}

async fn refused() {
    for (option, value) in [
        ("addressing_mode", "gymnastic"),
        ("connection_retry_interval", "0"),
        ("connection_retry_interval_max", "0"),
        ("connection_retry_backoff", "-1"),
        ("default_notify_timeout", "0"),
        ("default_reply_retry", "-2"),
        ("default_reply_retry", "often"),
        ("default_reply_timeout", "0"),
        ("default_send_timeout", "0"),
        ("default_sender_link_timeout", "0"),
        ("idle_timeout", "-1"),
        ("link_retry_delay", "0"),
        ("notify_server_credit", "0"),
        ("pre_settled", "everything"),
        ("pseudo_vhost", "perhaps"),
        ("reply_link_credit", "0"),
        ("rpc_server_credit", "0"),
    ] {
        let url = format!("amqp://127.0.0.1:1/?{option}={value}");
        let error = Transport::open(&url).await.expect_err(&url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}: {error:?}");
        assert!(error.to_string().contains(option), "{error}");
    }
}
