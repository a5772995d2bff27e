use std::net::SocketAddr;

use busway_broker::{Broker, Builder};
use busway_core::{Error, ErrorKind, Result};
use tokio::sync::Mutex;

use super::ports;

/// How often a start is tried: another may take a port that was free a moment ago.
const TRIES: usize = 3;

/// The desk broker in this process, on a port of its own that stays the same when it is started
/// again. What it held is gone then.
///
/// It ends when it is dropped. To see what becomes of those who wait for a broker that is killed
/// or stopped in its tracks, put a [`Proxy`](crate::proxy::Proxy) before it.
///
/// ```
/// use busway_testkit::brokers::Desk;
///
/// # async fn example() -> busway_core::Result<()> {
/// let broker = Desk::start().await?;
/// println!("amqp://{}", broker.address());
/// broker.restart().await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug)]
pub struct Desk {
    builder: Builder,
    address: SocketAddr,
    broker: Mutex<Option<Broker>>,
}

impl Desk {
    /// Starts one as it is without a word.
    ///
    /// # Errors
    /// `Connection` when it cannot be started.
    pub async fn start() -> Result<Self> {
        Self::start_as(Broker::builder()).await
    }

    /// Starts one with options; the address is chosen here.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_as(builder: Builder) -> Result<Self> {
        let mut last = failed("it was not tried");
        for _ in 0..TRIES {
            let port = ports::free().map_err(|error| failed("there is no port").because(error))?;
            let address = ports::local(port);
            let builder = builder.clone().listen(address);
            match start(&builder).await {
                Ok(broker) => {
                    return Ok(Self { builder, address, broker: Mutex::new(Some(broker)) });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Where it takes connections; the same after a restart.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many messages are held at the addresses that have this virtual host as one of their
    /// parts; at all, when it is empty. None while it is stopped.
    pub async fn held(&self, space: &str) -> usize {
        let held = self.broker.lock().await.as_ref().map(Broker::held).unwrap_or_default();
        let is_of = |name: &str| space.is_empty() || name.split(['.', '/']).any(|it| it == space);
        held.iter().filter(|(name, _)| is_of(name)).map(|(_, held)| held).sum()
    }

    /// Gives no more credit to senders, to none of them, until it is called with `false`, or
    /// started again.
    pub async fn withhold_credit(&self, on: bool) {
        if let Some(broker) = &*self.broker.lock().await {
            broker.withhold_credit(on);
        }
    }

    /// Ends it in order: its connections are closed with the reason.
    pub async fn stop(&self) {
        if let Some(broker) = self.broker.lock().await.take() {
            broker.stop().await;
        }
    }

    /// Starts it again after [`stop`](Self::stop), on the same port, with nothing in it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_again(&self) -> Result<()> {
        let mut broker = self.broker.lock().await;
        if broker.is_none() {
            *broker = Some(start(&self.builder).await?);
        }
        Ok(())
    }

    /// Ends it in order and starts it again.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn restart(&self) -> Result<()> {
        self.stop().await;
        self.start_again().await
    }
}

async fn start(builder: &Builder) -> Result<Broker> {
    let started = builder.clone().start().await;
    started.map_err(|error| failed("the desk broker does not start").because(error))
}

fn failed(why: &'static str) -> Error {
    Error::new(ErrorKind::Connection, why)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn it_comes_back_where_it_was() {
        let broker = Desk::start().await.unwrap();
        TcpStream::connect(broker.address()).await.unwrap();
        broker.stop().await;
        assert!(TcpStream::connect(broker.address()).await.is_err());
        broker.start_again().await.unwrap();
        TcpStream::connect(broker.address()).await.unwrap();
        broker.restart().await.unwrap();
        TcpStream::connect(broker.address()).await.unwrap();
    }
}
