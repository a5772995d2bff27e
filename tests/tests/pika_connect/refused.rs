//! What the broker refuses.

use std::sync::Arc;

use busway_core::url::Host;
use busway_core::{ErrorKind, TransportUrl};
use libtest_mimic::Trial;

use crate::stand::{PASSWORD, Stand, assert_says, bobs, refused, trial};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("a_wrong_password_is_refused", stand, a_wrong_password_is_refused),
        trial("a_missing_virtual_host_is_refused", stand, a_missing_virtual_host_is_refused),
        trial("a_foreign_virtual_host_is_refused", stand, a_foreign_virtual_host_is_refused),
        trial("a_name_that_is_too_long_is_refused", stand, a_name_that_is_too_long_is_refused),
        trial("an_unknown_variant_is_refused", stand, an_unknown_variant_is_refused),
    ]
}

fn broker(stand: &Stand) -> u16 {
    stand.broker().address().port()
}

async fn a_wrong_password_is_refused(stand: Arc<Stand>) {
    for (user, password) in [("guest", PASSWORD), ("nobody", PASSWORD), ("bob", "")] {
        let host = Host::new("127.0.0.1").with_port(broker(&stand));
        let url = TransportUrl::new("pika").expect("a scheme");
        let url = url.with_host(host.with_credentials(user, password));
        let error = refused(url.with_option("socket_timeout", "10"), ErrorKind::Refused).await;
        assert_says(&error, &["ACCESS_REFUSED", "PLAIN"]);
        assert!(!error.is_retryable());
    }
}

async fn a_missing_virtual_host_is_refused(stand: Arc<Stand>) {
    let url = bobs("pika", "127.0.0.1", broker(&stand)).with_vhost("nowhere");
    let error = refused(url, ErrorKind::Refused).await;
    assert_says(&error, &["NOT_ALLOWED", "nowhere"]);
}

async fn a_foreign_virtual_host_is_refused(stand: Arc<Stand>) {
    let vhost = stand.broker().add_vhost().expect("a virtual host");
    let url = bobs("pika", "127.0.0.1", broker(&stand)).with_vhost(&vhost);
    let error = refused(url, ErrorKind::Refused).await;
    assert_says(&error, &["NOT_ALLOWED", &vhost, "bob"]);
}

async fn a_name_that_is_too_long_is_refused(stand: Arc<Stand>) {
    let url = || bobs("pika", "127.0.0.1", broker(&stand));
    let long = "x".repeat(256);
    for url in [url().with_vhost(&long), url().with_option("locale", &long)] {
        let opened = crate::stand::open(url).await;
        assert_eq!(opened.expect_err("too long").kind(), ErrorKind::Configuration);
    }
}

async fn an_unknown_variant_is_refused(stand: Arc<Stand>) {
    for (url, word) in [
        (bobs("pika+tsl", "127.0.0.1", broker(&stand)), "pika+tls"),
        (bobs("pika+tls", "127.0.0.1", broker(&stand)).with_option("ssl", "false"), "ssl"),
        (bobs("pika", "127.0.0.1", broker(&stand)).with_option("ssl_options", "{}"), "ssl_options"),
    ] {
        let error = crate::stand::open(url).await.expect_err(word);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_says(&error, &[word]);
    }
}
