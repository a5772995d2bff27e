use std::path::PathBuf;

use tempfile::TempDir;

use crate::run::{busway, end, run};

fn file(name: &str, text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[tokio::test]
async fn the_sample_is_a_configuration_that_says_nothing() {
    let sample = run(&["config", "sample"]).await.with_code(0).stdout;
    for part in ["[DEFAULT]", "[oslo_messaging_notifications]", "[oslo_messaging_fake]"] {
        assert!(sample.contains(part), "{part} is missing");
    }
    let (_folder, path) = file("sample.conf", &sample);
    let checked = run(&["config", "check", &path, "--json"]).await.with_code(0).json();
    assert_eq!(checked["ok"], true);
    assert_eq!(checked["options"].as_array().expect("a list").len(), 0);
}

#[tokio::test]
async fn the_sample_without_its_comment_marks_is_a_configuration_of_the_defaults() {
    let sample = run(&["config", "sample"]).await.with_code(0).stdout;
    let set: Vec<_> = sample
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .filter(|line| !line.trim_end().ends_with('='))
        .collect();
    let (_folder, path) = file("all.conf", &set.join("\n"));
    let checked = run(&["config", "check", &path, "--json"]).await.with_code(0).json();
    assert_eq!(checked["errors"], serde_json::json!([]));
    let options = checked["options"].as_array().expect("a list");
    assert!(options.len() > 10, "{options:?}");
}

#[tokio::test]
async fn a_check_shows_what_comes_from_where() {
    let (_folder, path) = file(
        "service.conf",
        "[DEFAULT]\ntransport_url = fake://desk/\nrpc_response_timeout = 5\n[nova]\nx = y\n",
    );
    let mut command = busway(&["config", "check", &path, "--json"]);
    command.env("BUSWAY_RPC_RESPONSE_TIMEOUT", "7");
    let checked = end(command).await.with_code(0).json();
    let options = checked["options"].as_array().expect("a list");
    let option = |name: &str| options.iter().find(|option| option["name"] == name).expect(name);
    assert_eq!(option("transport_url")["origin"], path.as_str());
    assert_eq!(option("rpc_response_timeout")["value"], "7");
    assert_eq!(option("rpc_response_timeout")["origin"], "BUSWAY_RPC_RESPONSE_TIMEOUT");

    let shown = run(&["config", "check", &path]).await.with_code(0).stdout;
    assert!(shown.contains("rpc_response_timeout = 5"), "{shown}");
    assert!(shown.contains(&path), "{shown}");
    let all = run(&["config", "check", &path, "--all"]).await.with_code(0).stdout;
    assert!(all.contains("control_exchange = openstack"), "{all}");
}

#[tokio::test]
async fn a_check_finds_everything_that_is_wrong() {
    let (_folder, path) = file(
        "wrong.toml",
        "[DEFAULT]\nrpc_response_timeout = \"soon\"\n[oslo_messaging_fake]\nsede = 1\n",
    );
    let ended = run(&["config", "check", &path]).await.with_code(2);
    for part in ["rpc_response_timeout", "sede", "seed", &path, "2 wrong"] {
        assert!(ended.stdout.contains(part), "{part} is missing in {}", ended.stdout);
    }
    let checked = run(&["config", "check", &path, "--json"]).await.with_code(2).json();
    assert_eq!(checked["ok"], false);
    assert_eq!(checked["errors"].as_array().expect("a list").len(), 2);
}

#[tokio::test]
async fn a_check_finds_a_bus_that_cannot_be() {
    let (_folder, path) = file("bus.yaml", "DEFAULT:\n  transport_url: nope://host/\n");
    let ended = run(&["config", "check", &path]).await.with_code(2);
    assert!(ended.stdout.contains("'nope'"), "{}", ended.stdout);
}

#[tokio::test]
async fn what_is_deprecated_is_told_once() {
    let (_folder, path) = file("old.conf", "[DEFAULT]\nrpc_backend = fake\n");
    let ended = run(&["config", "check", &path]).await.with_code(0);
    assert_eq!(ended.stdout.matches("rpc_backend is deprecated").count(), 1, "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn a_file_names_the_bus_of_a_command() {
    let (_folder, path) = file("bus.conf", "[DEFAULT]\ntransport_url = fake://desk/\n");
    for option in ["--config", "--config-file"] {
        let ended = run(&["call", option, &path, "t", "m"]).await.with_code(5);
        assert!(ended.stderr.contains("fake://desk/"), "{}", ended.stderr);
    }
    let mut command = busway(&["call", "t", "m"]);
    command.env("BUSWAY_TRANSPORT_URL", "fake://elsewhere/");
    let ended = end(command).await.with_code(5);
    assert!(ended.stderr.contains("fake://elsewhere/"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let ended = run(&["call", "--config", "/nowhere/x.conf", "t", "m"]).await.with_code(2);
    assert!(ended.stderr.contains("/nowhere/x.conf"), "{}", ended.stderr);
}
