use std::fmt;

use serde_json::Value;

/// Whether the broker has to prove who it is; the names are those of Python's module `ssl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertReqs {
    /// It need not: anybody in between can read along, passwords too. For tests alone; each
    /// transport that is opened so logs a warning.
    None,
    /// The same as [`Required`](Self::Required), as Python's `ssl` has it for clients.
    Optional,
    /// Its certificate has to be signed by an authority that is trusted, for the name or address
    /// in the URL.
    #[default]
    Required,
}

/// The least version of TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslVersion {
    /// TLS 1.2 or newer.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl CertReqs {
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        match word(value).as_str() {
            "0" | "none" => Ok(Self::None),
            "1" | "optional" => Ok(Self::Optional),
            "2" | "required" => Ok(Self::Required),
            _ => Err(format!("{value}: expected CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED")),
        }
    }
}

impl fmt::Display for CertReqs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "CERT_NONE",
            Self::Optional => "CERT_OPTIONAL",
            Self::Required => "CERT_REQUIRED",
        })
    }
}

impl SslVersion {
    /// The numbers are those of Python's module `ssl`.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        match word(value).as_str() {
            "2" | "16" | "5" | "tls" | "tlsclient" | "sslv23" | "tlsv12" | "tls12" => {
                Ok(Self::Tls12)
            }
            "tlsv13" | "tls13" => Ok(Self::Tls13),
            "0" | "1" | "3" | "4" | "sslv2" | "sslv3" | "tlsv1" | "tls1" | "tlsv10" | "tls10"
            | "tlsv11" | "tls11" => Err(format!(
                "{value}: that version is broken and no longer spoken; TLSv1_2 is the oldest"
            )),
            _ => Err(format!("{value}: expected TLSv1_2 or TLSv1_3")),
        }
    }
}

impl fmt::Display for SslVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLSv1_2",
            Self::Tls13 => "TLSv1_3",
        })
    }
}

/// A constant of Python's `ssl` without what may stand around it.
fn word(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let text = text.trim().to_ascii_lowercase().replace(['_', '.', ' ', '-'], "");
    let mut text = text.as_str();
    for prefix in ["ssl", "protocol", "cert"] {
        match text.strip_prefix(prefix) {
            // 'ssl' begins some names too.
            Some(rest) if prefix != "ssl" || !rest.starts_with('v') => text = rest,
            _ => {}
        }
    }
    text.to_owned()
}
