use std::path::PathBuf;

use crate::Secret;

/// How connections are encrypted.
///
/// ```
/// use busway_core::net::{TlsOptions, TlsVersion};
///
/// let options = TlsOptions::default();
/// assert!(options.checked);
/// assert_eq!(options.least, TlsVersion::Tls12);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOptions {
    /// The PEM file with the certificates of the authorities that are trusted; the system's
    /// without one.
    pub ca_file: Option<PathBuf>,
    /// The PEM file with the client's certificate, and what leads from it to an authority.
    pub cert_file: Option<PathBuf>,
    /// The PEM file with the key of that certificate; the same file without one.
    pub key_file: Option<PathBuf>,
    /// The password of the key, when it is encrypted (PKCS#8).
    pub key_password: Option<Secret>,
    /// Whether the peer's certificate and name are checked. Unchecked, anybody in between can read
    /// along and pose as the peer.
    pub checked: bool,
    /// The least version of TLS that is spoken.
    pub least: TlsVersion,
    /// What the driver calls these options.
    pub names: TlsNames,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            ca_file: None,
            cert_file: None,
            key_file: None,
            key_password: None,
            checked: true,
            least: TlsVersion::default(),
            names: TlsNames::default(),
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What a driver calls the options of TLS: errors name what the user wrote.
///
/// ```
/// use busway_core::net::TlsNames;
///
/// const NAMES: TlsNames = TlsNames { ca_file: "ssl_ca_file", ..TlsNames::DEFAULT };
/// assert_eq!(NAMES.cert_file, "cert_file");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsNames {
    /// What stands before an option's name when its value is wrong: `"ssl_options: "`.
    pub prefix: &'static str,
    /// The option with the trusted authorities.
    pub ca_file: &'static str,
    /// The option with the client's certificate.
    pub cert_file: &'static str,
    /// The option with its key.
    pub key_file: &'static str,
    /// The option with the key's password; `None` if the driver has none.
    pub key_password: Option<&'static str>,
    /// The option with the least version.
    pub version: &'static str,
    /// What the peer's certificate has to stand for.
    pub subject: &'static str,
}

impl TlsNames {
    /// The names of [`TlsOptions`]' own fields.
    pub const DEFAULT: Self = Self {
        prefix: "",
        ca_file: "ca_file",
        cert_file: "cert_file",
        key_file: "key_file",
        key_password: Some("key_password"),
        version: "least",
        subject: "the host of the URL",
    };
}

impl Default for TlsNames {
    fn default() -> Self {
        Self::DEFAULT
    }
}
