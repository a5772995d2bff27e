//! What is fed with anything by the programs in `fuzz/`: it must not panic, whatever comes.

use crate::config::{Config, read_ini};
use crate::url::TransportUrl;

/// A transport URL; one that can be read is read the same once it is written.
pub fn transport_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<TransportUrl>() {
        Ok(url) => {
            let written = url.to_secret_string();
            let again = written.expose().parse::<TransportUrl>();
            assert_eq!(again.ok(), Some(url), "read otherwise once it was written");
        }
        Err(error) => drop(error.to_string()),
    }
}

/// A configuration file, and what its options refer to.
pub fn ini(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(sections) = read_ini(text) else { return };
    let said = sections.into_iter().flat_map(|(section, said)| {
        said.into_iter().map(move |(key, value)| (section.clone(), key, value))
    });
    let config = said
        .fold(Config::builder(), |config, (section, key, value)| config.set(section, key, value));
    match config.build() {
        Ok(config) => drop(format!("{config:?}")),
        Err(error) => drop(error.to_string()),
    }
}

#[cfg(test)]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_transport_url_is_too_bad() {
        seeds::and_what_is_near("transport_url", transport_url);
    }

    #[test]
    fn no_configuration_is_too_bad() {
        seeds::and_what_is_near("ini", ini);
    }
}
