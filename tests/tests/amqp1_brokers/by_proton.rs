//! A client on the engine of Apache Qpid Proton.

use std::path::Path;
use std::process::Stdio;

use busway_testkit::stage::soon;
use busway_tests::peers::Environment;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::bus::{Bus, Kind};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of the workspace")
}

/// What a script's run prints.
async fn run(script: &str, bus: &Bus) -> Value {
    let output = Command::new(Environment::AMQP1.python())
        .arg("-B")
        .arg(repository().join("tests/peers/amqp1").join(script))
        .arg(bus.address().to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = soon(output).await.expect("a Python");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} ended with {}:\n{said}", output.status);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What a broker says of itself, as Proton's client understands it.
pub(crate) async fn hello(bus: &Bus) -> Value {
    run("hello.py", bus).await
}

pub(crate) async fn a_client_of_protons_is_served(kind: Kind) {
    let bus = kind.start().await;
    let done = run("exchange.py", &bus).await;
    let expected = json!({
        "relays": true,
        "call": ["answered: one", "answered: two"],
        "in order": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        "released": [0, true],
        "modified": [0, true],
        "copies": ["copy", "copy"],
        "large": 1_000_000,
    });
    assert_eq!(done, expected);
}
