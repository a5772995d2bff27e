//! Certificates of the tests' own: an authority in a folder, and what it signs.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use busway_core::{Error, ErrorKind, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;

/// A certificate authority that nobody else trusts. Its files end with it.
///
/// ```
/// use busway_testkit::certificates::Authority;
///
/// let authority = Authority::new()?;
/// let broker = authority.issue("broker", &["localhost", "127.0.0.1"])?;
/// assert!(std::fs::read_to_string(&broker.key).unwrap().contains("PRIVATE KEY"));
/// # Ok::<(), busway_core::Error>(())
/// ```
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
    file: PathBuf,
    issued: AtomicU32,
}

/// A certificate and its private key, each in a PEM file.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of the private key.
    pub key: PathBuf,
}

impl Authority {
    /// An authority with a key of its own.
    ///
    /// # Errors
    /// `Internal` when its files cannot be written.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("busway-certificates-").tempdir();
        let folder = folder.map_err(failed)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Busway's tests");
        let key = KeyPair::generate().map_err(failed)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(failed)?;
        let file = folder.path().join("authority.pem");
        fs::write(&file, issuer.pem()).map_err(failed)?;
        Ok(Self { issuer, folder, file, issued: AtomicU32::new(0) })
    }

    /// The PEM file with its certificate: who has it trusts what it signs.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A certificate for servers and clients: whose it is, and the names and addresses that it
    /// stands for.
    ///
    /// # Errors
    /// `Internal` when a name cannot stand in a certificate, or a file cannot be written.
    pub fn issue(&self, common_name: &str, names: &[&str]) -> Result<Issued> {
        self.issue_until(common_name, names, 2100)
    }

    /// The like, which ended in the year 2001.
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub fn issue_expired(&self, common_name: &str, names: &[&str]) -> Result<Issued> {
        self.issue_until(common_name, names, 2001)
    }

    fn issue_until(&self, common_name: &str, names: &[&str], year: i32) -> Result<Issued> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let path = |end: &str| self.folder.path().join(format!("{number}-{common_name}{end}"));
        let issued = Issued { certificate: path(".pem"), key: path("-key.pem") };
        fs::write(&issued.certificate, certificate.pem()).map_err(failed)?;
        fs::write(&issued.key, key.serialize_pem()).map_err(failed)?;
        Ok(issued)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("file", &self.file).finish_non_exhaustive()
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Internal, "a certificate of the test's could not be made").because(error)
}
