use std::net::Shutdown;

use socket2::{SockRef, Socket};
use tokio::net::TcpStream;

use super::tcp::unreachable;
use crate::Result;

/// A second hand on a connection's socket, to cut it off whatever its owner waits for.
///
/// ```
/// # use tokio::net::{TcpListener, TcpStream};
/// use busway_core::net::KillSwitch;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let stream = TcpStream::connect(listener.local_addr()?).await?;
/// let kill = KillSwitch::of(&stream)?;
/// kill.kill();
/// stream.readable().await?;
/// assert_eq!(stream.try_read(&mut [0])?, 0);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct KillSwitch(Socket);

impl KillSwitch {
    /// A second hand on this socket.
    ///
    /// # Errors
    /// [`Connection`](crate::ErrorKind::Connection) when the process has no file descriptor left.
    pub fn of(stream: &TcpStream) -> Result<Self> {
        SockRef::from(stream).try_clone().map(Self).map_err(|error| unreachable(&error))
    }

    /// One that cuts off when it is dropped: for the time until a connection has an owner.
    #[must_use]
    pub fn on_drop(self) -> CutOff {
        CutOff(Some(self))
    }

    /// Cuts the connection off; its owner sees the end of the stream.
    pub fn kill(&self) {
        // A socket that is gone already needs no cutting off.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Cuts a connection off when it is dropped, unless it was defused. See [`KillSwitch::on_drop`].
#[derive(Debug)]
pub struct CutOff(Option<KillSwitch>);

impl CutOff {
    /// The switch, which now acts when it is told to.
    #[must_use]
    pub fn defused(mut self) -> KillSwitch {
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
