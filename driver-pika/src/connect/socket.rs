use busway_core::net::{self, TcpOptions};
use busway_core::{Error, ErrorKind, Result};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::options::PikaOptions;

/// Connects a TCP socket with the options' time-outs.
pub(super) async fn connect(
    host: &str,
    port: u16,
    options: &PikaOptions,
    deadline: Instant,
) -> Result<TcpStream> {
    let user_timeout = *options.tcp_user_timeout;
    let tcp = TcpOptions { user_timeout: (!user_timeout.is_zero()).then_some(user_timeout) };
    tokio::time::timeout_at(deadline, net::connect(host, port, tcp)).await.map_err(|_| {
        let message = "the host did not answer within socket_timeout";
        Error::new(ErrorKind::Connection, message)
    })?
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use busway_core::config::Seconds;
    use socket2::SockRef;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_user_timeout_is_set_on_the_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let deadline = Instant::now() + Duration::from_mins(1);
        for (tcp_user_timeout, expected) in [
            (PikaOptions::default().tcp_user_timeout, Some(Duration::from_millis(250))),
            (Seconds::from_millis(1234), Some(Duration::from_millis(1234))),
            (Seconds::new(0), None),
        ] {
            let options = PikaOptions { tcp_user_timeout, ..PikaOptions::default() };
            let stream = connect("127.0.0.1", port, &options, deadline).await.expect("connected");
            let set = SockRef::from(&stream).tcp_user_timeout().expect("an option");
            assert_eq!(set, expected);
        }
    }
}
