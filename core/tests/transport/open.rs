use busway_core::driver::Registry;
use busway_core::{Config, ErrorKind, Transport};

use crate::echo::{builder, url_of};

const NOTIFICATIONS: &str = "oslo_messaging_notifications";

#[tokio::test]
async fn the_configured_url_is_opened_for_rpc_and_for_notifications() {
    let options = [("DEFAULT", "transport_url", "echo://h/v?x=1")];
    let transport = builder(&options).open_for_rpc().await.expect("open");
    assert_eq!(url_of(&transport).await, "echo://h/v?x=1");
    let transport = builder(&options).open_for_notifications().await.expect("open");
    assert_eq!(url_of(&transport).await, "echo://h/v?x=1");
}

#[tokio::test]
async fn notifications_may_have_a_bus_of_their_own() {
    let options = [
        ("DEFAULT", "transport_url", "echo://rpc/"),
        (NOTIFICATIONS, "transport_url", "narcissus://notify/"),
    ];
    let transport = builder(&options).open_for_notifications().await.expect("open");
    assert_eq!(url_of(&transport).await, "narcissus://notify/");
    let transport = builder(&options).open_for_rpc().await.expect("open");
    assert_eq!(url_of(&transport).await, "echo://rpc/");
}

#[tokio::test]
async fn an_empty_url_is_none() {
    let options = [
        ("DEFAULT", "transport_url", ""),
        ("DEFAULT", "rpc_backend", "echo"),
        (NOTIFICATIONS, "transport_url", ""),
    ];
    let transport = builder(&options).open_for_notifications().await.expect("open");
    assert_eq!(url_of(&transport).await, "echo:///");
}

#[tokio::test]
async fn rpc_backend_names_the_driver_where_there_is_no_url() {
    let backend = ("DEFAULT", "rpc_backend", "echo");
    let transport = builder(&[backend]).open_for_rpc().await.expect("open");
    assert_eq!(url_of(&transport).await, "echo:///");
    let transport = builder(&[backend]).open_for_notifications().await.expect("open");
    assert_eq!(url_of(&transport).await, "echo:///");
    let url = ("DEFAULT", "transport_url", "narcissus://h/");
    let transport = builder(&[backend, url]).open_for_rpc().await.expect("open");
    assert_eq!(url_of(&transport).await, "narcissus://h/");
}

#[tokio::test]
async fn an_rpc_backend_that_is_no_scheme_is_an_error_of_the_configuration() {
    let options = [("DEFAULT", "rpc_backend", "nova.rpc.impl_kombu")];
    let error = builder(&options).open_for_rpc().await.expect_err("no scheme");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.get("key"), Some("rpc_backend"));
    assert_eq!(error.get("set"), Some("in code"));
}

#[tokio::test]
async fn without_any_name_of_a_bus_the_error_says_what_to_set() {
    let error = Transport::from_config(&Config::new()).await.expect_err("no bus");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("transport_url"), "{error}");
    let error = Transport::for_notifications(&Config::new()).await.expect_err("no bus");
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn an_unknown_scheme_lists_those_there_are_and_where_it_was_said() {
    let options = [("DEFAULT", "transport_url", "ecko://u:hunter2@h/")];
    let error = builder(&options).open_for_rpc().await.expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::UnknownScheme);
    assert!(error.message().contains("echo, narcissus"), "{error}");
    assert_eq!(error.get("url"), Some("ecko://u:***@h/"));
    assert_eq!(error.get("set"), Some("in code"));
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn without_any_driver_the_error_says_why_there_may_be_none() {
    let opened = Transport::builder().registry(Registry::empty()).open("echo://").await;
    let error = opened.expect_err("no driver");
    assert_eq!(error.kind(), ErrorKind::UnknownScheme);
    assert!(error.message().contains("no driver is registered"), "{error}");
}

#[tokio::test]
async fn a_bad_url_is_refused_before_any_driver_is_asked() {
    let opened = builder(&[]).open("echo://h:port/").await;
    let error = opened.expect_err("a bad port");
    assert_eq!(error.kind(), ErrorKind::InvalidUrl);
    assert_eq!(error.get("at"), Some("10"));
}

#[tokio::test]
async fn the_error_of_a_driver_is_one_of_opening() {
    let opened = builder(&[]).open("echo://h/locked").await;
    let error = opened.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.operation(), Some("open"));
}

#[tokio::test]
async fn a_variant_of_the_scheme_is_left_to_the_driver() {
    let transport = builder(&[]).open("echo+tls://h/").await;
    assert_eq!(url_of(&transport.expect("open")).await, "echo+tls://h/");
}
