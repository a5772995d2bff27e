//! Certificates and keys from PEM files.

use std::fmt::Display;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{Error, ErrorKind, Result};

/// The option that names a file.
#[derive(Clone, Copy)]
pub(super) struct Label {
    /// What stands before its name in a message.
    pub(super) prefix: &'static str,
    pub(super) option: &'static str,
}

/// The certificates of a file, one at least.
pub(super) fn certificates(label: Label, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = read(label, path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(wrong(label, path, "the file holds no certificate in PEM"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(wrong(label, path, no_pem(&error))),
    }
}

/// The first private key of a file.
pub(super) fn key(label: Label, path: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read(label, path)?;
    if is_encrypted(&text) {
        let message = "the private key is encrypted, which is not supported: decrypt it, for one by \
                       `openssl pkey`, and let the file's permissions protect it";
        return Err(wrong(label, path, message));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => wrong(label, path, "the file holds no private key in PEM"),
        error => wrong(label, path, no_pem(&error)),
    })
}

/// What is wrong with a file that an option names.
pub(super) fn wrong(label: Label, path: &Path, what: impl Display) -> Error {
    let Label { prefix, option } = label;
    Error::new(ErrorKind::Configuration, format!("{prefix}{option}: {what}"))
        .with("option", option)
        .with("path", path.display())
}

fn read(label: Label, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| wrong(label, path, format!("the file cannot be read: {error}")))
}

/// PKCS#8 says it in the first line, older forms in a header.
fn is_encrypted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.lines().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"))
}

/// Without what stands in the file: it may be a key.
fn no_pem(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "the file ends within a section of PEM",
        pem::Error::Base64Decode(_) => "the file is damaged: what it holds is no base64",
        _ => "the file is not PEM",
    }
}
