//! `busway broker`: a bus between the processes of a bare machine.

use std::net::SocketAddr;
use std::path::PathBuf;

use busway::Secret;
use busway_broker::{Broker, Builder, StartError};

use crate::exit::Exit;
use crate::output::{note, say};
use crate::problem::{Outcome, Problem};
use crate::signals::Signals;

/// Run a small AMQP 1.0 broker in memory, for development and tests.
///
/// It keeps everything in memory and forgets it when it stops: it is not for production. Run
/// qpidd, Artemis, a dispatch router or RabbitMQ there.
///
/// Queues and topics come with their first use. The beginning of a name decides which of the two
/// it is, and whether there is one at all; without --queue-pattern and --topic-pattern they are
/// those that oslo.messaging uses. A pattern stands for itself and for the names that go on with
/// `.` or `/` after it.
///
/// Prints the URL of the broker. SIGINT or SIGTERM stops it: peers are told, and what waits in
/// its queues is gone; the exit code is then 0. The second signal ends at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway broker\n  busway broker --listen 127.0.0.1:0 --product qpid-cpp\n  \
                  busway broker --queue-pattern work --topic-pattern news"
)]
pub(crate) struct Args {
    /// The address to listen on; port 0 takes one that is free.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:5672")]
    pub(crate) listen: SocketAddr,
    /// The product that peers are told when they connect; busway-broker otherwise. qpid-cpp has
    /// oslo.messaging use its legacy addresses.
    #[arg(long, value_name = "NAME")]
    pub(crate) product: Option<String>,
    /// A user who may log in (SASL PLAIN). May be repeated; without it anybody may come in (SASL
    /// ANONYMOUS). A password on a command line can be seen by others on the machine.
    #[arg(long = "user", value_name = "NAME:PASSWORD")]
    pub(crate) users: Vec<Secret>,
    /// The beginning of the names of queues, instead of those that oslo.messaging uses. May be
    /// repeated.
    #[arg(long = "queue-pattern", value_name = "PREFIX")]
    pub(crate) queue_patterns: Vec<String>,
    /// The beginning of the names of topics, instead of those that oslo.messaging uses. May be
    /// repeated.
    #[arg(long = "topic-pattern", value_name = "PREFIX")]
    pub(crate) topic_patterns: Vec<String>,
    /// Encrypt by TLS, with the chain of certificates in this PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The PEM file of the key of the first certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// Runs the broker until a signal comes.
pub(crate) async fn run(args: &Args) -> Outcome {
    let mut signals = Signals::take()?;
    let broker = builder(args)?.start().await.map_err(|error| problem(&error))?;
    note("everything is kept in memory and gone at the end: for development and tests only");
    say(broker.url())?;
    note(format_args!("listening at {}; Ctrl-C stops", broker.url()));
    let signal = signals.next().await;
    note(format_args!("{signal}: stopping; again to end at once"));
    signals.or_at_once(broker.stop()).await
}

fn builder(args: &Args) -> Outcome<Builder> {
    let mut builder = Broker::builder().listen(args.listen);
    if let Some(product) = &args.product {
        builder = builder.product(product);
    }
    for user in &args.users {
        let (name, password) = named(user)?;
        builder = builder.user(name, password);
    }
    if !args.queue_patterns.is_empty() {
        builder = builder.queue_patterns(&args.queue_patterns);
    }
    if !args.topic_patterns.is_empty() {
        builder = builder.topic_patterns(&args.topic_patterns);
    }
    if let (Some(certificates), Some(key)) = (&args.tls_cert, &args.tls_key) {
        builder = builder.tls(certificates, key);
    }
    Ok(builder)
}

/// A user's name and password. What is not one is not shown: it may be a password.
fn named(user: &Secret) -> Outcome<(&str, &str)> {
    user.expose().split_once(':').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        Problem::new(Exit::Usage, "a user is NAME:PASSWORD, and one --user has no name or no colon")
    })
}

fn problem(error: &StartError) -> Problem {
    let (exit, hint) = match error {
        StartError::Listen { .. } => {
            (Exit::Failure, "--listen takes another address; port 0 is one that is free")
        }
        StartError::TlsFile { .. } | StartError::Tls { .. } => {
            (Exit::Usage, "--tls-cert and --tls-key are PEM files that go together")
        }
        _ => return Problem::new(Exit::Failure, error.to_string()),
    };
    Problem::new(exit, error.to_string()).hint(hint)
}
