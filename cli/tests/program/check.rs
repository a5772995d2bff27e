use serde_json::{Value, json};

use crate::run::run;

fn word<'a>(step: &'a Value, name: &str) -> &'a str {
    step[name].as_str().expect("a word")
}

/// Each step with how it went.
fn states(report: &Value) -> Vec<(&str, &str)> {
    let steps = report["steps"].as_array().expect("steps").iter();
    steps.map(|step| (word(step, "step"), word(step, "state"))).collect()
}

#[tokio::test]
async fn the_in_memory_bus_works() {
    let report = run(&["check", "fake://", "--json"]).await.with_code(0).json();
    assert_eq!(report["ok"], true);
    let expected = [
        ("url", "passed"),
        ("driver", "passed"),
        ("hosts", "skipped"),
        ("open", "passed"),
        ("round trip", "passed"),
        ("close", "passed"),
    ];
    assert_eq!(states(&report), expected);
    let shown = run(&["check", "fake://"]).await.with_code(0).stdout;
    assert!(shown.contains("the bus works"), "{shown}");
    let shown = run(&["check", "fake://", "--connect-only"]).await.with_code(0).stdout;
    assert!(shown.contains("not asked for"), "{shown}");
}

#[tokio::test]
async fn the_step_that_fails_is_named() {
    for (url, step, code) in [
        ("fa ke://", "url", 2),
        ("nope://", "driver", 2),
        ("fake://?sede=1", "options", 2),
        ("fake://?refuse=open", "login", 7),
        ("fake://?refuse=send", "permission", 7),
    ] {
        let ended = run(&["check", url, "--json"]).await.with_code(code);
        let report = ended.json();
        assert_eq!(report["ok"], json!(false));
        let failed: Vec<_> =
            states(&report).into_iter().filter(|(_, state)| *state == "failed").collect();
        assert_eq!(failed, [(step, "failed")], "{url}");
    }
}

#[tokio::test]
async fn a_bus_that_does_not_answer_in_time_fails() {
    let check = ["check", "fake://?delay=60", "--timeout", "100ms", "--json"];
    let report = run(&check).await.with_code(4).json();
    assert!(states(&report).contains(&("round trip", "failed")), "{report}");
}

#[tokio::test]
async fn without_a_url_there_is_nothing_to_check() {
    run(&["check"]).await.with_code(2);
    run(&["check", "--url", "fake://"]).await.with_code(0);
}
