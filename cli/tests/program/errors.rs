//! What goes wrong is said on one screen, with a hint, and with its exit code.

use crate::run::{Ended, busway, end, run};

/// The exit code, a word of the message, a word of the hint.
async fn fails(arguments: &[&str], code: i32, message: &str, hint: &str) -> Ended {
    let ended = run(arguments).await.with_code(code);
    let error = ended.stderr.split_once("error: ").map(|(_, error)| error);
    let (error, hinted) =
        error.and_then(|error| error.split_once("\nhint: ")).unwrap_or_else(|| {
            panic!("no error with a hint: {ended:#?}");
        });
    assert!(error.contains(message), "{message} is missing in {error}");
    assert!(hinted.contains(hint), "{hint} is missing in {hinted}");
    assert!(ended.stderr.lines().count() <= 24, "more than a screen: {ended:#?}");
    assert_eq!(ended.stdout, "");
    ended
}

#[tokio::test]
async fn a_call_that_nobody_serves_is_undeliverable() {
    let call = ["call", "--url", "fake://", "greetings", "hello", "name=Ada"];
    let ended = fails(&call, 5, "topic: greetings", "inside this process").await;
    assert!(ended.stderr.contains("kind: undeliverable"), "{}", ended.stderr);
    fails(&["cast", "--url", "fake://", "t", "m"], 5, "method: m", "another bus").await;
}

#[tokio::test]
async fn a_call_without_an_answer_in_time_has_timed_out() {
    let call = ["call", "--url", "fake://?delay=60", "t", "m", "--timeout", "50ms"];
    fails(&call, 4, "kind: timeout", "--timeout").await;
}

#[tokio::test]
async fn a_bus_that_cannot_be_reached_is_a_connection_error() {
    let cast = ["cast", "--url", "fake://?fail_nth=1", "t", "m", "--fanout", "--retry", "0"];
    fails(&cast, 6, "kind: connection", "busway check").await;
}

#[tokio::test]
async fn a_bus_that_refuses_says_so() {
    fails(&["call", "--url", "fake://?refuse=open", "t", "m"], 7, "kind: refused", "password")
        .await;
}

#[tokio::test]
async fn a_wrong_url_is_a_mistake_in_usage() {
    fails(&["call", "--url", "fa ke://", "t", "m"], 2, "fa^ ke://", "scheme://").await;
    fails(&["call", "--url", "nope://", "t", "m"], 2, "fake", "busway drivers").await;
    fails(&["call", "--url", "fake://?nope=1", "t", "m"], 2, "nope", "busway drivers").await;
    fails(&["call", "t", "m"], 2, "no bus is named", "--url").await;
}

#[tokio::test]
async fn wrong_arguments_are_a_mistake_in_usage() {
    let call = ["call", "--url", "fake://", "t", "m"];
    fails(&[&call[..], &["Ada"]].concat(), 2, "'Ada'", "name=Ada").await;
    fails(&[&call[..], &["{\"name\":"]].concat(), 2, "JSON", "got: ").await;
    let ended = run(&[&call[..], &["a=1", "a=2"]].concat()).await.with_code(2);
    assert!(ended.stderr.contains("'a' is given twice"), "{}", ended.stderr);
    for bad in [["--timeout", "x"], ["--retry", "-2"], ["--version", "one"], ["--context", "x"]] {
        let ended = run(&[&call[..], &bad].concat()).await.with_code(2);
        assert!(ended.stderr.contains(bad[0]), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn an_unknown_subcommand_is_a_mistake_in_usage() {
    let ended = run(&["serv"]).await.with_code(2);
    assert!(ended.stderr.contains("'serve'"), "{}", ended.stderr);
    run(&[]).await.with_code(2);
}

#[tokio::test]
async fn arguments_come_from_the_standard_input_too() {
    let mut command = busway(&["call", "--url", "fake://", "t", "m", "-"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("arguments");
    std::fs::write(&path, "[1]").expect("written");
    command.stdin(std::fs::File::open(&path).expect("a file"));
    let ended = end(command).await.with_code(2);
    assert!(ended.stderr.contains("no object"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_error_is_json_where_json_is_asked_for() {
    let ended = run(&["call", "--url", "fake://", "t", "m", "--json"]).await.with_code(5);
    let line = ended.stderr.lines().last().expect("a line");
    let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let error = &told["error"];
    assert_eq!(error["exit_code"], 5);
    assert_eq!(error["kind"], "undeliverable");
    assert_eq!(error["operation"], "call");
    assert_eq!(error["context"]["topic"], "t");
    assert!(error["hint"].is_string());
}

#[tokio::test]
async fn colours_are_for_terminals_or_for_who_asks() {
    let call = ["call", "--url", "fake://", "t", "m"];
    assert!(!run(&call).await.stderr.contains('\x1b'));
    let always = run(&[&call[..], &["--color", "always"]].concat()).await;
    assert!(always.stderr.contains("\x1b["), "{}", always.stderr);
    let mut command = busway(&["call", "--color=always", "t"]);
    command.env("NO_COLOR", "1");
    assert!(end(command).await.stderr.contains("\x1b["), "who asks by an option means it");
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;

    let mut command = busway(&["config", "sample"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}
