use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::run::busway;

const PATIENCE: Duration = Duration::from_mins(1);

/// A running program, whose standard error is read line by line.
struct Running {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self::begin(busway(arguments))
    }

    fn begin(mut command: Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        Self { child, stderr }
    }

    /// Waits until it says this.
    async fn says(&mut self, word: &str) {
        let said = async {
            while let Some(line) = self.stderr.next_line().await.expect("UTF-8") {
                if line.contains(word) {
                    return;
                }
            }
            panic!("it ended without saying {word}");
        };
        tokio::time::timeout(PATIENCE, said).await.expect("it says so in time");
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).expect("it runs");
        kill_process(Pid::from_raw(id).expect("not 0"), signal).expect("a signal");
    }

    async fn ends(mut self) -> Option<i32> {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends in time").expect("a status").code()
    }
}

#[tokio::test]
async fn a_signal_stops_a_server_gracefully() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut serving = Running::start(&["serve", "--url", "fake://", "--topic", "t"]);
        serving.says("serving t").await;
        serving.signal(signal);
        assert_eq!(serving.ends().await, Some(0));
    }
}

#[tokio::test]
async fn a_signal_stops_a_listener_gracefully() {
    let mut listening = Running::start(&["listen", "--url", "fake://"]);
    listening.says("listening").await;
    listening.signal(Signal::TERM);
    assert_eq!(listening.ends().await, Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let bench = ["bench", "cast", "--url", "fake://?delay=600", "--timeout", "1000"];
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = busway(&bench);
        command.env("RUST_LOG", "busway_cli=trace");
        let mut measuring = Running::begin(command);
        // What is on its way is waited for, so that there is something to cut off.
        measuring.says("sending").await;
        measuring.signal(Signal::INT);
        measuring.says("again to end at once").await;
        measuring.signal(signal);
        assert_eq!(measuring.ends().await, Some(code));
    }
}
