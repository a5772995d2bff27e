//! How a transport URL is read.

use percent_encoding::percent_decode_str;

use super::host::is_ipv6;
use super::part::Part;
use super::problem::Problem;
use super::{Credentials, Host, TransportUrl};
use crate::{Result, Secret};

type Read<T> = std::result::Result<T, Problem>;

pub(super) fn parse(text: &str) -> Result<TransportUrl> {
    read_url(Part::whole(text)).map_err(|problem| problem.into_error(text))
}

/// A URL of a scheme that stands alone, without `://`.
pub(super) fn scheme_alone(text: &str) -> Result<TransportUrl> {
    read_scheme(Part::whole(text)).map_err(|problem| problem.into_error(text))
}

fn read_url(text: Part<'_>) -> Read<TransportUrl> {
    let (scheme, rest) = text.split_first(':');
    let Some(rest) = rest else {
        return Err(Problem::new(scheme.end(), "a transport URL begins with a scheme and '://'"));
    };
    let mut url = read_scheme(scheme)?;
    if let Some(hash) = rest.text.find('#') {
        return Err(Problem::new(rest.at + hash, "a '#' is written %23"));
    }
    let (place, query) = rest.split_first('?');
    if let Some(place) = place.strip("//") {
        let (hosts, vhost) = place.split_first('/');
        for host in hosts.split(',').filter(|host| !host.is_empty()) {
            url = url.with_host(read_host(host)?);
        }
        if let Some(vhost) = vhost {
            url = url.with_vhost(decode(vhost)?);
        }
    } else if !matches!(place.text, "" | "/") {
        return Err(Problem::new(place.at, "'//' stands between the scheme and the hosts"));
    }
    if let Some(query) = query {
        url.query = read_query(query)?;
    }
    Ok(url)
}

/// RFC 3986, 3.1: a letter, then letters, digits, `+`, `-` and `.`.
fn read_scheme(text: Part<'_>) -> Read<TransportUrl> {
    let stray = |(i, c): &(usize, char)| match *i {
        0 => !c.is_ascii_alphabetic(),
        _ => !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')),
    };
    if text.is_empty() {
        return Err(Problem::new(text.at, "the scheme is missing: it names the driver"));
    }
    if let Some((i, _)) = text.text.char_indices().find(stray) {
        let rule = "a scheme is a letter and then letters, digits, '+', '-' and '.'";
        return Err(Problem::new(text.at + i, rule));
    }
    let (scheme, variant) = text.split_first('+');
    if let Some(variant) = variant.filter(|variant| variant.is_empty()) {
        return Err(Problem::new(variant.at, "the variant after the '+' is missing"));
    }
    Ok(TransportUrl {
        scheme: scheme.text.to_ascii_lowercase(),
        variant: variant.map(|variant| variant.text.to_ascii_lowercase()),
        hosts: Vec::new(),
        vhost: None,
        query: Vec::new(),
    })
}

fn read_host(text: Part<'_>) -> Read<Host> {
    let (credentials, address) = match text.split_last('@') {
        (credentials, Some(address)) => (Some(read_credentials(credentials)?), address),
        (address, None) => (None, address),
    };
    let (hostname, port) = match address.strip("[") {
        Some(address) => read_ipv6(address)?,
        None => read_name(address)?,
    };
    Ok(Host { hostname, port, credentials })
}

fn read_credentials(text: Part<'_>) -> Read<Credentials> {
    let (username, password) = text.split_first(':');
    let password = password.map(decode).transpose()?.map(Secret::new);
    Ok(Credentials { username: decode(username)?, password })
}

/// An address after its opening bracket, and its port.
fn read_ipv6(text: Part<'_>) -> Read<(String, Option<u16>)> {
    let (address, rest) = text.split_first(']');
    let Some(rest) = rest else {
        return Err(Problem::new(text.end(), "the ']' after the IPv6 address is missing"));
    };
    // RFC 6874 writes the '%' before a zone as %25; oslo.messaging takes it bare as well.
    let hostname = match address.text.split_once("%25") {
        Some((address, zone)) if !zone.is_empty() => format!("{address}%{zone}"),
        _ => address.text.to_owned(),
    };
    if !is_ipv6(&hostname) {
        return Err(Problem::new(address.at, "an IPv6 address stands in the brackets"));
    }
    let port = match rest.strip(":") {
        Some(port) => read_port(port)?,
        None if rest.is_empty() => None,
        None => return Err(Problem::new(rest.at, "a ':' and a port follow after the ']'")),
    };
    Ok((hostname, port))
}

fn read_name(text: Part<'_>) -> Read<(String, Option<u16>)> {
    let (name, port) = text.split_first(':');
    let may_stand =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._~%!$&'()*+;=".contains(c);
    let stray = name.text.char_indices().find(|&(_, c)| !may_stand(c) || c.is_whitespace());
    if let Some((i, _)) = stray {
        return Err(Problem::new(name.at + i, "a character that no host's name has"));
    }
    let port = port.map(read_port).transpose()?.flatten();
    Ok((decode(name)?, port))
}

/// A port; an empty one is none.
fn read_port(text: Part<'_>) -> Read<Option<u16>> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(port) = port_number(text.text) {
        return Ok(Some(port));
    }
    let rule = if text.text.contains(':') {
        "an IPv6 address stands in brackets, and a port is a number up to 65535"
    } else {
        "a port is a number up to 65535 (a ',', '/', '?' or '#' of a password is \
         percent-encoded)"
    };
    Err(Problem::new(text.at, rule))
}

/// A port's number: digits alone, no sign.
pub(super) fn port_number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn read_query(text: Part<'_>) -> Read<Vec<(String, String)>> {
    let mut options: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_first('=');
        let decoded = decode_form(name)?;
        if decoded.is_empty() {
            return Err(Problem::new(name.at, "an option has no name"));
        }
        if options.iter().any(|(known, _)| *known == decoded) {
            return Err(Problem::new(name.at, "an option that was given before"));
        }
        options.push((decoded, value.map(decode_form).transpose()?.unwrap_or_default()));
    }
    Ok(options)
}

/// Decodes `%` and, as forms are written, `+`.
fn decode_form(text: Part<'_>) -> Read<String> {
    check_escapes(text)?;
    decoded(text, &text.text.replace('+', " "))
}

fn decode(text: Part<'_>) -> Read<String> {
    check_escapes(text)?;
    decoded(text, text.text)
}

fn decoded(part: Part<'_>, text: &str) -> Read<String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(Problem::new(part.at, "what is percent-encoded here is no UTF-8")),
    }
}

fn check_escapes(text: Part<'_>) -> Read<()> {
    for (i, _) in text.text.match_indices('%') {
        let digits = text.text.as_bytes().get(i + 1..i + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            let rule = "two hexadecimal digits follow after a '%'; a '%' itself is written %25";
            return Err(Problem::new(text.at + i, rule));
        }
    }
    Ok(())
}
