//! Certificates and keys from PEM files.

use std::fmt::Display;
use std::path::Path;

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{Error, ErrorKind, Result, Secret};

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

/// What opens an encrypted key.
#[derive(Clone, Copy)]
pub(super) struct Password<'a> {
    /// The option that holds it, if the driver has one.
    pub(super) option: Option<&'static str>,
    pub(super) password: Option<&'a Secret>,
}

/// The first private key of a file.
pub(super) fn key(
    label: Label,
    path: &Path,
    password: Password<'_>,
) -> Result<PrivateKeyDer<'static>> {
    let text = read(label, path)?;
    if let Some(section) = encrypted(&text) {
        return decrypted(section, password).map_err(|what| wrong(label, path, what));
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

/// An encrypted key.
#[derive(Clone, Copy)]
enum Encrypted<'a> {
    /// PKCS#8: the section of PEM.
    Pkcs8(&'a str),
    /// An older form, of which a header tells that it is encrypted.
    Legacy,
}

fn encrypted(text: &[u8]) -> Option<Encrypted<'_>> {
    const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
    let text = std::str::from_utf8(text).ok()?;
    if let Some(begin) = text.find(BEGIN) {
        let section = &text[begin..];
        let end = section.find(END).map_or(section.len(), |end| end + END.len());
        return Some(Encrypted::Pkcs8(&section[..end]));
    }
    text.lines()
        .any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"))
        .then_some(Encrypted::Legacy)
}

/// The key in the section. No error of what lies below is shown: it may hold what it read.
fn decrypted(
    encrypted: Encrypted<'_>,
    password: Password<'_>,
) -> Result<PrivateKeyDer<'static>, String> {
    let Some(option) = password.option else {
        return Err(
            "the private key is encrypted, which is not supported: decrypt it, for one by \
                    `openssl pkey`, and let the file's permissions protect it"
                .to_owned(),
        );
    };
    let Encrypted::Pkcs8(section) = encrypted else {
        return Err("the private key is encrypted in an old form (Proc-Type), which is not \
                    supported: write it anew by `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
            .to_owned());
    };
    let Some(password) = password.password else {
        return Err(format!("the private key is encrypted, and {option} is not set"));
    };
    let (_, document) = SecretDocument::from_pem(section)
        .map_err(|_| "the encrypted private key is damaged".to_owned())?;
    let sealed: EncryptedPrivateKeyInfoRef<'_> = document.as_bytes().try_into().map_err(|_| {
        "the private key is damaged, or encrypted by other means than PBES2 (as \
         `openssl pkcs8 -topk8 -v2 aes-256-cbc` writes it)"
            .to_owned()
    })?;
    let opened = sealed
        .decrypt(password.expose())
        .map_err(|_| format!("the private key cannot be decrypted: {option} is wrong"))?;
    Ok(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec())))
}

/// Without what stands in the file: it may be a key.
fn no_pem(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "the file ends within a section of PEM",
        pem::Error::Base64Decode(_) => "the file is damaged: what it holds is no base64",
        _ => "the file is not PEM",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    // Made by openssl for these tests, of one key; the password is "hunter2".
    const PLAIN: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7jquh3xh7Qqx+efy
eAIgKbiab14CUQpj2d9wDwdPPx6hRANCAAQSh1se3t3Q1xAg/S2dRBbwXmSyHefy
MSXD/Rqju66B1o5xCWaOxDparKoGFjt2Du0d2xOGn/8Oh9PRHAN7wRIa
-----END PRIVATE KEY-----
";
    const SEALED: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjo+/PmO5QhkQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEELCscUFmgdJP+fSlR2LAwakEgZAP
kdlgBLz6gbGrLvVECDKFTuGSDc3joXDy58SwSlouO8mmrIroV/l72B+ferRpC5Yq
KWoH2SCMbER0WXechYPeWDQU6xrSt6vmAgUazF7SnDj9BANHYZKhpiqbRokgTtJy
U1Rvt/6OKsnoosw16ScFqbYuuUY+2EccgHKSI2Oefg+9gIthYE4mxCGlXq6dWUw=
-----END ENCRYPTED PRIVATE KEY-----
";
    const BY_PBES1: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIKSFlYYQry9oCAggABIGQNt/2tM4YMLEFL+mG
tKp/NAumGxgvEFy55DYK/1s7qJMOdyvtGGVoOF7e9WAVMuLBFIC7KnosZHpdTEQF
q3eeIlYinEdl9gp5TE3HNTO2NvjbeUUcBAt0ltWnEzQnFOWO8S8oOgsphBeGmFiX
iHQz7UkjwnHOww5xgJTij1L1erojTqXtWH9fj7EWSFT50EAY
-----END ENCRYPTED PRIVATE KEY-----
";
    const LEGACY: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,B5A0E98C38C81D9EECE4EF8F3F60F809

AAAA
-----END EC PRIVATE KEY-----
";
    const LABEL: Label = Label { prefix: "", option: "key_file" };

    fn read_key(text: &str, password: Option<&str>) -> Result<PrivateKeyDer<'static>> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let password = password.map(Secret::new);
        let password = Password { option: Some("key_password"), password: password.as_ref() };
        key(LABEL, file.path(), password)
    }

    #[test]
    fn an_encrypted_key_is_opened_by_its_password() {
        let plain = read_key(PLAIN, None).expect("a key");
        // A certificate may stand before it.
        let sealed = format!("some words\n{SEALED}");
        let opened = read_key(&sealed, Some("hunter2")).expect("a key");
        assert_eq!(opened.secret_der(), plain.secret_der());
        // The password of a key that needs none is no harm.
        assert!(read_key(PLAIN, Some("hunter2")).is_ok());
    }

    #[test]
    fn a_key_that_cannot_be_opened_says_why_and_shows_nothing() {
        let damaged = SEALED.replace("MIHs", "MIHt");
        let cut = &SEALED[..200];
        for (text, password, said) in [
            (SEALED, None, "key_password is not set"),
            (SEALED, Some("hunter3"), "key_password is wrong"),
            (&damaged, Some("hunter2"), "damaged"),
            (cut, Some("hunter2"), "damaged"),
            (BY_PBES1, Some("hunter2"), "other means than PBES2"),
            (LEGACY, Some("hunter2"), "Proc-Type"),
        ] {
            let error = read_key(text, password).expect_err(said);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains(said), "{said}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
        }
    }
}
