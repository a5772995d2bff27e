//! What holds for all parameters.

use std::time::Duration;

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{ConnectionParameters, Credentials};
use crate::ssl::{CertReqs, SslOptions, SslVersion};

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9:/@,?#%&=+' .\"\\\\-]{1,12}", any::<String>()]
}

fn duration() -> impl Strategy<Value = Duration> {
    (0..4_000_000_u64).prop_map(Duration::from_millis)
}

fn credentials() -> impl Strategy<Value = Credentials> {
    prop_oneof![
        (text(), text())
            .prop_map(|(username, password)| Credentials::plain(username, password.as_str())),
        Just(Credentials::External),
    ]
}

fn ssl_options() -> impl Strategy<Value = SslOptions> {
    let file = || option::of("[^\0]{1,20}");
    let reqs = select(&[CertReqs::None, CertReqs::Optional, CertReqs::Required]);
    let version = select(&[SslVersion::Tls12, SslVersion::Tls13]);
    (file(), file(), file(), reqs, version).prop_map(
        |(ca_certs, certfile, keyfile, cert_reqs, ssl_version)| SslOptions {
            ca_certs: ca_certs.map(Into::into),
            keyfile: keyfile.filter(|_| certfile.is_some()).map(Into::into),
            certfile: certfile.map(Into::into),
            cert_reqs,
            ssl_version,
        },
    )
}

prop_compose! {
    fn parameters()(
        (host, port, virtual_host) in ("[a-z][a-z0-9.-]{0,12}", option::of(any::<u16>()), "[^\0]{1,9}"),
        (credentials, ssl, ssl_options) in (credentials(), any::<bool>(), ssl_options()),
        (channel_max, frame_max) in (option::of(any::<u16>()), option::of(4096_u32..)),
        (heartbeat_interval, connection_attempts) in (any::<u16>(), 1_u32..),
        (retry_delay, socket_timeout) in (duration(), duration()),
        (locale, backpressure_detection) in ("[a-zA-Z_]{1,9}", any::<bool>()),
        options in btree_map(Just("pool_max_size".to_owned()), "[1-9]", 0..2),
    ) -> ConnectionParameters {
        ConnectionParameters {
            host,
            port,
            virtual_host,
            credentials: match credentials {
                Credentials::External if !ssl || ssl_options.certfile.is_none() => Credentials::default(),
                credentials => credentials,
            },
            channel_max,
            frame_max,
            heartbeat_interval,
            connection_attempts,
            retry_delay,
            socket_timeout,
            locale,
            ssl,
            ssl_options: if ssl { ssl_options } else { SslOptions::default() },
            backpressure_detection,
            options,
        }
    }
}

proptest! {
    #[test]
    fn parameters_read_from_their_url_are_the_same(parameters in parameters()) {
        let url = parameters.to_url().expect("a URL");
        let read = ConnectionParameters::from_url(url.to_secret_string().expose());
        prop_assert_eq!(read.expect("parameters"), parameters);
    }

    #[test]
    fn parameters_are_shown_without_the_password(password in "[a-z]{0,8}hunter2[a-z]{0,8}") {
        let credentials = Credentials::plain("shop", password.as_str());
        let parameters = ConnectionParameters { credentials, ..ConnectionParameters::default() };
        let url = parameters.to_url().expect("a URL");
        let shown = format!("{parameters:?} {url} {url:?}");
        prop_assert!(!shown.contains(&password), "{}", shown);
    }

    #[test]
    fn any_text_is_parameters_or_an_error(text in text()) {
        let _ = ConnectionParameters::from_url(&format!("amqp://h/?ssl_options={text}"));
        let _ = ConnectionParameters::from_url(&text);
    }
}
