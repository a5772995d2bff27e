//! The hosts of a bus on a network: their names and their ports.

use std::net::SocketAddr;
use std::time::Duration;

use busway::url::{Host, TransportUrl};
use busway::{Error, ErrorKind};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::steps::{Step, Steps};
use crate::problem::Outcome;

/// The registered ports of AMQP, plain and over TLS: what the URL of a bus means that names none.
const AMQP: [(&str, u16); 2] = [("", 5672), ("tls", 5671)];
/// The schemes of buses that speak AMQP, of whichever version.
const AMQP_SCHEMES: [&str; 4] = ["pika", "rabbit", "kombu", "amqp"];

/// Looks up and connects to each host; that none can be reached is a failure.
pub(super) async fn check(steps: &mut Steps, url: &TransportUrl, patience: Duration) -> Outcome {
    let default = Host { hostname: "localhost".to_owned(), ..Host::default() };
    let none = url.hosts().is_empty();
    let hosts = if none { std::slice::from_ref(&default) } else { url.hosts() };
    let mut last = None;
    let mut reached = 0;
    for host in hosts {
        let Some(port) = host.port.or_else(|| default_port(url)) else {
            let text = format!("{}: the URL names no port", host.hostname);
            steps.tell(&Step::skipped("hosts", text))?;
            reached += 1;
            continue;
        };
        let went = go(steps, &host.hostname, port, patience).await;
        match went {
            Ok(()) => reached += 1,
            Err((name, error)) if hosts.len() > 1 => {
                steps.tell(&Step::warned(name, error.message()))?;
                last = Some((name, error));
            }
            Err((name, error)) => return Err(steps.fail(name, error)),
        }
    }
    match last {
        Some((name, _)) if reached == 0 => {
            let message = format!("none of the {} hosts can be reached", hosts.len());
            Err(steps.fail(name, Error::new(ErrorKind::Connection, message)))
        }
        _ => Ok(()),
    }
}

async fn go(
    steps: &mut Steps,
    name: &str,
    port: u16,
    patience: Duration,
) -> Result<(), (&'static str, Error)> {
    let addresses = look_up(name, port, patience).await.map_err(|error| ("dns", error))?;
    let shown: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let told = steps.tell(&Step::passed("dns", format!("{name} is {}", shown.join(", "))));
    let peer = connect(name, port, &addresses, patience).await.map_err(|error| ("tcp", error))?;
    let told =
        told.and_then(|()| steps.tell(&Step::passed("tcp", format!("{peer} takes connections"))));
    // Nobody reads what is told: then there is nobody to tell that to, either.
    told.or(Ok(()))
}

async fn look_up(name: &str, port: u16, patience: Duration) -> Result<Vec<SocketAddr>, Error> {
    let failed = |message: String| Error::new(ErrorKind::Connection, message).attempted("look up");
    let found = timeout(patience, lookup_host((name, port))).await;
    let found = found
        .map_err(|_| {
            failed(format!("the name '{name}' could not be looked up within {patience:?}"))
        })?
        .map_err(|error| failed(format!("the name '{name}' is not known: {error}")))?;
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(failed(format!("the name '{name}' has no address")));
    }
    Ok(found)
}

async fn connect(
    name: &str,
    port: u16,
    addresses: &[SocketAddr],
    patience: Duration,
) -> Result<SocketAddr, Error> {
    let mut why = String::new();
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => why = format!("no answer within {patience:?}; a firewall, perhaps"),
        }
    }
    let message = format!("nobody takes connections at {name}, port {port}: {why}");
    Err(Error::new(ErrorKind::Connection, message).attempted("connect"))
}

fn default_port(url: &TransportUrl) -> Option<u16> {
    let variant = url.variant().unwrap_or_default();
    let speaks_amqp = AMQP_SCHEMES.contains(&url.scheme());
    AMQP.into_iter().find(|(name, _)| speaks_amqp && *name == variant).map(|(_, port)| port)
}
