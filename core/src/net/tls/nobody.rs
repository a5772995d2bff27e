use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

/// A client without a certificate, who remembers being asked for one.
///
/// From TLS 1.3 on the broker's refusal comes after the handshake, and may be lost when the broker
/// hangs up at once.
#[derive(Debug, Default)]
pub(super) struct Nobody {
    asked: AtomicBool,
}

impl Nobody {
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
}

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Release);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
