use std::time::Duration;

use busway_core::{ErrorKind, TransportUrl};

use super::*;
use crate::ssl::CertReqs;

#[track_caller]
fn read(url: &str) -> ConnectionParameters {
    ConnectionParameters::from_url(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

#[track_caller]
fn refused(url: &str, kind: ErrorKind) -> String {
    let error = ConnectionParameters::from_url(url).expect_err(url);
    assert_eq!(error.kind(), kind, "{error}");
    error.to_string()
}

#[test]
fn every_parameter_of_pika_is_read() {
    let options = "%7B'ca_certs':'/ca.pem','certfile':'/c.pem','cert_reqs':0%7D";
    let parameters = read(&format!(
        "amqp://rabbit:1234/shop?channel_max=3&frame_max=8192&heartbeat_interval=0\
         &connection_attempts=4&retry_delay=1.5&socket_timeout=2&locale=de_DE&ssl=true&ssl_options=\
         {options}&backpressure_detection=f&login_timeout=9"
    ));
    let expected = ConnectionParameters {
        host: "rabbit".to_owned(),
        port: Some(1234),
        virtual_host: "shop".to_owned(),
        credentials: Credentials::External,
        channel_max: Some(3),
        frame_max: Some(8192),
        heartbeat_interval: 0,
        connection_attempts: 4,
        retry_delay: Duration::from_millis(1500),
        socket_timeout: Duration::from_secs(2),
        locale: "de_DE".to_owned(),
        ssl: true,
        ssl_options: SslOptions {
            ca_certs: Some("/ca.pem".into()),
            certfile: Some("/c.pem".into()),
            cert_reqs: CertReqs::None,
            ..SslOptions::default()
        },
        backpressure_detection: false,
        options: [("login_timeout".to_owned(), "9".to_owned())].into(),
    };
    assert_eq!(parameters, expected);
}

#[test]
fn what_a_url_does_not_say_has_its_default() {
    for url in ["amqp://", "amqp://localhost/", "pika:///%2F", "amqp://guest:guest@localhost//"] {
        assert_eq!(read(url), ConnectionParameters::default(), "{url}");
    }
    assert_eq!(read("amqp://u@h").credentials, Credentials::plain("u", ""));
    assert!(read("amqps://h").ssl && read("pika+tls://h").ssl && !read("pika://h").ssl);
    assert_eq!(read("amqp://h?heartbeat=7").heartbeat_interval, 7);
}

#[test]
fn a_url_that_means_no_connection_is_refused() {
    refused("http://h", ErrorKind::UnknownScheme);
    refused("pika+x://h", ErrorKind::UnknownScheme);
    refused("amqp+tls://h", ErrorKind::UnknownScheme);
    refused("amqp://h1,h2", ErrorKind::InvalidUrl);
    refused("amqp://h:x", ErrorKind::InvalidUrl);
    for (query, named) in [
        ("heartbeat_intervall=1", "heartbeat_interval"),
        ("heartbeat=1&heartbeat_interval=2", "heartbeat_interval"),
        ("frame_max=1", "frame_max"),
        ("channel_max=70000", "channel_max"),
        ("connection_attempts=0", "connection_attempts"),
        ("retry_delay=-1", "retry_delay"),
        ("backpressure_detection=maybe", "backpressure_detection"),
        ("ssl_options=%7B'x':1%7D", "ssl_options"),
    ] {
        let error = refused(&format!("amqp://h/?{query}"), ErrorKind::Configuration);
        assert!(error.contains(named), "{error}");
    }
    refused("amqps://h/?ssl=false", ErrorKind::Configuration);
}

#[test]
fn parameters_that_do_not_go_together_are_refused() {
    let wrong = |named: &str, parameters: ConnectionParameters| {
        let error = TransportUrl::try_from(&parameters).expect_err(named);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().starts_with(named), "{error}");
    };
    let default = ConnectionParameters::default;
    let certificate = SslOptions { certfile: Some("/c.pem".into()), ..SslOptions::default() };
    let credentials = Credentials::External;
    wrong("host", ConnectionParameters { host: String::new(), ..default() });
    wrong("virtual_host", ConnectionParameters { virtual_host: String::new(), ..default() });
    wrong("credentials", ConnectionParameters { credentials: credentials.clone(), ..default() });
    wrong("credentials", ConnectionParameters { credentials, ssl: true, ..default() });
    wrong("ssl_options", ConnectionParameters { ssl_options: certificate, ..default() });
    let options = BTreeMap::from([("locale".to_owned(), "x".to_owned())]);
    wrong("options", ConnectionParameters { options, ..default() });
}
