use busway_core::driver::Registry;
use busway_core::{Config, ErrorKind};

use crate::pigeon::{SECTION, assert_tells, builder, read, refused};

#[test]
fn an_unknown_option_in_a_section_of_ours_is_an_error_with_the_nearest_name() {
    let error = refused("[oslo_messaging_pigeon]\nlook_intervall = 1\n");
    assert_tells(&error, SECTION, "look_intervall", "did you mean look_interval?");
    let error = refused("[oslo_messaging_notifications]\nquite_another = 1\n");
    assert_tells(&error, "oslo_messaging_notifications", "quite_another", "quite_another");
    assert!(!error.message().contains("did you mean"), "{error}");
}

#[test]
fn an_option_of_another_section_is_told_where_it_belongs() {
    let error = refused("[oslo_messaging_pigeon]\ncontrol_exchange = x\n");
    assert_tells(&error, SECTION, "control_exchange", "there is one in [DEFAULT]");
}

#[test]
fn default_is_shared_so_only_a_misspelling_is_an_error_there() {
    let text = "[DEFAULT]\nstate_path = /var\nrpc_workers = 4\nnova_control_exchange = x\n\
                rpc_response_max_timeout = 5\nlog_dir = /var/log\ndriver = x\n";
    assert_eq!(read("a.conf", text).core().control_exchange, "openstack");
    let error = refused("[DEFAULT]\ntransport_ulr = pigeon://u:hunter2@h\n");
    assert_tells(&error, "DEFAULT", "transport_ulr", "did you mean transport_url?");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn what_is_set_in_code_is_meant_for_us() {
    let built = builder().set("DEFAULT", "state_path", "/var").build();
    let error = built.expect_err("no option of ours");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.get("key"), Some("state_path"));
}

#[test]
fn a_section_of_nobody_here_is_not_looked_at() {
    let text = "[oslo_messaging_pigeon]\nnonsense = 1\n[oslo_messaging_rabbit]\nx = $y\n";
    let built = crate::pigeon::with_file("a.conf", text, |path| {
        Config::builder().registry(Registry::empty()).file(path).build()
    });
    assert!(built.is_ok(), "{built:?}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let error = refused(
        "[DEFAULT]\nrpc_response_timeout = soon\n[oslo_messaging_pigeon]\npigeons = 0\nsing = 1\n\
         password = hunter2\n",
    );
    for what in ["rpc_response_timeout", "'soon'", "pigeons", "sing", "service.conf", SECTION] {
        assert!(error.message().contains(what), "{what}: {error}");
    }
    assert!(!error.message().contains("hunter2"), "{error}");
}
