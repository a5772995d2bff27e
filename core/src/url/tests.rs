use super::{Credentials, Host, TransportUrl};
use crate::ErrorKind;

#[track_caller]
fn read(text: &str) -> TransportUrl {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Fails unless the text is refused at this character, counted from 1.
#[track_caller]
fn refused(text: &str, at: usize) -> String {
    let error = text.parse::<TransportUrl>().expect_err(text);
    assert_eq!(error.kind(), ErrorKind::InvalidUrl, "{text}");
    assert_eq!(error.get("at"), Some(at.to_string().as_str()), "{error}");
    assert!(error.message().contains(&format!("character {at} ")), "{error}");
    error.message().to_owned()
}

#[test]
fn a_scheme_alone_is_a_url_without_hosts() {
    for text in ["foo:", "foo:/", "foo://", "foo:///", "FOO://"] {
        assert_eq!(read(text), TransportUrl::new("foo").expect("a scheme"), "{text}");
    }
}

#[test]
fn a_scheme_follows_rfc_3986() {
    let url = read("Pika+TLS+x://");
    assert_eq!((url.scheme(), url.variant()), ("pika", Some("tls+x")));
    assert_eq!(read("a1-.b://").scheme(), "a1-.b");
    refused("1a://", 1);
    refused("a_b://", 2);
    refused("://h", 1);
    refused("+tls://h", 1);
    refused("pika+://h", 6);
    refused("", 1);
    refused("host", 5);
    refused("a:h", 3);
    refused("a:/h", 3);
    assert_eq!(TransportUrl::new("a:").expect_err("no scheme").kind(), ErrorKind::InvalidUrl);
}

#[test]
fn the_virtual_host_is_what_follows_the_first_slash() {
    for (text, vhost) in [
        ("foo:////", Some("/")),
        ("foo://h//", Some("/")),
        ("foo://h/%2F", Some("/")),
        ("foo:///bar", Some("bar")),
        ("foo://h/a/b", Some("a/b")),
        ("foo://h/%24?x=y", Some("$")),
        ("foo://h/", None),
        ("foo://h", None),
        ("foo://h?x=y", None),
    ] {
        assert_eq!(read(text).vhost(), vhost, "{text}");
    }
}

#[test]
fn hosts_have_credentials_ports_and_addresses_of_their_own() {
    let url = read("foo://u1:p1@[ffff::1]:1234,u2@h2:4321,,h3:,[::1],u4:@/bar");
    let user = Credentials { username: "u2".to_owned(), password: None };
    assert_eq!(
        url.hosts(),
        [
            Host::new("ffff::1").with_port(1234).with_credentials("u1", "p1"),
            Host { credentials: Some(user), ..Host::new("h2").with_port(4321) },
            Host::new("h3"),
            Host::new("::1"),
            Host::default().with_credentials("u4", ""),
        ]
    );
}

#[test]
fn credentials_end_at_the_last_at() {
    let url = read("foo://user@realm:p@ss:word@host/");
    assert_eq!(url.hosts(), [Host::new("host").with_credentials("user@realm", "p@ss:word")]);
}

#[test]
fn names_and_passwords_are_percent_encoded() {
    let url = read("foo://u%24:p%2C%2f+@h%2D1/?a+b=c%2Bd+e&f&g=");
    assert_eq!(url.hosts(), [Host::new("h-1").with_credentials("u$", "p,/+")]);
    assert_eq!(url.option("a b"), Some("c+d e"));
    assert_eq!((url.option("f"), url.option("g"), url.option("h")), (Some(""), Some(""), None));
}

#[test]
fn a_zone_of_an_ipv6_address_is_kept() {
    for text in ["a://[fe80::1%25eth0]:1/", "a://[fe80::1%eth0]:1/"] {
        let url = read(text);
        assert_eq!(url.hosts(), [Host::new("fe80::1%eth0").with_port(1)], "{text}");
        assert_eq!(url.to_string(), "a://[fe80::1%25eth0]:1/");
    }
}

#[test]
fn an_error_points_at_the_character() {
    refused("a://h:99999/v", 7);
    refused("a://h:+1/v", 7);
    refused("a://u:pw@h:x/v", 12);
    refused("a://h1:1,h2:x/v", 13);
    refused("a://::1/v", 6);
    refused("a://[::1/v", 9);
    refused("a://[h]/v", 6);
    refused("a://[::1]x/v", 10);
    refused("a://h h/v", 6);
    refused("a://h/%zz", 7);
    refused("a://h/%4", 7);
    refused("a://h/é%ff%", 11);
    refused("a://u:p%@h/", 8);
    refused("a://h/?a=1&b=2&a=3", 16);
    refused("a://h/?=1", 8);
    refused("a://h/v#x", 8);
}

#[test]
fn an_error_shows_the_place_without_secrets() {
    let message = refused("pika://nova:hunter2@rabbit:5o72/", 28);
    assert!(message.contains("'pika://nova:***@rabbit:^***'"), "{message}");
    let message = refused("pika://nova:hun%ter2@rabbit/v", 16);
    assert!(message.contains("'pika://nova:^***@rabbit/v'"), "{message}");
    let message = refused("pika://rabbit/v?password=a&x y=b&%=c", 34);
    assert!(message.contains("'pika://rabbit/v?password=***&x y=***&^%=***'"), "{message}");
    let message = refused("pika://a\nb/", 9);
    assert!(message.contains("'pika://a^\\nb/'"), "{message}");
}

#[test]
fn a_long_url_is_shown_in_part() {
    let message = refused(&format!("a://{}/%x{}", "h".repeat(500), "v".repeat(500)), 506);
    assert!(message.chars().count() < 300, "{message}");
    assert!(message.contains("hhh/^%xvvv"), "{message}");
}

#[test]
fn it_is_written_as_oslo_messaging_writes_it() {
    let url = TransportUrl::new("test").expect("a scheme");
    assert_eq!(url.to_string(), "test:///");
    assert_eq!(url.clone().with_vhost("/vhost").to_string(), "test:////vhost");
    let host = Host::new("host").with_port(10).with_credentials("b$", "s&");
    let url = url.with_host(host).with_vhost("/$");
    assert_eq!(url.to_secret_string().expose(), "test://b%24:s%26@host:10//%24");
    assert_eq!(url.to_string(), "test://b%24:***@host:10//%24");
}

#[test]
fn options_that_look_secret_are_masked() {
    let text = "a://h/?x=1&ssl_options=%7B'password':'hunter2'%7D&api_token=hunter2";
    let url = read(text);
    assert_eq!(url.to_string(), "a://h/?x=1&ssl_options=***&api_token=***");
    assert_eq!(url.option("api_token"), Some("hunter2"));
}

#[test]
fn an_option_set_again_replaces_the_first() {
    let url = TransportUrl::new("a").expect("a scheme");
    let url = url.with_option("x", "1").with_option("y", "2").with_option("x", "3");
    assert_eq!(url.to_string(), "a:///?x=3&y=2");
}
