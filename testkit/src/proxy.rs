//! A TCP proxy between a driver and its broker: what a bad network does, by command.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The bytes that are on their way through a connection at most, and the largest piece in which
/// they pass.
const BUFFER: usize = 16 * 1024;

/// One of the two ways of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the client to the broker.
    Up,
    /// From the broker to the client.
    Down,
}

/// What the network does at present.
#[derive(Clone, Copy, Debug)]
struct Weather {
    cut: bool,
    resets: u64,
    up_stalled: bool,
    down_stalled: bool,
    /// What passes at a time, in bytes.
    piece: usize,
    /// How long each piece is held back.
    delay: Duration,
}

impl Weather {
    /// The best there is, after so many resets.
    fn fair(resets: u64) -> Self {
        let (cut, up_stalled, down_stalled) = (false, false, false);
        Self { cut, resets, up_stalled, down_stalled, piece: BUFFER, delay: Duration::ZERO }
    }

    fn stalls(&self, way: Way) -> bool {
        match way {
            Way::Up => self.up_stalled,
            Way::Down => self.down_stalled,
        }
    }
}

/// A proxy on this machine in front of an address; it ends when dropped.
///
/// ```
/// use busway_testkit::proxy::{Proxy, Way};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let proxy = Proxy::to("127.0.0.1:5672".parse().unwrap()).await?;
/// // … connect to `proxy.address()`, and then:
/// proxy.stall(Way::Down);
/// proxy.heal();
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    open: watch::Receiver<usize>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// A proxy to that address; it lets everything pass. Runs on the current runtime.
    ///
    /// # Errors
    /// Why it cannot listen.
    pub async fn to(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let weather = watch::Sender::new(Weather::fair(0));
        let (count, open) = watch::channel(0);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, upstream, weather.subscribe(), count));
        Ok(Self { address, weather, open, _serving: serving })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections pass through it.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.open.borrow()
    }

    /// Closes every connection, and each new one at once, until [`heal`](Self::heal).
    pub async fn cut(&self) {
        self.weather.send_modify(|weather| weather.cut = true);
        // The one who counts lives as long as this.
        let _ = self.open.clone().wait_for(|open| *open == 0).await;
    }

    /// Resets every connection that is open now; new ones pass.
    pub fn reset(&self) {
        self.weather.send_modify(|weather| weather.resets += 1);
    }

    /// Lets no byte pass that way, without closing anything, until [`heal`](Self::heal).
    pub fn stall(&self, way: Way) {
        self.weather.send_modify(|weather| match way {
            Way::Up => weather.up_stalled = true,
            Way::Down => weather.down_stalled = true,
        });
    }

    /// Holds each piece of up to 16 KiB back for so long, both ways, until [`heal`](Self::heal).
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| (weather.piece, weather.delay) = (BUFFER, delay));
    }

    /// Lets bytes pass in pieces of so many alone, each after a pause, both ways, until
    /// [`heal`](Self::heal): whoever reads gets a part of what was written. Pieces have from one
    /// byte to 16 KiB; the pause is what keeps them apart.
    pub fn trickle(&self, bytes: usize, pause: Duration) {
        let piece = bytes.clamp(1, BUFFER);
        self.weather.send_modify(|weather| (weather.piece, weather.delay) = (piece, pause));
    }

    /// Lets everything pass; what was cut stays closed.
    pub fn heal(&self) {
        self.weather.send_modify(|weather| *weather = Weather::fair(weather.resets));
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address)
            .field("weather", &*self.weather.borrow())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

