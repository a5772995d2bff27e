//! What holds for every URL.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Credentials, Host, TransportUrl};
use crate::{ErrorKind, Secret};

/// Texts of any characters, mostly those that mean something in a URL.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9:/@,?#%&=+\\[\\] .-]{0,12}", any::<String>()]
}

fn credentials() -> impl Strategy<Value = Credentials> {
    (text(), option::of(text())).prop_map(|(username, password)| Credentials {
        username,
        password: password.map(Secret::new),
    })
}

fn hostname() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9.-]{0,12}",
        any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
        Just("fe80::1%eth0".to_owned()),
        text(),
    ]
}

fn host() -> impl Strategy<Value = Host> {
    (hostname(), option::of(any::<u16>()), option::of(credentials()))
        .prop_map(|(hostname, port, credentials)| Host { hostname, port, credentials })
}

fn url() -> impl Strategy<Value = TransportUrl> {
    let scheme = "[a-zA-Z][a-zA-Z0-9.-]{0,8}(\\+[a-zA-Z0-9.+-]{1,8})?";
    let options = vec((text(), text()), 0..4);
    (scheme, vec(host(), 0..4), text(), options).prop_map(|(scheme, hosts, vhost, options)| {
        let url = TransportUrl::new(&scheme).expect("a scheme").with_vhost(vhost);
        let url = hosts.into_iter().fold(url, TransportUrl::with_host);
        options.into_iter().fold(url, |url, (name, value)| url.with_option(name, value))
    })
}

/// URLs that are nearly right, around a password that nobody encoded.
fn url_around(password: &str, after: &'static str) -> impl Strategy<Value = String> + use<> {
    let password = password.to_owned();
    let before = select(&["a://u", "a:/u", "a:u", "_://u", "u", "a://[::1", "a://h:1,u", ""]);
    (before, after).prop_map(move |(before, after)| format!("{before}:{password}{after}"))
}

#[track_caller]
fn check_error_hides(password: &str, url: &str) -> Result<(), TestCaseError> {
    if let Err(error) = url.parse::<TransportUrl>() {
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains(password), "{}: {}", url, shown);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_url_read_from_its_full_text_is_the_same(url in url()) {
        let text = url.to_secret_string();
        prop_assert_eq!(text.expose().parse::<TransportUrl>().expect("a URL"), url);
    }

    #[test]
    fn a_url_without_its_secrets_can_be_read_too(url in url()) {
        prop_assert!(url.to_string().parse::<TransportUrl>().is_ok(), "{url}");
    }

    #[test]
    fn any_text_is_a_url_or_an_error_that_points_into_it(text in text()) {
        if let Err(error) = text.parse::<TransportUrl>() {
            prop_assert_eq!(error.kind(), ErrorKind::InvalidUrl);
            let at: usize = error.get("at").expect("a position").parse().expect("a number");
            prop_assert!((1..=text.chars().count() + 1).contains(&at));
        }
    }

    // Not one that begins with a '/': `u://hunter2@` is a URL with a user.
    #[test]
    fn no_error_shows_the_password(
        (password, url) in "([ -.0-~][ -~]{0,7})?hunter2[ -~]{0,8}".prop_flat_map(|password| {
            let url = url_around(&password, "@[a-z\\[:,%]{0,6}[a-z/:?&=#%]{0,8}");
            (Just(password), url)
        })
    ) {
        check_error_hides(&password, &url)?;
    }

    #[test]
    fn no_error_shows_the_password_of_a_url_that_lost_its_host(
        (password, url) in "[a-z][!-+--~]{0,8}hunter2[!-+--~]{0,8}".prop_flat_map(|password| {
            let url = url_around(&password, "[a-z/:?&=#%]{0,8}");
            (Just(password), url)
        })
    ) {
        check_error_hides(&password, &url)?;
    }

    #[test]
    fn a_url_is_shown_without_its_passwords(password in "[a-z]{0,8}hunter2[a-z]{0,8}") {
        let url = TransportUrl::new("a").expect("a scheme")
            .with_host(Host::new("h").with_credentials("u", password.as_str()))
            .with_option("key_password", password.as_str());
        let shown = format!("{url} {url:?} {:?}", url.hosts());
        prop_assert!(!shown.contains(&password), "{}", shown);
    }
}
