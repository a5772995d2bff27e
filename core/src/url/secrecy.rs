//! What of a URL is never shown.

use std::ops::Range;

use super::parse::port_number;

/// What the name of an option has in it when its value must not be shown.
const SECRET_WORDS: [&str; 6] =
    ["password", "passwd", "passphrase", "secret", "token", "credential"];

/// Whether an option of this name, or of a structured value such as `{"password": …}`, is one
/// that must not be shown.
pub(super) fn is_secret_option(name: &str, value: &str) -> bool {
    looks_secret(name) || looks_secret(value) || (value.contains("://") && value.contains('@'))
}

/// Whether a name is that of something that must not be shown.
pub(crate) fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// The bytes of a URL, right or wrong, that may be a secret, in order and apart.
///
/// Where a URL is wrong nobody knows where its password ends, so this takes too much rather than
/// too little: all between the first `:` after the scheme and the last `@`; all from something
/// that should be a port and is none; every value of the query.
pub(super) fn secret_ranges(url: &str) -> Vec<Range<usize>> {
    let colon = url.find(':').unwrap_or(url.len());
    let mut secrets = Vec::new();
    let Some(hosts) = url[colon..].strip_prefix("://") else {
        // No URL at all: perhaps credentials that stand alone.
        let end = url.rfind('@').filter(|at| *at > colon).unwrap_or(url.len());
        secrets.extend((colon < end).then(|| colon + 1..end));
        return secrets;
    };
    let hosts_at = colon + 3;
    let last_at = hosts.rfind('@');
    if let Some(at) = last_at
        && let Some(colon) = hosts[..at].find(':')
    {
        secrets.push(hosts_at + colon + 1..hosts_at + at);
    }
    let rest = last_at.map_or(0, |at| at + 1);
    // Behind a '/', a '?' or a '#' there are no hosts to look at.
    if !hosts[..rest].contains(['/', '?', '#'])
        && let Some(stray) = stray_port(url, hosts_at + rest)
    {
        secrets.push(stray..url.len());
    } else {
        secrets.extend(query_values(url, hosts_at + rest));
    }
    secrets
}

/// Where something stands in place of a port that is no port: the password of a URL that lost
/// its `@`, perhaps.
fn stray_port(url: &str, hosts_at: usize) -> Option<usize> {
    let hosts = &url[hosts_at..];
    let hosts = &hosts[..hosts.find(['/', '?', '#']).unwrap_or(hosts.len())];
    let mut at = hosts_at;
    for host in hosts.split(',') {
        let name_ends = host.rfind(']').filter(|_| host.starts_with('[')).unwrap_or(0);
        if let Some(colon) = host[name_ends..].find(':') {
            let port = &host[name_ends + colon + 1..];
            if !port.is_empty() && port_number(port).is_none() {
                return Some(at + name_ends + colon + 1);
            }
        }
        at += host.len() + 1;
    }
    None
}

fn query_values(url: &str, from: usize) -> Vec<Range<usize>> {
    let Some(mark) = url[from..].find('?') else { return Vec::new() };
    let mut at = from + mark + 1;
    let mut values = Vec::new();
    for pair in url[at..].split('&') {
        if let Some(equals) = pair.find('=') {
            values.push(at + equals + 1..at + pair.len());
        }
        at += pair.len() + 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn masked(url: &str) -> String {
        let mut shown = url.to_owned();
        for range in secret_ranges(url).into_iter().rev() {
            shown.replace_range(range, "***");
        }
        shown
    }

    #[test]
    fn all_between_the_first_colon_and_the_last_at_is_secret() {
        assert_eq!(masked("a://u:p@h1,u:p@h2/v"), "a://u:***@h2/v");
        assert_eq!(masked("a://u:p@ss/w?or#d@h/v?x=y"), "a://u:***@h/v?x=***");
        assert_eq!(masked("a:/u:p@h/v"), "a:***@h/v");
        assert_eq!(masked("u:p@h"), "u:***@h");
    }

    #[test]
    fn what_should_be_a_port_and_is_none_is_secret() {
        assert_eq!(masked("a://user:hunter2/v"), "a://user:***");
        assert_eq!(masked("a://h:1,user:hunter2/v"), "a://h:1,user:***");
        assert_eq!(masked("a://[::1]:5672,h:5672/v"), "a://[::1]:5672,h:5672/v");
        assert_eq!(masked("a://[::1]:x/v"), "a://[::1]:***");
        assert_eq!(masked("user:hunter2"), "user:***");
    }

    #[test]
    fn an_option_that_looks_secret_is_known_by_its_name_or_its_value() {
        assert!(is_secret_option("ssl_key_password", "x"));
        assert!(is_secret_option("ssl_options", "{'Password': 'x'}"));
        assert!(is_secret_option("proxy", "http://u:p@h"));
        assert!(!is_secret_option("heartbeat_interval", "3"));
    }
}
