use std::path::PathBuf;

use busway_core::config::{ExplainedOption, Explanation, Origin};

use crate::pigeon::{SECTION, builder, with_file};

#[track_caller]
fn find<'a>(explanation: &'a Explanation, name: &str) -> &'a ExplainedOption {
    explanation.options.iter().find(|option| option.name == name).expect("an option")
}

#[test]
fn every_option_is_told_with_its_value_and_where_it_came_from() {
    let text = "[DEFAULT]\ncontrol_exchange = nova\n[oslo_messaging_pigeon]\nrings = 1,\n  2\n";
    with_file("service.conf", text, |path| {
        let explanation = builder()
            .file(path)
            .environment_of([("BUSWAY_OSLO_MESSAGING_PIGEON__LOOK_INTERVAL", "1.50")])
            .set(SECTION, "pigeons", "3")
            .explain();
        assert!(explanation.errors.is_empty() && explanation.warnings.is_empty());
        let file = Origin::File(PathBuf::from(path));
        let variable =
            Origin::Environment("BUSWAY_OSLO_MESSAGING_PIGEON__LOOK_INTERVAL".to_owned());
        for (name, value, origin) in [
            ("control_exchange", Some("nova"), file.clone()),
            ("rings", Some("1,2"), file),
            ("look_interval", Some("1.5"), variable),
            ("pigeons", Some("3"), Origin::Code),
            ("rpc_response_timeout", Some("60"), Origin::Default),
            ("reply_exchange", Some("nova_replies"), Origin::Default),
            ("letter_timeout", None, Origin::Default),
            ("password", None, Origin::Default),
            ("topics", Some("notifications"), Origin::Default),
        ] {
            let option = find(&explanation, name);
            assert_eq!(option.value.as_deref(), value, "{name}");
            assert_eq!(option.origin, origin, "{name}");
        }
    });
}

#[test]
fn secrets_are_masked_also_where_another_option_refers_to_them() {
    let text = "[DEFAULT]\ntransport_url = pigeon://u:hunter2@loft/?password=hunter2\n\
                control_exchange = ${transport_url}\n\
                db_password = hunter2\n\
                [oslo_messaging_pigeon]\npassword = hunter2\nreply_exchange = $db_password\n";
    let explanation = with_file("a.conf", text, |path| builder().file(path).explain());
    let url = find(&explanation, "transport_url");
    assert_eq!(url.value.as_deref(), Some("pigeon://u:***@loft/?password=***"));
    assert_eq!(find(&explanation, "password").value.as_deref(), Some("***"));
    assert_eq!(find(&explanation, "reply_exchange").value.as_deref(), Some("***"));
    assert!(!format!("{explanation:?}").contains("hunter2"), "{explanation:?}");
}

#[test]
fn all_errors_are_told_each_for_itself_beside_what_is_good() {
    let text = "[DEFAULT]\nrpc_response_timeout = soon\nexecutor_thread_pool_size = 0\n\
                [oslo_messaging_pigeon]\nvolume = 9\npigeons = 3\n\
                [oslo_messaging_notifications]\nfoo = 1\n";
    let explanation = with_file("a.conf", text, |path| {
        builder()
            .file(path)
            .file("/nowhere.conf")
            .environment_of([("BUSWAY_NONSENSE", "1")])
            .explain()
    });
    let mut keys: Vec<_> = explanation.errors.iter().map(|error| error.get("key")).collect();
    keys.sort_unstable();
    let expected = [
        None,
        Some("executor_thread_pool_size"),
        Some("foo"),
        Some("nonsense"),
        Some("rpc_response_timeout"),
        Some("volume"),
    ];
    assert_eq!(keys, expected);
    assert_eq!(find(&explanation, "rpc_response_timeout").value.as_deref(), Some("60"));
    assert_eq!(find(&explanation, "pigeons").value.as_deref(), Some("3"));
}

#[test]
fn an_explained_option_reads_as_a_line() {
    let explanation = builder().set("DEFAULT", "control_exchange", "x").explain();
    let option = find(&explanation, "control_exchange");
    assert_eq!(option.to_string(), "[DEFAULT] control_exchange = x (set in code)");
    let option = find(&explanation, "letter_timeout");
    assert_eq!(option.to_string(), "[oslo_messaging_pigeon] letter_timeout is not set (default)");
}