async fn serve(
    listener: TcpListener,
    upstream: SocketAddr,
    weather: watch::Receiver<Weather>,
    count: watch::Sender<usize>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let cut = weather.borrow().cut;
                if let Ok((client, _)) = accepted && !cut {
                    connections.spawn(carry(client, upstream, weather.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
        count.send_replace(connections.len());
    }
}

/// Carries one connection until it ends, or is cut or reset.
async fn carry(mut client: TcpStream, upstream: SocketAddr, weather: watch::Receiver<Weather>) {
    let resets = weather.borrow().resets;
    let Ok(mut broker) = TcpStream::connect(upstream).await else { return };
    // A socket without the option is but slower.
    let _ = client.set_nodelay(true).and_then(|()| broker.set_nodelay(true));
    let mut watched = weather.clone();
    let reset = {
        let ((from_client, to_client), (from_broker, to_broker)) = (client.split(), broker.split());
        let up = pump(from_client, to_broker, weather.clone(), Way::Up);
        let down = pump(from_broker, to_client, weather.clone(), Way::Down);
        tokio::select! {
            _ = async { tokio::try_join!(up, down) } => false,
            now = watched.wait_for(|now| now.cut || now.resets != resets) => {
                now.is_ok_and(|now| !now.cut)
            }
        }
    };
    if reset {
        for stream in [&client, &broker] {
            // Closed without lingering, a socket is reset; one that is gone needs nothing.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
    way: Way,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await?;
        let mut rest = &buffer[..count];
        loop {
            let passing = weather.wait_for(|now| !now.stalls(way)).await;
            let Ok(Weather { piece, delay, .. }) = passing.map(|now| *now) else { return Ok(()) };
            if count == 0 {
                return to.shutdown().await;
            }
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            let (now, later) = rest.split_at(piece.min(rest.len()));
            to.write_all(now).await?;
            if later.is_empty() {
                break;
            }
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::stage::soon;

    /// A server that sends back what comes, behind a proxy, and a client of it.
    async fn echoed() -> (Proxy, TcpStream, JoinSet<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let upstream = listener.local_addr().unwrap();
        let mut echo = JoinSet::new();
        echo.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        let proxy = Proxy::to(upstream).await.unwrap();
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        (proxy, client, echo)
    }

    async fn say(client: &mut TcpStream) -> io::Result<()> {
        client.write_all(b"hello").await?;
        let mut reply = [0; 5];
        soon(client.read_exact(&mut reply)).await?;
        assert_eq!(&reply, b"hello");
        Ok(())
    }

    #[tokio::test]
    async fn bytes_pass_both_ways() {
        let (proxy, mut client, _echo) = echoed().await;
        say(&mut client).await.unwrap();
        assert_eq!(proxy.connections(), 1);
    }

    #[tokio::test]
    async fn what_is_cut_is_closed_and_stays_closed_until_it_is_healed() {
        let (proxy, mut client, _echo) = echoed().await;
        say(&mut client).await.unwrap();
        proxy.cut().await;
        assert_eq!(soon(client.read(&mut [0; 5])).await.unwrap(), 0);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(say(&mut refused).await.is_err());
        proxy.heal();
        let mut fresh = TcpStream::connect(proxy.address()).await.unwrap();
        say(&mut fresh).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_reset_says_so() {
        let (proxy, mut client, _echo) = echoed().await;
        say(&mut client).await.unwrap();
        proxy.reset();
        let error = soon(client.read(&mut [0; 5])).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn what_is_stalled_comes_when_it_is_healed() {
        for way in [Way::Up, Way::Down] {
            let (proxy, mut client, _echo) = echoed().await;
            say(&mut client).await.unwrap();
            proxy.stall(way);
            client.write_all(b"later").await.unwrap();
            let mut reply = [0; 5];
            let waiting = client.read_exact(&mut reply);
            assert!(tokio::time::timeout(Duration::from_millis(100), waiting).await.is_err());
            proxy.heal();
            soon(client.read_exact(&mut reply)).await.unwrap();
            assert_eq!(&reply, b"later");
        }
    }

    #[tokio::test]
    async fn what_is_delayed_comes_later() {
        let (proxy, mut client, _echo) = echoed().await;
        let delay = Duration::from_millis(50);
        proxy.delay(delay);
        let before = Instant::now();
        say(&mut client).await.unwrap();
        // There and back.
        assert!(before.elapsed() >= 2 * delay);
    }

    #[tokio::test]
    async fn what_trickles_comes_in_pieces() {
        let (proxy, mut client, _echo) = echoed().await;
        let pause = Duration::from_millis(20);
        proxy.trickle(2, pause);
        let before = Instant::now();
        say(&mut client).await.unwrap();
        // Three pieces there, and the last of them back.
        assert!(before.elapsed() >= 4 * pause);
    }
}
