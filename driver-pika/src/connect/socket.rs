use std::io;
use std::net::Shutdown;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::options::PikaOptions;

/// Connects a TCP socket and sets its options; every address of the name is tried.
pub(super) async fn connect(
    host: &str,
    port: u16,
    options: &PikaOptions,
    deadline: Instant,
) -> Result<TcpStream> {
    let connecting = TcpStream::connect((host, port));
    let connected = tokio::time::timeout_at(deadline, connecting).await.map_err(|_| {
        let message = "the host did not answer within socket_timeout";
        Error::new(ErrorKind::Connection, message)
    })?;
    let stream = connected.map_err(|error| unreachable(&error))?;
    configure(&stream, options).map_err(|error| unreachable(&error))?;
    Ok(stream)
}

fn configure(stream: &TcpStream, options: &PikaOptions) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_mins(1)))?;
    #[cfg(target_os = "linux")]
    if !options.tcp_user_timeout.is_zero() {
        socket.set_tcp_user_timeout(Some(*options.tcp_user_timeout))?;
    }
    Ok(())
}

fn unreachable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Connection, format!("the host cannot be reached: {error}"))
}

/// A second hand on a connection's socket, to cut it off whatever its owner waits for.
#[derive(Debug)]
pub(crate) struct KillSwitch(Socket);

impl KillSwitch {
    pub(super) fn of(stream: &TcpStream) -> Result<Self> {
        SockRef::from(stream).try_clone().map(Self).map_err(|error| unreachable(&error))
    }

    /// Cuts the connection off; its owner sees the end of the stream.
    pub(crate) fn kill(&self) {
        // A socket that is gone already needs no cutting off.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
