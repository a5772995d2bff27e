//! What the tests share: how transports are opened, and what they look at.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::rpc::{Endpoint, Failure, RpcClient, RpcServer, Visibility};
use busway_core::url::Host;
use busway_core::{Context, Error, ErrorKind, Payload, Result, Target, Transport, TransportUrl};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Longer than anything here may take on a machine that has much else to do.
pub(crate) const HANG: Duration = Duration::from_mins(2);
/// A password that no error may show.
pub(crate) const PASSWORD: &str = "hunter2";

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

pub(crate) async fn open(url: TransportUrl) -> Result<Transport> {
    timeout(HANG, Transport::builder().open_url(url)).await.expect("opening hangs")
}

/// Opens, serves itself, and closes.
pub(crate) async fn works(url: TransportUrl) {
    let transport = open(url).await.expect("open");
    echo(&transport, 10).await;
    transport.close().await.expect("closed");
}

/// Opens a URL that cannot be opened; the error names the peer, and no password.
pub(crate) async fn refused(url: TransportUrl, kind: ErrorKind) -> Error {
    let shown = url.to_string();
    let error = open(url).await.expect_err(&shown);
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.get("peer").is_some(), "{error:?}");
    let said = format!("{error} {error:?} {error:#?}");
    assert!(!said.contains(PASSWORD), "{said}");
    error
}

#[track_caller]
pub(crate) fn assert_says(error: &Error, words: &[&str]) {
    for word in words {
        assert!(error.to_string().contains(word), "'{word}' is not in: {error}");
    }
}

struct Echo;

#[async_trait]
impl Endpoint for Echo {
    fn visibility(&self, _: &str) -> Option<Visibility> {
        Some(Visibility::Public)
    }

    async fn call(&self, _: &str, args: Payload, _: Context) -> Result<Payload, Failure> {
        Ok(args)
    }
}

/// Serves, and calls it with a body of so many bytes.
pub(crate) async fn echo(transport: &Transport, size: usize) {
    let target = Target::new("secure").with_server("here");
    let server =
        RpcServer::builder(transport, target).endpoint(Echo).start().await.expect("a server");
    let sent = json!({ "text": "x".repeat(size) });
    let client = RpcClient::builder(transport, Target::new("secure")).timeout(HANG).build();
    let reply: Value = client.call("echo", &sent).await.expect("a reply");
    assert_eq!(reply, sent);
    server.stop().await.expect("stopped");
}
