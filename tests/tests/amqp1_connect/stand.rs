//! What the tests share: how transports are opened, and what they look at.

use std::path::Path;

use busway_core::TransportUrl;
use busway_core::url::Host;
pub(crate) use busway_tests::connecting::{HANG, PASSWORD, assert_says, echo, open, refused};

pub(crate) fn url(scheme: &str, host: &str, port: u16) -> TransportUrl {
    let host = Host::new(host).with_port(port);
    TransportUrl::new(scheme).expect("a scheme").with_host(host)
}

/// The like, for `bob`.
pub(crate) fn bobs(scheme: &str, host: &str, port: u16) -> TransportUrl {
    let host = Host::new(host).with_port(port).with_credentials("bob", PASSWORD);
    TransportUrl::new(scheme).expect("a scheme").with_host(host)
}

pub(crate) fn path(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Opens, serves itself, and closes.
pub(crate) async fn works(url: TransportUrl) {
    let transport = open(url).await.expect("open");
    echo(&transport, 10).await;
    transport.close().await.expect("closed");
}
