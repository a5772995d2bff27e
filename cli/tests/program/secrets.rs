//! A secret on the command line, in the environment or in a file appears nowhere.

use crate::run::{Ended, busway, end, run};

const SECRET: &str = "hunter2";

#[track_caller]
fn hides(ended: &Ended) {
    assert!(!ended.stdout.contains(SECRET), "{ended:#?}");
    assert!(!ended.stderr.contains(SECRET), "{ended:#?}");
}

#[tokio::test]
async fn a_secret_of_a_url_is_not_printed() {
    let url = format!("nope://user:{SECRET}@host:99999/v?ssl_key_password={SECRET}");
    let spaced = format!("no pe://user:{SECRET}@host/");
    let known = format!("fake://user:{SECRET}@host/");
    for url in [&url, &spaced, &known] {
        for command in [
            &["demo"][..],
            &["serve", "--topic", "t", "--nope"],
            &["call", "t", "m"],
            &["cast", "t", "m"],
            &["notify", "x"],
            &["listen", "--count", "1", "--timeout", "10ms"],
            &["bench", "--count", "1"],
            &["check"],
            &["config", "check"],
        ] {
            for log in ["warn", "trace"] {
                let mut command = busway(&[command, &["-vv", "--url", url]].concat());
                command.env("RUST_LOG", log);
                hides(&end(command).await);
            }
        }
    }
}

#[tokio::test]
async fn a_url_in_the_wrong_place_is_not_printed() {
    let url = format!("pika://user:{SECRET}@host/");
    hides(&run(&["call", &url]).await.with_code(2));
    hides(&run(&["demo", &url]).await.with_code(2));
    hides(&run(&[&url]).await.with_code(2));
    hides(&run(&["bench", &url]).await.with_code(2));
    hides(&run(&["call", "--timeout", &url, "t", "m"]).await.with_code(2));
    hides(&run(&["check", &format!("fake://?password={SECRET}")]).await.with_code(2));
    hides(&run(&["drivers", &url]).await);
    hides(&run(&["drivers", &format!("nope://user:{SECRET}@host/")]).await.with_code(2));
}

#[tokio::test]
async fn a_secret_of_the_configuration_is_not_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.conf");
    let text = format!("[DEFAULT]\ntransport_url = nope://u:{SECRET}@h/\n");
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8");
    let ended = run(&["config", "check", path]).await.with_code(2);
    assert!(ended.stdout.contains("nope://u:***@h/"), "{}", ended.stdout);
    hides(&ended);
    hides(&run(&["config", "check", path, "--json"]).await);
    hides(&run(&["call", "--config", path, "t", "m"]).await);

    let mut command = busway(&["config", "check"]);
    command.env("BUSWAY_TRANSPORT_URL", format!("fake://u:{SECRET}@h/"));
    hides(&end(command).await);
}
