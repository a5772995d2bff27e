//! The program on RabbitMQ, a broker of the test's own.

use std::process::{Command, ExitCode, Output};

use busway_testkit::brokers::RabbitMq;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// More patience than the driver's defaults have: the machine has much else to do.
const PATIENCE: &str = "socket_timeout=5&tcp_user_timeout=5&heartbeat_interval=10";

fn main() -> ExitCode {
    let trial = Trial::ignorable_test("the_program_works_on_rabbitmq", run);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn run() -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let broker = RabbitMq::start()?;
    let url = |user: &str| format!("pika://{user}@{}/?{PATIENCE}", broker.address());

    let demo = busway(&["demo", "--url", &url("guest:guest")])?;
    assert!(demo.status.success(), "{demo:?}");
    assert!(said(&demo).contains("All went well: 13 checks"), "{demo:?}");
    assert!(demo.stderr.is_empty(), "{demo:?}");

    let check = busway(&["check", &url("guest:guest")])?;
    assert!(check.status.success(), "{check:?}");
    assert!(said(&check).contains("the bus works"), "{check:?}");

    let refused = busway(&["check", &url("guest:secret-of-nobody")])?;
    assert!(!refused.status.success(), "{refused:?}");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("kind: refused"), "{told}");
    assert!(!told.contains("secret-of-nobody"), "{told}");
    Ok(Completion::Completed)
}

fn busway(args: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_busway"));
    command.args(args).env_remove("BUSWAY_TRANSPORT_URL").env_remove("RUST_LOG").output()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
