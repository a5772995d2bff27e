use crate::pigeon::{SECTION, assert_tells, builder, pigeon, read, refused};

#[track_caller]
fn password(text: &str) -> String {
    let config = read("a.conf", &format!("{text}\n"));
    pigeon(&config).password.expose().to_owned()
}

#[test]
fn a_default_may_refer_to_another_option() {
    assert_eq!(pigeon(&read("a.conf", "")).reply_exchange, "openstack_replies");
    let config = read("a.conf", "[DEFAULT]\ncontrol_exchange = nova\n");
    assert_eq!(pigeon(&config).reply_exchange, "nova_replies");
    let config = builder().set("DEFAULT", "control_exchange", "x").build().expect("good");
    assert_eq!(pigeon(&config).reply_exchange, "x_replies");
}

#[test]
fn a_value_refers_to_its_own_section_first_then_to_default_then_by_section() {
    let sections = "[DEFAULT]\nuser = d\nhost = h1\n[other]\nuser = o\n[oslo_messaging_pigeon]\n";
    let password = |line: &str| password(&format!("{sections}{line}"));
    assert_eq!(password("password = $host"), "h1");
    assert_eq!(password("password = <${user}>\nreply_exchange = x"), "<d>");
    assert_eq!(password("password = ${other.user}:$DEFAULT.user"), "o:d");
    assert_eq!(password("password = $reply_exchange\nreply_exchange = mine"), "mine");
    assert_eq!(password("password = $pigeons/$roofs/${rings}"), "2/north,south/");
    assert_eq!(password("password = $reply_exchange."), "openstack_replies.");
}

#[test]
fn every_format_interpolates() {
    let config = read("a.toml", "x = 3\n[oslo_messaging_pigeon]\npigeons = '$x'\nroofs = ['r$x']");
    assert_eq!(pigeon(&config).pigeons, 3);
    assert_eq!(pigeon(&config).roofs, ["r3"]);
    let config = read("a.yaml", "x: y\noslo_messaging_pigeon:\n  orders: { a: 'to ${x}' }\n");
    assert_eq!(pigeon(&config).orders["a"], "to y");
}

#[test]
fn a_dollar_sign_is_written_twice_or_after_a_backslash() {
    let password = |value: &str| password(&format!("[{SECTION}]\npassword = {value}"));
    assert_eq!(password("a$$b"), "a$b");
    assert_eq!(password(r"a\$b"), "a$b");
    assert_eq!(password("$$$$x$5 ${ ${a b} $"), "$$x$5 ${ ${a b} $");
    assert_eq!(password(r"a\b\"), r"a\b\");
}

#[test]
fn what_comes_in_by_a_reference_is_not_looked_at_again_when_it_was_not_in_a_file() {
    let config = crate::pigeon::with_file(
        "a.conf",
        "[oslo_messaging_pigeon]\npassword = $control_exchange\n",
        |path| builder().file(path).set("DEFAULT", "control_exchange", "$x$$").build(),
    );
    assert_eq!(pigeon(&config.expect("good")).password.expose(), "$x$$");
}

#[test]
fn an_unknown_name_is_an_error() {
    let error = refused("[oslo_messaging_pigeon]\nreply_exchange = ${nobody}_x\n");
    assert_tells(&error, SECTION, "reply_exchange", "nobody");
    let error = refused("[oslo_messaging_pigeon]\nreply_exchange = ${nowhere.nobody}\n");
    assert_tells(&error, SECTION, "reply_exchange", "nobody");
}

#[test]
fn an_unknown_name_in_a_secret_is_not_shown() {
    let error = refused("[oslo_messaging_pigeon]\npassword = pa$hunter2\n");
    assert_tells(&error, SECTION, "password", "a dollar sign is written $$");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn a_cycle_is_an_error() {
    let text = "[DEFAULT]\na = $b\nb = ${a}\n[oslo_messaging_notifications]\ntopics = x,$a\n";
    let path = "[oslo_messaging_notifications] topics to [DEFAULT] a to [DEFAULT] b to [DEFAULT] a";
    assert_tells(&refused(text), "oslo_messaging_notifications", "topics", path);
    let error = refused("[oslo_messaging_pigeon]\nreply_exchange = $reply_exchange\n");
    assert_tells(&error, SECTION, "reply_exchange", "refer to itself");
}

#[test]
fn references_that_multiply_come_to_an_end() {
    let lines = (1..40).map(|i| format!("a{i} = $a{0}$a{0}$a{0}$a{0}\n", i - 1));
    let text = format!("[DEFAULT]\na0 = xxxxxxxxxx\n{}", lines.collect::<String>());
    let error = refused(&format!("{text}rpc_backend = $a39\n"));
    assert_tells(&error, "DEFAULT", "rpc_backend", "too much");
}

#[test]
fn a_bad_value_is_shown_as_it_was_written_not_as_what_it_refers_to() {
    let error = refused("[DEFAULT]\nsecret_word = hunter2\nrpc_response_timeout = $secret_word\n");
    assert_tells(&error, "DEFAULT", "rpc_response_timeout", "'$secret_word'");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
