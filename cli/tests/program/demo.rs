use crate::run::{busway, end, run};

#[tokio::test]
async fn the_demo_tells_its_story_on_one_screen_and_ends_well() {
    let ended = run(&["demo"]).await.with_code(0);
    for told in [
        "fake://",
        "\"Hello Ada, this is desk!\"",
        "DivisionByZero",
        "undeliverable",
        "tea at five",
        "north, east, south have a copy each",
        "north 2, east 2, south 2",
        "order.created",
        "All went well: 13 checks",
    ] {
        assert!(ended.stdout.contains(told), "{told} is missing in {}", ended.stdout);
    }
    assert!(ended.stdout.lines().count() <= 40, "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn the_demo_works_on_a_bus_of_its_own_name_and_with_another_serializer() {
    let ended = run(&["demo", "--url", "fake://desk/?serializer=msgpack"]).await.with_code(0);
    assert!(ended.stdout.contains("All went well"), "{}", ended.stdout);
}

#[tokio::test]
async fn the_demo_fails_when_a_message_comes_twice() {
    let ended = run(&["demo", "--url", "fake://?duplicate=1"]).await.with_code(1);
    assert!(ended.stderr.contains("nothing else came to desk"), "{}", ended.stderr);
    assert!(!ended.stdout.contains("All went well"), "{}", ended.stdout);
}

#[tokio::test]
async fn the_demo_fails_when_a_message_is_lost() {
    let mut command = busway(&["demo", "--url", "fake://?drop=1"]);
    command.env("BUSWAY_RPC_RESPONSE_TIMEOUT", "0.05");
    let ended = end(command).await.with_code(4);
    assert!(ended.stderr.contains("method: hello"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_demo_bears_a_send_that_fails_once() {
    run(&["demo", "--url", "fake://?fail_nth=1"]).await.with_code(0);
}

#[tokio::test]
async fn the_demo_asks_neither_environment_nor_configuration_for_its_bus() {
    let mut command = busway(&["demo"]);
    command.env("BUSWAY_TRANSPORT_URL", "nowhere://");
    end(command).await.with_code(0);
}
