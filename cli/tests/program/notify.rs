use crate::run::run;

#[tokio::test]
async fn a_notification_is_stored_by_the_bus() {
    let notify = [
        "notify",
        "--transport-url",
        "fake://",
        "--publisher_id",
        "shop.desk",
        "--event_type",
        "order.created",
        "--topic",
        "orders",
        "--priority",
        "WARN",
        "--driver",
        "messagingv2",
        "--retry",
        "0",
        "{\"id\": 7}",
    ];
    let ended = run(&notify).await.with_code(0);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("warning: ") && ended.stderr.contains("inside this process"));
}

#[tokio::test]
async fn the_sink_log_writes_it_to_the_standard_error() {
    let notify =
        ["notify", "--url", "fake://", "--driver", "log", "--event-type", "e.v", "payload"];
    let ended = run(&notify).await.with_code(0);
    assert!(ended.stderr.contains("e.v") && ended.stderr.contains("payload"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_unknown_sink_or_priority_is_refused_with_those_there_are() {
    let ended = run(&["notify", "--url", "fake://", "--driver", "smoke", "x"]).await.with_code(2);
    assert!(ended.stderr.contains("messagingv2"), "{}", ended.stderr);
    let ended = run(&["notify", "--url", "fake://", "--priority", "low", "x"]).await.with_code(2);
    assert!(ended.stderr.contains("critical"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_listener_gives_up_when_too_few_come() {
    let listen = ["listen", "--url", "fake://", "--count", "2", "--timeout", "50ms"];
    let ended = run(&listen).await.with_code(4);
    assert!(ended.stderr.contains("less than 2"), "{}", ended.stderr);
    let ended = run(&["listen", "--url", "fake://", "--event-type", "("]).await.with_code(2);
    assert!(ended.stderr.contains("regular expression"), "{}", ended.stderr);
}
