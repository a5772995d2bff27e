//! Why a broker does not start.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a [`Broker`](crate::Broker) could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A file of TLS cannot be read, or holds no certificate or no key.
    TlsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not go together, or are not usable.
    Tls {
        /// What is wrong with them.
        reason: String,
    },
    /// The system gives no thread, or no runtime, to run the broker on.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } => {
                write!(formatter, "cannot listen on {address}: {source}")
            }
            Self::TlsFile { path, reason } => write!(formatter, "{}: {reason}", path.display()),
            Self::Tls { reason } => {
                write!(formatter, "certificate and key cannot be used: {reason}")
            }
            Self::Thread(source) => write!(formatter, "the broker cannot be run: {source}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Thread(source) => Some(source),
            Self::TlsFile { .. } | Self::Tls { .. } => None,
        }
    }
}
