use crate::pigeon::{builder, pigeon, read, refused, with_file};

const OLD: &str = "[DEFAULT]
notification_driver = messaging
notification_driver = log
notification_topics = a,b
notification_transport_url = pigeon://h/
routing_notifier_config = /etc/routing.yaml
rpc_thread_pool_size = 3
rpc_backend = pigeon
";

#[test]
fn old_names_are_honoured_with_a_warning_each() {
    let config = read("service.conf", OLD);
    let notifications = config.notifications();
    assert_eq!(notifications.driver, ["messaging", "log"]);
    assert_eq!(notifications.topics, ["a", "b"]);
    let url = notifications.transport_url.as_ref().expect("a URL");
    assert_eq!(url.expose(), "pigeon://h/");
    assert_eq!(notifications.routing_config.as_deref(), Some("/etc/routing.yaml"));
    assert_eq!(config.core().executor_thread_pool_size, 3);

    let warnings = config.explain().warnings;
    for (old, new) in [
        ("notification_driver", "[oslo_messaging_notifications] driver"),
        ("notification_topics", "[oslo_messaging_notifications] topics"),
        ("notification_transport_url", "[oslo_messaging_notifications] transport_url"),
        ("routing_notifier_config", "[oslo_messaging_notifications] routing_config"),
        ("rpc_thread_pool_size", "[DEFAULT] executor_thread_pool_size"),
        ("rpc_backend", "transport_url"),
    ] {
        let told = warnings.iter().filter(|warning| {
            warning.contains("service.conf")
                && warning.contains(&format!("[DEFAULT] {old} "))
                && warning.contains(new)
        });
        assert_eq!(told.count(), 1, "{old}: {warnings:?}");
    }
    assert_eq!(warnings.len(), 6);
}

#[test]
fn the_new_name_wins_in_one_file_and_the_later_file_wins_over_both() {
    let both = "[DEFAULT]\nnotification_topics = old\n\
                [oslo_messaging_notifications]\ntopics = new\n";
    assert_eq!(read("a.conf", both).notifications().topics, ["new"]);
    let config = with_file("a.conf", both, |first| {
        with_file("b.conf", "[rpc_notifier2]\ntopics = later\n", |second| {
            builder().file(first).file(second).build()
        })
    });
    assert_eq!(config.expect("good").notifications().topics, ["later"]);
}

#[test]
fn a_variable_of_the_new_name_wins_over_one_of_the_old() {
    let old = ("BUSWAY_RPC_THREAD_POOL_SIZE", "3");
    let config = builder().environment_of([old]).build().expect("good");
    assert_eq!(config.core().executor_thread_pool_size, 3);
    assert_eq!(config.explain().warnings.len(), 1);
    let new = ("BUSWAY_EXECUTOR_THREAD_POOL_SIZE", "4");
    let config = builder().environment_of([new, old]).build().expect("good");
    assert_eq!(config.core().executor_thread_pool_size, 4);
}

#[test]
fn a_bad_value_under_an_old_name_is_told_with_that_name() {
    let error = refused("[DEFAULT]\nrpc_thread_pool_size = many\n");
    assert_eq!(error.get("key"), Some("executor_thread_pool_size"));
    assert_eq!(error.get("written as"), Some("[DEFAULT] rpc_thread_pool_size"));
}

#[test]
fn sections_of_others_stay_as_they_are() {
    let config = read("a.conf", "[rpc_notifier2]\nother = 1\n");
    assert!(config.explain().warnings.is_empty());
    assert_eq!(pigeon(&config).pigeons, 2);
}
