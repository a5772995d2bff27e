use std::fmt::Write;
use std::path::PathBuf;

use busway_core::Result;

use crate::certificates::{Authority, Issued};

/// What lets clients log in by their certificates.
pub(super) const PLUGIN: &str = "rabbitmq_auth_mechanism_ssl";

/// What a broker with TLS wants to know of its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Those without a certificate are welcome; a certificate that is shown has to be one of the
    /// authority's.
    MayBeUnknown,
    /// Every client has to show a certificate of the authority's.
    MustBeKnown,
}

/// How a broker speaks TLS.
#[derive(Debug)]
pub(super) struct Tls {
    authority: PathBuf,
    own: Issued,
    clients: Clients,
}

impl Tls {
    pub(super) fn new(authority: &Authority, clients: Clients) -> Result<Self> {
        let own = authority.issue("broker", &["localhost", "127.0.0.1"])?;
        Ok(Self { authority: authority.file().to_owned(), own, clients })
    }

    /// Lines of `rabbitmq.conf`.
    pub(super) fn config(&self, port: u16) -> String {
        let mut lines = format!("listeners.ssl.1 = 127.0.0.1:{port}\n");
        let files = [
            ("cacertfile", &self.authority),
            ("certfile", &self.own.certificate),
            ("keyfile", &self.own.key),
        ];
        for (option, file) in files {
            writeln!(lines, "ssl_options.{option} = {}", file.display())
                .expect("a String takes whatever is written");
        }
        let must = self.clients == Clients::MustBeKnown;
        lines + &format!("ssl_options.fail_if_no_peer_cert = {must}\n") + REST
    }
}

const REST: &str = "\
ssl_options.verify = verify_peer
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = EXTERNAL
";
