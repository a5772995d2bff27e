//! The client library's runtime: tokio, with streams of ours.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use async_compat::{Compat, CompatExt};
use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_util::{AsyncRead, AsyncWrite};

use super::bytes::Bytes;

/// The runtime of the task that asks.
pub(super) fn runtime() -> Runtime<RuntimeParts<Tokio, Streams>> {
    Runtime::new(RuntimeParts::new(Tokio::current(), Streams(Tokio::current())))
}

/// Tokio's reactor, but for the type of its streams.
#[derive(Clone, Debug)]
pub(super) struct Streams(Tokio);

impl Reactor for Streams {
    type TcpStream = Compat<Bytes>;
    type Sleep = <Tokio as Reactor>::Sleep;

    // Handles of others are not registered by the library.
    fn register<H: Read + Write + Send + 'static>(
        &self,
        _: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Err::<Self::TcpStream, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(
        &self,
        duration: Duration,
    ) -> impl futures_util::Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let connecting = self.0.tcp_connect_addr(address);
        async { Ok(Bytes::plain(connecting.await?.into_inner()).compat()) }
    }
}
