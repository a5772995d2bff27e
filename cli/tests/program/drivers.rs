use crate::run::run;

#[tokio::test]
async fn the_drivers_are_listed_with_what_they_can_do_and_their_options() {
    let drivers = run(&["drivers", "--json"]).await.with_code(0).json();
    let drivers = drivers.as_array().expect("a list");
    let fake = drivers.iter().find(|driver| driver["name"] == "fake").expect("the in-memory bus");
    assert_eq!(fake["schemes"], serde_json::json!(["fake"]));
    assert_eq!(fake["capabilities"]["fanout"], true);
    assert_eq!(fake["section"], "oslo_messaging_fake");
    for option in fake["options"].as_array().expect("a list") {
        for field in ["name", "kind", "text"] {
            let value = option[field].as_str().unwrap_or_default();
            assert!(!value.is_empty(), "{field} of {option}");
        }
        assert!(option.get("default").is_some(), "{option}");
    }
}

#[tokio::test]
async fn one_driver_is_found_by_its_name_or_scheme() {
    for asked in ["fake", "fake://", "fake+x://host/"] {
        let shown = run(&["drivers", asked]).await.with_code(0).stdout;
        assert!(shown.contains("queue_capacity"), "{shown}");
    }
    let ended = run(&["drivers", "pigeon"]).await.with_code(2);
    assert!(ended.stderr.contains("fake"), "{}", ended.stderr);
}
