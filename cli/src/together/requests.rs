use super::{Served, told};
use crate::exit::Exit;

#[tokio::test]
async fn a_call_gets_what_the_server_returns() {
    let served = Served::start("fake://together-echo/", &["--topic", "t"]).await;
    let result = served.result(&["t", "echo", "n=1e400", "name=Ada", "list=[1, 2]"]).await;
    assert_eq!(result, r#"{"n":1e400,"name":"Ada","list":[1, 2]}"#);
    assert_eq!(served.result(&["t", "sleep", "seconds=0.001", "--server", "s"]).await, "0.001");
}

#[tokio::test]
async fn a_failure_is_told_with_its_class_module_and_message() {
    let served = Served::start("fake://together-fail/", &["--topic", "t"]).await;
    let call = ["t", "fail", "class=ValueError", "module=builtins", "message=boom"];
    let problem = served.problem(&call).await;
    assert_eq!(problem.exit(), Exit::Remote);
    let told = told(&problem, &["call", "t", "fail"]);
    for part in ["ValueError: boom", "class: ValueError", "module: builtins", "method: fail"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    assert!(!told.contains("traceback"), "{told}");
}

#[tokio::test]
async fn a_failure_is_json_where_json_is_asked_for() {
    let served = Served::start("fake://together-json/", &["--topic", "t"]).await;
    let problem = served.problem(&["t", "fail", "message=boom"]).await;
    let told = told(&problem, &["call", "t", "fail", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["error"]["exit_code"], 3);
    assert_eq!(told["error"]["remote"]["message"], "boom");
}

#[tokio::test]
async fn a_method_that_the_server_lacks_has_a_hint() {
    let served = Served::start("fake://together-lacks/", &["--topic", "t"]).await;
    let problem = served.problem(&["t", "ehco"]).await;
    assert_eq!(problem.exit(), Exit::Remote);
    let told = told(&problem, &["call", "t", "ehco"]);
    assert!(told.contains("NoSuchMethod") && told.contains("hint: "), "{told}");
}

#[tokio::test]
async fn a_server_answers_in_its_namespace_and_version_alone() {
    let serve = ["--topic", "t", "--namespace", "n", "--version", "2.1"];
    let served = Served::start("fake://together-version/", &serve).await;
    let call = ["t", "echo", "--namespace", "n", "--version", "2.0"];
    assert_eq!(served.result(&call).await, "{}");
    for other in [&["t", "echo"][..], &["t", "echo", "--namespace", "n", "--version", "2.2"]] {
        let problem = served.problem(other).await;
        let told = told(&problem, &["call", "t", "echo"]);
        assert!(told.contains("UnsupportedVersion") && told.contains("--version"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_takes_too_long_is_a_timeout() {
    let served = Served::start("fake://together-slow/", &["--topic", "t"]).await;
    let problem = served.problem(&["t", "sleep", "seconds=60", "--timeout", "50ms"]).await;
    assert_eq!(problem.exit(), Exit::Timeout);
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_named() {
    let served = Served::start("fake://together-fit/", &["--topic", "t"]).await;
    let problem = served.problem(&["t", "sleep", "secnods=1"]).await;
    let told = told(&problem, &["call", "t", "sleep"]);
    assert!(told.contains("InvalidArguments") && told.contains("secnods"), "{told}");
}

#[tokio::test]
async fn a_cast_is_taken() {
    let served = Served::start("fake://together-cast/", &["--topic", "t"]).await;
    served.run(&["cast", "t", "echo", "a=1"]).await.expect("taken");
    served.run(&["cast", "t", "echo", "--fanout", "--retry", "0"]).await.expect("taken");
    let problem = served.run(&["cast", "elsewhere", "echo"]).await.expect_err("nobody there");
    assert_eq!(problem.exit(), Exit::Undeliverable);
}

#[tokio::test]
async fn a_server_elsewhere_is_measured() {
    let served = Served::start("fake://together-bench/", &["--topic", "t"]).await;
    let bench = ["bench", "call", "--no-server", "--topic", "t", "--count", "20", "--json"];
    served.run(&bench).await.expect("measured");
}
