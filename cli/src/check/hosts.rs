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
const AMQP_SCHEMES: [&str; 5] = ["pika", "rabbit", "kombu", "amqp", AMQPS];
/// The one that is over TLS without saying so after a `+`.
const AMQPS: &str = "amqps";

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
    let variant = if url.scheme() == AMQPS { "tls" } else { url.variant().unwrap_or_default() };
    let speaks_amqp = AMQP_SCHEMES.contains(&url.scheme());
    AMQP.into_iter().find(|(name, _)| speaks_amqp && *name == variant).map(|(_, port)| port)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::exit::Exit;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// The steps that were told, and how it ended.
    async fn steps(url: &str) -> (Vec<String>, Outcome) {
        let mut steps = Steps::new(true);
        let url = url.parse().expect("a URL");
        let outcome = check(&mut steps, &url, PATIENCE).await;
        (steps.words(), outcome)
    }

    fn listening() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        (listener, port)
    }

    fn closed_port() -> u16 {
        // Nobody else takes it for as long as the test needs it, most likely.
        listening().1
    }

    #[tokio::test]
    async fn a_host_that_takes_connections_passes() {
        let (_listener, port) = listening();
        let (steps, outcome) = steps(&format!("pika://u:p@127.0.0.1:{port}/")).await;
        assert_eq!(steps, ["dns passed", "tcp passed"]);
        assert!(outcome.is_ok());
    }

    #[tokio::test]
    async fn a_port_that_nobody_listens_on_fails() {
        let (steps, outcome) = steps(&format!("pika://127.0.0.1:{}/", closed_port())).await;
        assert_eq!(steps, ["dns passed", "tcp failed"]);
        assert_eq!(outcome.expect_err("closed").exit(), Exit::Connection);
    }

    #[tokio::test]
    async fn a_name_that_nobody_knows_fails() {
        let (steps, outcome) = steps("pika://nowhere.invalid/").await;
        assert_eq!(steps, ["dns failed"]);
        assert_eq!(outcome.expect_err("unknown").exit(), Exit::Connection);
    }

    #[tokio::test]
    async fn one_host_that_can_be_reached_is_enough() {
        let (_listener, port) = listening();
        let url = format!("pika://127.0.0.1:{},127.0.0.1:{port}/", closed_port());
        let (steps, outcome) = steps(&url).await;
        assert_eq!(steps, ["dns passed", "tcp warned", "dns passed", "tcp passed"]);
        assert!(outcome.is_ok());
    }

    #[tokio::test]
    async fn no_host_that_can_be_reached_fails() {
        let url = format!("pika://127.0.0.1:{},nowhere.invalid/", closed_port());
        let (steps, outcome) = steps(&url).await;
        assert_eq!(steps, ["dns passed", "tcp warned", "dns warned", "dns failed"]);
        assert_eq!(outcome.expect_err("none").exit(), Exit::Connection);
    }

    #[tokio::test]
    async fn a_port_that_nobody_names_is_not_guessed() {
        let (steps, outcome) = steps("pigeon://loft/").await;
        assert_eq!(steps, ["hosts skipped"]);
        assert!(outcome.is_ok());
    }

    #[test]
    fn the_ports_of_amqp_are_known() {
        let port = |url: &str| default_port(&url.parse().expect("a URL"));
        assert_eq!(port("pika://h/"), Some(5672));
        assert_eq!(port("pika+tls://h/"), Some(5671));
        assert_eq!(port("amqp://h/"), Some(5672));
        assert_eq!(port("amqps://h/"), Some(5671));
        assert_eq!(port("pigeon://h/"), None);
    }
}
