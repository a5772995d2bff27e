//! A driver's options with every type there is, and what every test needs.

use std::collections::BTreeMap;
use std::path::Path;

use busway_core::config::{self, ConfigBuilder, Options, Seconds};
use busway_core::driver::{Capabilities, DriverInfo, OpenFuture, OpenRequest, Registry};
use busway_core::{Config, Error, ErrorKind, Secret};
use serde::{Deserialize, Serialize};

pub(crate) const SECTION: &str = "oslo_messaging_pigeon";

#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub(crate) struct PigeonOptions {
    /// How many pigeons are kept.
    #[schemars(range(min = 1, max = 9))]
    pub(crate) pigeons: u8,
    /// The time between two looks at the sky.
    pub(crate) look_interval: Seconds,
    /// How long a letter may wait; for ever without it.
    pub(crate) letter_timeout: Option<Seconds>,
    /// The strongest wind to fly in.
    pub(crate) wind: f64,
    /// Whether they sing.
    pub(crate) song: bool,
    /// The exchange of replies.
    pub(crate) reply_exchange: String,
    /// The word that opens the loft.
    pub(crate) loft_key: Option<Secret>,
    /// What a stranger must say.
    pub(crate) password: Secret,
    /// In which order they fly.
    pub(crate) order: Order,
    /// Where they rest.
    pub(crate) roofs: Vec<String>,
    /// The size of each ring.
    pub(crate) rings: Vec<u16>,
    /// What else they are told.
    pub(crate) orders: BTreeMap<String, String>,
    /// Must be below 5 when they sing.
    pub(crate) volume: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    /// One after the other.
    RoundRobin,
    /// As they like.
    Shuffle,
}

impl Default for PigeonOptions {
    fn default() -> Self {
        Self {
            pigeons: 2,
            look_interval: Seconds::from_millis(250),
            letter_timeout: None,
            wind: 5.5,
            song: true,
            reply_exchange: "${control_exchange}_replies".to_owned(),
            loft_key: None,
            password: Secret::default(),
            order: Order::RoundRobin,
            roofs: vec!["north".to_owned(), "south".to_owned()],
            rings: Vec::new(),
            orders: BTreeMap::new(),
            volume: 1,
        }
    }
}

impl Options for PigeonOptions {
    const SECTION: &'static str = SECTION;

    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.song && self.volume > 4 {
            return Err(("volume", "too loud a song".to_owned()));
        }
        Ok(())
    }
}

fn open(_: OpenRequest) -> OpenFuture {
    Box::pin(async { Err(Error::unsupported("a driver of a test")) })
}

pub(crate) fn registry() -> Registry {
    Registry::empty().with(DriverInfo {
        name: "pigeon",
        schemes: &["pigeon"],
        summary: "Letters by air",
        capabilities: Capabilities::NONE,
        section: SECTION,
        options: config::describe::<PigeonOptions>,
        open,
    })
}

pub(crate) fn builder() -> ConfigBuilder {
    Config::builder().registry(registry())
}

pub(crate) fn pigeon(config: &Config) -> PigeonOptions {
    config.section().expect("a section that was checked")
}

/// Writes a file for one test and hands its path over.
pub(crate) fn with_file<T>(name: &str, text: &str, check: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    check(&path)
}

#[track_caller]
pub(crate) fn read(name: &str, text: &str) -> Config {
    with_file(name, text, |path| builder().file(path).build()).expect("a good file")
}

/// The error of an INI file.
#[track_caller]
pub(crate) fn refused(text: &str) -> Error {
    let built = with_file("service.conf", text, |path| builder().file(path).build());
    let error = built.expect_err("a bad file");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    error
}

/// Fails unless the error is of this option of a file and its message has this in it.
#[track_caller]
pub(crate) fn assert_tells(error: &Error, section: &str, key: &str, what: &str) {
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!((error.get("section"), error.get("key")), (Some(section), Some(key)), "{error}");
    assert!(error.get("file").is_some_and(|path| path.ends_with("service.conf")), "{error}");
    assert!(error.message().contains(what), "{error}");
}
