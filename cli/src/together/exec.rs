use std::time::Duration;

use super::Served;
use crate::exit::Exit;
use crate::problem::{Cause, Problem};

/// How long something may take that happens at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// The class and the message of a failure.
fn failure(problem: &Problem) -> (&str, &str) {
    assert_eq!(problem.exit(), Exit::Remote);
    let Cause::Bus(error) = &problem.cause else { panic!("{problem:?}") };
    let remote = error.remote().expect("a failure");
    (&remote.class, &remote.message)
}

async fn served(url: &'static str, command: &str) -> Served {
    Served::start(url, &["--topic", "t", "--exec", command]).await
}

#[tokio::test]
async fn a_command_gets_the_request_on_its_standard_input() {
    let served = served("fake://exec-input/", "cat").await;
    let result = served.result(&["t", "any", "n=1e400", "--context", "user=u1"]).await;
    assert_eq!(result, r#"{"method":"any","args":{"n":1e400},"context":{"user":"u1"}}"#);
}

#[tokio::test]
async fn a_command_gets_the_names_in_its_environment() {
    let command = "echo \"$RPC_METHOD on $RPC_TOPIC at $RPC_SERVER\"";
    let served = served("fake://exec-names/", command).await;
    assert_eq!(served.result(&["t", "any"]).await, "\"any on t at s\"");
}

#[tokio::test]
async fn what_a_command_writes_is_json_if_it_is_json() {
    let command = "case $RPC_METHOD in json) echo '{\"a\": 1}';; text) echo a b;; esac";
    let served = served("fake://exec-output/", command).await;
    assert_eq!(served.result(&["t", "json"]).await, "{\"a\": 1}");
    assert_eq!(served.result(&["t", "text"]).await, "\"a b\"");
    assert_eq!(served.result(&["t", "nothing"]).await, "null");
}

#[tokio::test]
async fn a_command_that_fails_is_a_failure() {
    let command = "case $RPC_METHOD in said) echo why >&2; exit 3;; *) exit 4;; esac";
    let served = served("fake://exec-fails/", command).await;
    let problem = served.problem(&["t", "said"]).await;
    assert_eq!(failure(&problem), ("CommandFailed", "why"));
    let problem = served.problem(&["t", "unsaid"]).await;
    assert!(failure(&problem).1.contains('4'), "{problem:?}");
}

#[tokio::test]
async fn a_command_that_writes_without_end_is_cut_off() {
    let served = served("fake://exec-endless/", "yes").await;
    let problem = served.problem(&["t", "any", "--timeout", "60"]).await;
    assert_eq!(failure(&problem).0, "TooMuchOutput");
}

#[tokio::test]
async fn a_method_with_an_underscore_is_not_run() {
    let served = served("fake://exec-private/", "cat").await;
    assert_eq!(failure(&served.problem(&["t", "_any"]).await).0, "NoSuchMethod");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_is_killed_with_its_children_at_the_callers_deadline() {
    use tokio::io::AsyncReadExt;
    use tokio::net::unix::pipe::OpenOptions;

    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let mut receiver = OpenOptions::new().open_receiver(&pipe).expect("a pipe");
    // The pipe ends when nobody holds it any more: neither the command nor its children.
    let command = format!("exec 3>{}; echo begun >&3; sleep 40 & sleep 40", pipe.display());
    let served = served("fake://exec-killed/", &command).await;
    let problem = served.problem(&["t", "any", "--timeout", "1"]).await;
    assert_eq!(problem.exit(), Exit::Timeout);
    let mut said = String::new();
    let ended = tokio::time::timeout(PATIENCE, receiver.read_to_string(&mut said)).await;
    ended.expect("all of them end").expect("the end of the pipe");
    assert_eq!(said, "begun\n");
    served.server.stop().await.expect("nothing runs any more");
}
