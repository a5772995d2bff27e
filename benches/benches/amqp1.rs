//! Busway over AMQP 1.0 beside the client library by hand, and beside Qpid Proton's C++ client:
//! `cargo bench -p busway-benches --bench amqp1`, with `-- PATTERN` for one pattern (`calls 64`,
//! `casts`, …), `--runs N` for other medians,
//! and `--json FILE` for a file of them; these two come before the pattern.
//!
//! For each run of a side a new desk broker, a new server and a new client, each in a process of its
//! own, the sides in turn. Fails when Busway does less than 0.95 of what the client library does by
//! hand, or less than ten times what Python's driver does. oslo.messaging's own simulator runs on that
//! driver as well, and is no limit. Proton's side is left out where a C++ compiler or the library
//! (Debian: libqpid-proton-cpp12-dev) is missing, Python's and the simulator where `cargo xtask peers`
//! could not bring them.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use busway_benches::BoxError;
use busway_benches::bus::{self, Bus};
use busway_benches::by_hand::fe2o3 as by_hand;
use busway_benches::drive::Load;
use busway_benches::place;
use busway_benches::sides::{self, FAN_OUTS, Ground, Pattern, READY, Side, python};
use busway_driver_amqp1 as _;
use tokio::runtime::{Builder, Runtime};

const PATTERNS: [Pattern; 16] = [
    Pattern::new("calls", 1, 4_000),
    Pattern::new("calls", 5, 20_000),
    Pattern::new("calls", 64, 40_000),
    Pattern::new("calls", 256, 40_000),
    Pattern::new("calls", 1024, 40_000),
    Pattern::new("calls", 5, 10_000).of_bytes(100),
    Pattern::new("calls", 5, 10_000).of_bytes(1 << 10),
    Pattern::new("calls", 5, 2_000).of_bytes(64 << 10),
    Pattern::new("calls", 5, 100).of_bytes(1 << 20),
    Pattern::new("casts", 256, 60_000),
    Pattern::new(FAN_OUTS, 1, 40_000),
    Pattern::new(FAN_OUTS, 10, 10_000),
    Pattern::new(FAN_OUTS, 100, 1_000),
    Pattern::new("notifications", 1, 4_000),
    Pattern::new("notifications", 100, 60_000),
    Pattern::new("notifications", 1000, 60_000),
];
const BUSWAY: &str = "busway";
const FE2O3: &str = "fe2o3";
const PROTON: &str = "proton";

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if place::play(&words)? {
        return Ok(ExitCode::SUCCESS);
    }
    match words[..] {
        ["--role", "server", side, port] => server(side, port.parse()?),
        ["--role", kind, side, port, ref load @ ..] => {
            client(kind, side, port.parse()?, sides::load(load)?)
        }
        _ => compare(&words),
    }
}

/// One worker thread besides that of the connection, on both sides.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

fn url(port: u16) -> String {
    format!("amqp://127.0.0.1:{port}/{BUSWAY}?addressing_mode=routable")
}

fn server(side: &str, port: u16) -> Result<ExitCode, BoxError> {
    let runtime = runtime()?;
    let mut bus = None;
    if side == BUSWAY {
        bus = Some(runtime.block_on(Bus::start(&url(port)))?);
    } else {
        runtime.block_on(by_hand::serve(port))?;
    }
    sides::serve_until_told(READY)?;
    if let Some(bus) = bus {
        runtime.block_on(bus.stop())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn client(kind: &str, side: &str, port: u16, load: Load) -> Result<ExitCode, BoxError> {
    let servers = load.at_a_time;
    let taken = runtime()?.block_on(async {
        match (side, kind) {
            (BUSWAY, FAN_OUTS) => {
                let fan = bus::Fan::start(&url(port), servers).await?;
                sides::take_fan_outs(fan, load).await
            }
            (BUSWAY, _) => {
                let client = bus::Client::connect(&url(port)).await?;
                sides::take(kind, client, load).await
            }
            (_, FAN_OUTS) => {
                let fan = by_hand::Fan::start(port, servers).await?;
                sides::take_fan_outs(fan, load).await
            }
            _ => {
                let client = by_hand::Client::connect(port).await?;
                sides::take(kind, client, load).await
            }
        }
    })?;
    println!("{}", taken.line());
    Ok(ExitCode::SUCCESS)
}

/// Compiles Proton's side.
fn proton() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cpp/proton.cpp");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proton-side");
    let compiled = Command::new("g++")
        .args(["-std=c++17", "-O2", "-o"])
        .args([&program, &source])
        .arg("-lqpid-proton-cpp")
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("g++: {error}"))?;
    if compiled.status.success() {
        return Ok(program);
    }
    let said = String::from_utf8_lossy(&compiled.stderr);
    Err(said.lines().next().unwrap_or("it does not compile").to_owned())
}

fn compare(words: &[&str]) -> Result<ExitCode, BoxError> {
    let program = std::env::current_exe()?;
    let port = || "{port}".to_owned();
    let side = |name: &'static str| Side {
        name,
        program: program.clone(),
        first: vec!["--role".to_owned()],
        words: vec![name.to_owned(), port()],
        least: |_| None,
        one_of: |_| Some(1),
    };
    let by_hand = Side { least: |_| Some(sides::BY_HAND), ..side(FE2O3) };
    let mut sides = vec![side(BUSWAY), by_hand];
    match proton() {
        Ok(program) => {
            sides.push(Side { program, first: Vec::new(), words: vec![port()], ..side(PROTON) });
        }
        Err(why) => println!("without Qpid Proton's C++ client: {why}"),
    }
    let url = "amqp://127.0.0.1:{port}/python?addressing_mode=routable";
    match python::side("amqp1", url) {
        Ok(python) => sides.push(python),
        Err(why) => println!("without Python's driver: {why}"),
    }
    match python::simulator("amqp1", url) {
        Ok(simulator) => sides.push(simulator),
        Err(why) => println!("without oslo.messaging's own simulator: {why}"),
    }
    sides::compare(&sides, &Ground::Desk(program), &PATTERNS, words)
}
