use busway_core::{Config, ErrorKind};

use crate::pigeon::{builder, pigeon, with_file};

#[test]
fn a_variable_without_a_section_is_an_option_of_default() {
    let config = builder().environment_of([("BUSWAY_TRANSPORT_URL", "pigeon://h/")]).build();
    let config = config.expect("a good environment");
    let url = config.core().transport_url.as_ref().expect("a URL");
    assert_eq!(url.expose(), "pigeon://h/");
}

#[test]
fn a_variable_with_a_section_is_an_option_there() {
    let variables = [
        ("BUSWAY_OSLO_MESSAGING_PIGEON__LOOK_INTERVAL", "0.5"),
        ("BUSWAY_OSLO_MESSAGING_PIGEON__PASSWORD", "123"),
        ("BUSWAY_OSLO_MESSAGING_PIGEON__ROOFS", "east, west"),
        ("BUSWAY_OSLO_MESSAGING_PIGEON__LETTER_TIMEOUT", ""),
        ("BUSWAY_DEFAULT__CONTROL_EXCHANGE", "x"),
        ("PATH", "/bin"),
    ];
    let config = builder().environment_of(variables).build().expect("a good environment");
    let pigeon = pigeon(&config);
    assert_eq!(pigeon.look_interval.as_millis(), 500);
    assert_eq!(pigeon.password.expose(), "123");
    assert_eq!(pigeon.roofs, ["east", "west"]);
    assert_eq!(pigeon.letter_timeout, None);
    assert_eq!(config.core().control_exchange, "x");
}

#[test]
fn the_environment_wins_over_a_file_and_code_over_the_environment() {
    let text = "[DEFAULT]\ncontrol_exchange = file\n[oslo_messaging_pigeon]\npigeons = 3\n";
    let config = with_file("a.conf", text, |path| {
        let variables =
            [("BUSWAY_CONTROL_EXCHANGE", "env"), ("BUSWAY_OSLO_MESSAGING_PIGEON__PIGEONS", "4")];
        builder()
            .set("DEFAULT", "control_exchange", "code")
            .environment_of(variables)
            .file(path)
            .build()
    });
    let config = config.expect("good");
    assert_eq!(config.core().control_exchange, "code");
    assert_eq!(pigeon(&config).pigeons, 4);
}

#[test]
fn an_unknown_variable_of_ours_is_an_error_with_the_nearest_one() {
    for (variable, meant) in [
        ("BUSWAY_TRANSPORT_ULR", "BUSWAY_TRANSPORT_URL"),
        ("BUSWAY_OSLO_MESSAGING_PIGEON_PIGEONS", "BUSWAY_OSLO_MESSAGING_PIGEON__PIGEONS"),
        ("BUSWAY_OSLO_MESSAGING_PIGEON__PIGEON", "BUSWAY_OSLO_MESSAGING_PIGEON__PIGEONS"),
    ] {
        let built = builder().environment_of([(variable, "hunter2")]).build();
        let error = built.expect_err(variable);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.get("variable"), Some(variable));
        assert!(error.message().ends_with(&format!("did you mean {meant}?")), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    let built = Config::builder().environment_of([("BUSWAY_NONSENSE__X", "1")]).build();
    assert_eq!(built.expect_err("unknown").get("variable"), Some("BUSWAY_NONSENSE__X"));
}

#[test]
fn a_bad_value_is_told_with_its_variable() {
    let variable = "BUSWAY_RPC_RESPONSE_TIMEOUT";
    let error = builder().environment_of([(variable, "soon")]).build().expect_err("no number");
    assert_eq!(error.get("variable"), Some(variable));
    assert_eq!(error.get("key"), Some("rpc_response_timeout"));
    assert!(error.message().contains("a number of seconds"), "{error}");
    assert!(error.message().contains("'soon'"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_an_error() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let value = OsString::from_vec(vec![0xff]);
    let built = builder().environment_of([(OsString::from("BUSWAY_CONTROL_EXCHANGE"), value)]);
    let error = built.build().expect_err("no text");
    assert_eq!(error.get("variable"), Some("BUSWAY_CONTROL_EXCHANGE"));
}

#[test]
fn a_dollar_sign_in_a_variable_is_a_dollar_sign() {
    let variables = [("BUSWAY_OSLO_MESSAGING_PIGEON__PASSWORD", "a$$b$control_exchange")];
    let config = builder().environment_of(variables).build().expect("a good environment");
    assert_eq!(pigeon(&config).password.expose(), "a$$b$control_exchange");
}
