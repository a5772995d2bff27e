use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::{Error, ErrorKind, Result};

/// How a socket is set up. Whatever it says, small messages are sent at once (`TCP_NODELAY`), and
/// an idle connection's peer is looked for each minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// How long sent data may stay unacknowledged by the peer's TCP before the connection is
    /// given up (`TCP_USER_TIMEOUT`, on Linux alone); `None` leaves it to the system.
    pub user_timeout: Option<Duration>,
}

/// Connects a TCP socket and sets its options; every address of the name is tried.
///
/// Cancel safe, and without a deadline of its own: the caller sets one.
///
/// ```
/// use busway_core::net::{TcpOptions, connect};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let port = listener.local_addr()?.port();
/// let stream = connect("127.0.0.1", port, TcpOptions::default()).await?;
/// assert!(stream.nodelay()?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Connection`] when the name is not known, or none of its addresses can be reached.
pub async fn connect(host: &str, port: u16, options: TcpOptions) -> Result<TcpStream> {
    let connected = TcpStream::connect((host, port)).await;
    let stream = connected.map_err(|error| unreachable(&error))?;
    configure(&stream, options).map_err(|error| unreachable(&error))?;
    Ok(stream)
}

fn configure(stream: &TcpStream, options: TcpOptions) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_mins(1)))?;
    #[cfg(target_os = "linux")]
    if options.user_timeout.is_some() {
        socket.set_tcp_user_timeout(options.user_timeout)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = options;
    Ok(())
}

pub(super) fn unreachable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Connection, format!("the host cannot be reached: {error}"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A socket that was connected with these options.
    async fn connected(options: TcpOptions) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        connect("127.0.0.1", port, options).await.expect("connected")
    }

    #[tokio::test]
    async fn small_messages_are_sent_at_once_and_dead_peers_are_looked_for() {
        let stream = connected(TcpOptions::default()).await;
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().expect("an option"));
        assert!(socket.keepalive().expect("an option"));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_user_timeout_is_set_on_the_socket() {
        for user_timeout in [Some(Duration::from_millis(1234)), None] {
            let stream = connected(TcpOptions { user_timeout }).await;
            let set = SockRef::from(&stream).tcp_user_timeout().expect("an option");
            assert_eq!(set, user_timeout);
        }
    }
}
