//! What is logged, to the standard error.

use tracing_subscriber::EnvFilter;

/// Where the sink `log` writes notifications to: who names it wants to see them.
const NOTIFICATIONS: &str = "oslo.messaging.notification";
/// The library under a driver: it logs whole messages, and again what the driver says better.
const LOUD: &str = "lapin";

/// Starts logging: warnings, more with each `-v`, or what `RUST_LOG` says.
pub(crate) fn start(verbose: u8) {
    let filter = match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => directives,
        _ => format!("{},{NOTIFICATIONS}=trace", usual(verbose)),
    };
    let logs = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
        .compact();
    // Started twice, as by a test, the first one stays.
    let _ = logs.try_init();
}

fn usual(verbose: u8) -> String {
    let usual = match verbose {
        0 => "warn",
        1 => "warn,busway=info,busway_broker=info,busway_cli=info,busway_core=info",
        2 => "info,busway=debug,busway_broker=debug,busway_cli=debug,busway_core=debug",
        _ => return "trace".to_owned(),
    };
    format!("{usual},{LOUD}=off")
}
