use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How often what must come to be is looked for.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// How long a connection to this machine may take to be answered.
const ANSWER: Duration = Duration::from_secs(2);
/// What begins a connection of AMQP 0-9-1.
const AMQP: &[u8] = b"AMQP\0\0\x09\x01";

/// A port that nobody listens on: below those that the system hands out for outgoing
/// connections, so that it can be used again after a restart.
pub(super) fn free() -> io::Result<u16> {
    for _ in 0..1000 {
        let port = fastrand::u16(16_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no free port was found in a thousand tries"))
}

/// The address of a port of this machine.
pub(super) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Whether somebody accepts connections there.
pub(super) fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&local(port), ANSWER).is_ok()
}

/// Whether somebody there answers AMQP 0-9-1.
pub(super) fn answers_amqp(port: u16) -> bool {
    let ask = || -> io::Result<u8> {
        let mut stream = TcpStream::connect_timeout(&local(port), ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(AMQP)?;
        let mut frame = [0; 7];
        stream.read_exact(&mut frame)?;
        Ok(frame[0])
    };
    // A method frame: the broker's `connection.start`.
    ask().is_ok_and(|frame_type| frame_type == 1)
}
