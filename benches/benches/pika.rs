//! Busway over RabbitMQ beside the client library by hand: `cargo bench -p busway-benches --bench
//! pika`, with `-- PATTERN` for one pattern (`calls 64`, `casts`, …), `--runs N` for other medians,
//! and `--json FILE` for a file of them; these two come before the pattern.
//!
//! A broker of its own for all; for each run of a side a new server and a new client, each in a
//! process of its own, on a virtual host that is new, too, the sides in turn. Fails when Busway does
//! less than 0.95 of what the client library does by hand, or less than ten times what Python's
//! driver for pika does. Its driver for rabbit (kombu) runs beside them, and oslo.messaging's own
//! simulator on the driver for pika; neither is a limit. Python's are left out where `cargo xtask
//! peers` could not bring them.

use std::process::ExitCode;

use busway_benches::BoxError;
use busway_benches::bus::{self, Bus};
use busway_benches::by_hand::lapin as by_hand;
use busway_benches::drive::Load;
use busway_benches::sides::{self, BY_HAND, FAN_OUTS, Ground, Pattern, READY, Side, python};
use busway_driver_pika as _;
use busway_testkit::brokers::RabbitMq;
use tokio::runtime::{Builder, Runtime};

const PATTERNS: [Pattern; 16] = [
    Pattern::new("calls", 1, 4_000),
    Pattern::new("calls", 5, 10_000),
    Pattern::new("calls", 64, 30_000),
    Pattern::new("calls", 256, 30_000),
    Pattern::new("calls", 1024, 40_000),
    Pattern::new("calls", 5, 10_000).of_bytes(100),
    Pattern::new("calls", 5, 10_000).of_bytes(1 << 10),
    Pattern::new("calls", 5, 2_000).of_bytes(64 << 10),
    Pattern::new("calls", 5, 100).of_bytes(1 << 20),
    Pattern::new("casts", 256, 40_000),
    Pattern::new(FAN_OUTS, 1, 20_000),
    Pattern::new(FAN_OUTS, 10, 4_000),
    Pattern::new(FAN_OUTS, 100, 400),
    Pattern::new("notifications", 1, 4_000),
    Pattern::new("notifications", 100, 40_000),
    Pattern::new("notifications", 1000, 60_000),
];
const BUSWAY: &str = "busway";
const LAPIN: &str = "lapin";

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["--role", "server", side, port, vhost] => server(side, port.parse()?, vhost),
        ["--role", kind, side, port, vhost, ref load @ ..] => {
            client(kind, side, port.parse()?, vhost, sides::load(load)?)
        }
        _ => compare(&words),
    }
}

/// One worker thread: what the client library hands from thread to thread costs more than a
/// second one brings.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

fn url(port: u16, vhost: &str) -> String {
    let patience = "socket_timeout=5&tcp_user_timeout=30&login_timeout=30";
    format!("pika://guest:guest@127.0.0.1:{port}/{vhost}?{patience}")
}

fn server(side: &str, port: u16, vhost: &str) -> Result<ExitCode, BoxError> {
    let runtime = runtime()?;
    let mut bus = None;
    if side == BUSWAY {
        bus = Some(runtime.block_on(Bus::start(&url(port, vhost)))?);
    } else {
        runtime.block_on(by_hand::serve(port, vhost))?;
    }
    sides::serve_until_told(READY)?;
    if let Some(bus) = bus {
        runtime.block_on(bus.stop())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn client(
    kind: &str,
    side: &str,
    port: u16,
    vhost: &str,
    load: Load,
) -> Result<ExitCode, BoxError> {
    let servers = load.at_a_time;
    let taken = runtime()?.block_on(async {
        match (side, kind) {
            (BUSWAY, FAN_OUTS) => {
                let fan = bus::Fan::start(&url(port, vhost), servers).await?;
                sides::take_fan_outs(fan, load).await
            }
            (BUSWAY, _) => {
                let client = bus::Client::connect(&url(port, vhost)).await?;
                sides::take(kind, client, load).await
            }
            (_, FAN_OUTS) => {
                let fan = by_hand::Fan::start(port, vhost, servers).await?;
                sides::take_fan_outs(fan, load).await
            }
            _ => {
                let client = by_hand::Client::connect(port, vhost).await?;
                sides::take(kind, client, load).await
            }
        }
    })?;
    println!("{}", taken.line());
    Ok(ExitCode::SUCCESS)
}

fn compare(words: &[&str]) -> Result<ExitCode, BoxError> {
    if let Some(reason) = RabbitMq::missing() {
        println!("nothing to measure: {reason}");
        return Ok(ExitCode::FAILURE);
    }
    let program = std::env::current_exe()?;
    let side = |name: &'static str| Side {
        name,
        program: program.clone(),
        first: vec!["--role".to_owned()],
        words: [name, "{port}", "{vhost}"].map(str::to_owned).to_vec(),
        least: |_| None,
        one_of: |_| Some(1),
    };
    let by_hand = Side { least: |_| Some(BY_HAND), ..side(LAPIN) };
    let mut sides = vec![side(BUSWAY), by_hand];
    let at = "guest:guest@127.0.0.1:{port}/{vhost}";
    let pika = format!("pika://{at}?socket_timeout=5&tcp_user_timeout=30");
    let rabbit = format!("rabbit://{at}");
    for python in [python::side("pika", &pika), python::rabbit(&rabbit)] {
        match python {
            Ok(python) => sides.push(python),
            Err(why) => println!("without a driver of Python's: {why}"),
        }
    }
    match python::simulator("pika", &pika) {
        Ok(simulator) => sides.push(simulator),
        Err(why) => println!("without oslo.messaging's own simulator: {why}"),
    }
    let ground = Ground::RabbitMq(Box::new(RabbitMq::start()?));
    sides::compare(&sides, &ground, &PATTERNS, words)
}
