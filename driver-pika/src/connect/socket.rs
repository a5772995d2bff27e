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

    /// One that cuts off when it is dropped.
    pub(super) fn on_drop(self) -> CutOff {
        CutOff(Some(self))
    }

    /// Cuts the connection off; its owner sees the end of the stream.
    pub(crate) fn kill(&self) {
        // A socket that is gone already needs no cutting off.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Cuts a connection off when it is dropped, unless it was defused.
#[derive(Debug)]
pub(super) struct CutOff(Option<KillSwitch>);

impl CutOff {
    pub(super) fn defused(mut self) -> KillSwitch {
        self.0.take().expect("it is taken by dropping and by this alone")
    }
}

impl Drop for CutOff {
    fn drop(&mut self) {
        if let Some(kill) = &self.0 {
            kill.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use busway_core::config::Seconds;
    use tokio::net::TcpListener;

    use super::*;

    /// A socket that was connected with these options.
    async fn connected(options: &PikaOptions) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let deadline = Instant::now() + Duration::from_mins(1);
        connect("127.0.0.1", port, options, deadline).await.expect("connected")
    }

    #[tokio::test]
    async fn small_messages_are_sent_at_once_and_dead_peers_are_looked_for() {
        let stream = connected(&PikaOptions::default()).await;
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().expect("an option"));
        assert!(socket.keepalive().expect("an option"));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_user_timeout_is_set_on_the_socket() {
        for (tcp_user_timeout, expected) in [
            (PikaOptions::default().tcp_user_timeout, Some(Duration::from_millis(250))),
            (Seconds::from_millis(1234), Some(Duration::from_millis(1234))),
            (Seconds::new(0), None),
        ] {
            let options = PikaOptions { tcp_user_timeout, ..PikaOptions::default() };
            let stream = connected(&options).await;
            let set = SockRef::from(&stream).tcp_user_timeout().expect("an option");
            assert_eq!(set, expected);
        }
    }
}
