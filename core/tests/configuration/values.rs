use busway_core::Limits;

use crate::pigeon::{SECTION, assert_tells, builder, pigeon, read, refused, with_file};

#[test]
fn a_value_of_the_wrong_type_says_what_was_expected() {
    for (line, key, what) in [
        ("pigeons = many", "pigeons", "expected a whole number from 1 to 9"),
        ("pigeons = 10", "pigeons", "expected a whole number from 1 to 9"),
        ("look_interval = -1", "look_interval", "expected a number of seconds from 0 up"),
        ("look_interval = 1e300", "look_interval", "look_interval"),
        ("wind = strong", "wind", "expected a number"),
        ("song = maybe", "song", "expected true or false"),
        ("order = shufle", "order", "did you mean shuffle?"),
        ("rings = 1, two", "rings", "expected a whole number from 0 to 65535"),
        ("orders = north", "orders", "expected pairs"),
        ("volume = 7", "volume", "too loud a song"),
    ] {
        let error = refused(&format!("[{SECTION}]\n{line}\n"));
        assert_tells(&error, SECTION, key, what);
    }
}

#[test]
fn typed_files_are_held_to_their_types() {
    for (line, key) in [
        ("pigeons = 2.0", "pigeons"),
        ("pigeons = true", "pigeons"),
        ("wind = nan", "wind"),
        ("password = 123", "password"),
        ("roofs = 'north'\npigeons = [1, 2]", "pigeons"),
        ("reply_exchange = 1.10", "reply_exchange"),
    ] {
        let text = format!("[{SECTION}]\n{line}\n");
        let built = with_file("a.toml", &text, |path| builder().file(path).build());
        let error = built.expect_err(line);
        assert_eq!(error.get("key"), Some(key), "{error}");
        assert!(!error.message().contains("123"), "{error}");
    }
}

#[test]
fn a_plain_option_that_is_repeated_has_its_last_value() {
    let config = read("a.conf", "[oslo_messaging_pigeon]\npigeons = 3\npigeons = 4\n");
    assert_eq!(pigeon(&config).pigeons, 4);
    let text = "[oslo_messaging_notifications]\ntopics = a,b\ntopics = c\n";
    assert_eq!(read("a.conf", text).notifications().topics, ["c"]);
}

#[test]
fn an_empty_value_is_none_where_there_may_be_none() {
    let text = "[DEFAULT]\ntransport_url =\n[oslo_messaging_pigeon]\nletter_timeout =\nroofs =\n";
    let config = read("a.conf", text);
    assert_eq!(config.core().transport_url, None);
    assert_eq!(pigeon(&config).letter_timeout, None);
    assert!(pigeon(&config).roofs.is_empty());
    let error = refused("[oslo_messaging_pigeon]\npigeons =\n");
    assert_tells(&error, SECTION, "pigeons", "expected a whole number");
}

#[test]
fn the_cores_options_have_their_ranges() {
    let too_deep = format!("max_body_depth = {}", Limits::DEEPEST + 1);
    for (line, key) in [
        (too_deep.as_str(), "max_body_depth"),
        ("max_body_depth = 0", "max_body_depth"),
        ("max_body_size = 0", "max_body_size"),
        ("executor_thread_pool_size = 0", "executor_thread_pool_size"),
        ("rpc_response_timeout = 0", "rpc_response_timeout"),
        ("transport_url = pigeon", "transport_url"),
    ] {
        let error = refused(&format!("[DEFAULT]\n{line}\n"));
        assert_tells(&error, "DEFAULT", key, key);
    }
    let error = refused("[oslo_messaging_notifications]\nretry = -2\n");
    assert_tells(&error, "oslo_messaging_notifications", "retry", "a whole number from -1");
}

#[test]
fn a_bad_transport_url_is_told_without_its_password() {
    let error = refused("[DEFAULT]\ntransport_url = pigeon://u:hunter2@loft:x/\n");
    assert_tells(&error, "DEFAULT", "transport_url", "character 25");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
