use figment::providers::Format;
use serde::de::DeserializeOwned;

/// YAML for figment, by a crate that is maintained.
#[derive(Debug)]
pub(super) struct Yaml;

impl Format for Yaml {
    type Error = yaml_serde::Error;

    const NAME: &'static str = "YAML";

    fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Self::Error> {
        yaml_serde::from_str(text)
    }
}
