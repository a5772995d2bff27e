//! How a transport URL is written: with its secrets, or, mostly, without.

use std::fmt::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::host::is_ipv6;
use super::secrecy::is_secret_option;
use super::{Credentials, Host, TransportUrl};
use crate::{MASK, Secret};

/// What is encoded in a user, a password or a host's name: all that RFC 3986 does not reserve
/// for nobody.
const WORD: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is encoded in a virtual host.
const VHOST: &AsciiSet = &WORD.remove(b'/');

/// What is encoded in the query.
const QUERY: &AsciiSet = &VHOST.remove(b':').remove(b',');

#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Masked,
    Shown,
}

impl TransportUrl {
    /// The URL's full text with its secrets, for the one place that needs it. Read again, it
    /// gives the same URL.
    #[must_use]
    pub fn to_secret_string(&self) -> Secret {
        let mut text = String::new();
        write_url(&mut text, self, Secrets::Shown).expect("a String takes whatever is written");
        Secret::new(text)
    }
}

impl fmt::Display for TransportUrl {
    /// The URL with its secrets as `***`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_url(f, self, Secrets::Masked)
    }
}

impl fmt::Debug for TransportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportUrl({self})")
    }
}

fn write_url(out: &mut impl Write, url: &TransportUrl, secrets: Secrets) -> fmt::Result {
    out.write_str(&url.scheme)?;
    if let Some(variant) = &url.variant {
        write!(out, "+{variant}")?;
    }
    out.write_str("://")?;
    for (i, host) in url.hosts.iter().enumerate() {
        if i > 0 {
            out.write_char(',')?;
        }
        if let Some(credentials) = &host.credentials {
            write_credentials(out, credentials, secrets)?;
        }
        write_address(out, host)?;
    }
    out.write_char('/')?;
    if let Some(vhost) = &url.vhost {
        write!(out, "{}", utf8_percent_encode(vhost, VHOST))?;
    }
    for (i, (name, value)) in url.query.iter().enumerate() {
        out.write_char(if i == 0 { '?' } else { '&' })?;
        write!(out, "{}=", utf8_percent_encode(name, QUERY))?;
        if secrets == Secrets::Masked && is_secret_option(name, value) {
            out.write_str(MASK)?;
        } else {
            write!(out, "{}", utf8_percent_encode(value, QUERY))?;
        }
    }
    Ok(())
}

fn write_credentials(
    out: &mut impl Write,
    credentials: &Credentials,
    secrets: Secrets,
) -> fmt::Result {
    write!(out, "{}", utf8_percent_encode(&credentials.username, WORD))?;
    match (&credentials.password, secrets) {
        (None, _) => {}
        (Some(_), Secrets::Masked) => write!(out, ":{MASK}")?,
        (Some(password), Secrets::Shown) => {
            write!(out, ":{}", utf8_percent_encode(password.expose(), WORD))?;
        }
    }
    out.write_char('@')
}

/// Host and port, without credentials.
pub(super) fn write_address(out: &mut impl Write, host: &Host) -> fmt::Result {
    if is_ipv6(&host.hostname) {
        write!(out, "[{}]", host.hostname.replace('%', "%25"))?;
    } else {
        write!(out, "{}", utf8_percent_encode(&host.hostname, WORD))?;
    }
    match host.port {
        Some(port) => write!(out, ":{port}"),
        None => Ok(()),
    }
}
