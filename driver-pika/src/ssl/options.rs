use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use busway_core::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::python;
use super::words::{CertReqs, SslVersion};

/// What the option `ssl_options` says: the keys are those of oslo.messaging's pika driver, that
/// is of Python's `ssl.wrap_socket`.
///
/// It is read as JSON, as a Python dictionary, or as oslo.config writes dictionaries
/// (`key:value,key:value`), and written as JSON. Other than there, the broker's certificate and
/// name are checked unless `cert_reqs` says otherwise.
///
/// ```
/// use busway_driver_pika::{CertReqs, SslOptions};
///
/// let options: SslOptions = "{'ca_certs': '/etc/ca.pem', 'cert_reqs': 2}".parse()?;
/// assert_eq!(options.ca_certs.as_deref(), Some("/etc/ca.pem".as_ref()));
/// assert_eq!(options.cert_reqs, CertReqs::Required);
/// assert_eq!("ca_certs:/etc/ca.pem".parse::<SslOptions>()?, options);
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SslOptions {
    /// The PEM file with the certificates of the authorities that are trusted; the system's
    /// without one.
    pub ca_certs: Option<PathBuf>,
    /// The PEM file with the client's certificate, and what leads from it to an authority.
    pub certfile: Option<PathBuf>,
    /// The PEM file with the key of that certificate; the same file without one.
    pub keyfile: Option<PathBuf>,
    /// Whether the broker's certificate and name are checked.
    pub cert_reqs: CertReqs,
    /// The least version of TLS.
    pub ssl_version: SslVersion,
}

const KEYS: [&str; 5] = ["ca_certs", "certfile", "keyfile", "cert_reqs", "ssl_version"];

impl SslOptions {
    fn read(map: &Map<String, Value>) -> Result<Self, String> {
        if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("'{unknown}' is not known; known are {}", KEYS.join(", ")));
        }
        let value = |key: &str| map.get(key).filter(|value| !value.is_null());
        let path = |key: &str| match value(key) {
            None => Ok(None),
            Some(Value::String(path)) if !path.is_empty() => Ok(Some(PathBuf::from(path))),
            Some(_) => Err(format!("{key}: expected the path of a file")),
        };
        let options = Self {
            ca_certs: path("ca_certs")?,
            certfile: path("certfile")?,
            keyfile: path("keyfile")?,
            cert_reqs: value("cert_reqs")
                .map_or(Ok(CertReqs::default()), CertReqs::read)
                .map_err(|error| format!("cert_reqs: {error}"))?,
            ssl_version: value("ssl_version")
                .map_or(Ok(SslVersion::default()), SslVersion::read)
                .map_err(|error| format!("ssl_version: {error}"))?,
        };
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> Result<(), String> {
        if self.keyfile.is_some() && self.certfile.is_none() {
            return Err("keyfile: a key without its certificate (certfile)".to_owned());
        }
        Ok(())
    }

    /// Reads the option's text; the error says what is wrong, without the option's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !text.starts_with('{') {
            return Self::read(&oslo_config(text)?);
        }
        let map = match serde_json::from_str(text) {
            Ok(Value::Object(map)) => map,
            _ => python::read(text)
                .map_err(|why| format!("neither JSON nor a Python dictionary: {why}"))?,
        };
        Self::read(&map)
    }
}

/// A dictionary as oslo.config writes it.
fn oslo_config(text: &str) -> Result<Map<String, Value>, String> {
    let mut map = Map::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) =
            pair.split_once(':').ok_or("expected a dictionary, or key:value,key:value")?;
        if map.insert(key.trim().to_owned(), Value::from(value.trim())).is_some() {
            return Err(format!("'{}' twice", key.trim()));
        }
    }
    Ok(map)
}

impl FromStr for SslOptions {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Configuration`] for what is no dictionary, an unknown key or a bad value.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
            .map_err(|why| Error::new(ErrorKind::Configuration, format!("ssl_options: {why}")))
    }
}

impl fmt::Display for SslOptions {
    /// As JSON. A path that is no text in UTF-8 is written as near as can be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = Map::new();
        let paths = [
            ("ca_certs", &self.ca_certs),
            ("certfile", &self.certfile),
            ("keyfile", &self.keyfile),
        ];
        for (key, path) in paths {
            if let Some(path) = path {
                map.insert(key.to_owned(), Value::from(path.to_string_lossy()));
            }
        }
        map.insert("cert_reqs".to_owned(), Value::from(self.cert_reqs.to_string()));
        map.insert("ssl_version".to_owned(), Value::from(self.ssl_version.to_string()));
        write!(f, "{}", Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> SslOptions {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_three_spellings_say_the_same() {
        let expected = SslOptions {
            ca_certs: Some("/a b/ca.pem".into()),
            certfile: Some("/c.pem".into()),
            keyfile: Some("/k.pem".into()),
            cert_reqs: CertReqs::None,
            ssl_version: SslVersion::Tls13,
        };
        for text in [
            r#"{"ca_certs":"/a b/ca.pem","certfile":"/c.pem","keyfile":"/k.pem","cert_reqs":0,
                "ssl_version":"TLSv1.3"}"#,
            "{'ca_certs': '/a b/ca.pem', 'certfile': '/c.pem', 'keyfile': u'/k.pem', \
             'cert_reqs': ssl.CERT_NONE, 'ssl_version': 'PROTOCOL_TLSv1_3'}",
            "ca_certs:/a b/ca.pem, certfile:/c.pem,keyfile:/k.pem,cert_reqs:CERT_NONE,\
             ssl_version:TLSv1_3",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read(&expected.to_string()), expected);
        assert_eq!(read("{}"), SslOptions::default());
        assert_eq!(read(""), SslOptions::default());
        assert_eq!(read("{'ca_certs': None, 'cert_reqs': None}"), SslOptions::default());
    }

    #[test]
    fn constants_of_python_are_known_by_name_and_number() {
        for (text, expected) in [
            ("0", CertReqs::None),
            ("'none'", CertReqs::None),
            ("1", CertReqs::Optional),
            ("2", CertReqs::Required),
            ("'CERT_REQUIRED'", CertReqs::Required),
        ] {
            assert_eq!(read(&format!("{{'cert_reqs': {text}}}")).cert_reqs, expected, "{text}");
        }
        for text in ["2", "16", "5", "'PROTOCOL_TLS'", "'SSLv23'", "'TLSv1.2'", "'TLSv1_2'"] {
            let version = read(&format!("{{'ssl_version': {text}}}")).ssl_version;
            assert_eq!(version, SslVersion::Tls12, "{text}");
        }
    }

    #[test]
    fn a_version_that_is_broken_is_refused_with_a_clear_word() {
        for text in ["1", "3", "4", "'TLSv1'", "'TLSv1_1'", "ssl.PROTOCOL_SSLv3", "'SSLv2'"] {
            let error = format!("{{'ssl_version': {text}}}").parse::<SslOptions>();
            let error = error.expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains("no longer spoken"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("{'ca_cert': 'x'}", "'ca_cert' is not known"),
            ("{'cert_reqs': 3}", "cert_reqs: 3"),
            ("{'ssl_version': 'TLSv9'}", "ssl_version: \"TLSv9\""),
            ("{'ca_certs': 1}", "ca_certs: expected the path"),
            ("{'keyfile': 'k'}", "keyfile: a key without"),
            ("{'a'", "neither JSON nor a Python dictionary"),
            ("nonsense", "expected a dictionary"),
            ("certfile:a,certfile:b", "'certfile' twice"),
        ] {
            let error = text.parse::<SslOptions>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains(named), "{text}: {error}");
        }
    }
}
