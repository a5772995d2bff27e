//! `busway broker`, and what it says when it cannot.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;

use crate::run::{busway, run};

const PATIENCE: Duration = Duration::from_mins(1);
const AMQP: &[u8] = b"AMQP\x00\x01\x00\x00";
const SASL: &[u8] = b"AMQP\x03\x01\x00\x00";

/// A broker that runs, and where.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    async fn start(arguments: &[&str]) -> Self {
        let arguments = [&["broker", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut command = busway(&arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let url = tokio::time::timeout(PATIENCE, stdout.next_line()).await;
        let url = url.expect("in time").expect("UTF-8").expect("a URL");
        Self { child, url }
    }

    /// Stops it as Ctrl-C does; what it had to say.
    async fn stop(self) -> String {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).expect("it runs");
        kill_process(Pid::from_raw(id).expect("not 0"), Signal::INT).expect("a signal");
        let ended = tokio::time::timeout(PATIENCE, self.child.wait_with_output()).await;
        let ended = ended.expect("in time").expect("a status");
        assert_eq!(ended.status.code(), Some(0));
        String::from_utf8(ended.stderr).expect("UTF-8")
    }
}

/// Starts a broker, says a header to it, and stops it; the header that it answers with.
async fn answer(arguments: &[&str], header: &[u8]) -> Vec<u8> {
    let broker = Running::start(arguments).await;
    let url = broker.url.clone();
    let address = url.strip_prefix("amqp://").expect("a URL of AMQP");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(header).await.expect("written");
    let mut answer = vec![0; 8];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await;
    read.expect("in time").expect("an answer");
    let stderr = broker.stop().await;
    assert!(stderr.contains("in memory") && stderr.contains("for development and tests"));
    assert!(stderr.contains(&format!("listening at {url}")), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
    answer
}

#[tokio::test]
async fn the_demo_goes_well_on_it() {
    let broker = Running::start(&[]).await;
    let ended = run(&["demo", "--url", &broker.url]).await.with_code(0);
    assert!(ended.stdout.contains("All went well"), "{}", ended.stdout);
    broker.stop().await;
}

#[tokio::test]
async fn two_shells_talk_over_it() {
    let broker = Running::start(&["--user", "ann:secret"]).await;
    let url = broker.url.replace("amqp://", "amqp://ann:secret@");
    let serve = ["serve", "--url", &url, "--topic", "shop", "--server", "desk"];
    let server = busway(&serve).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let server = server.expect("it starts");
    // It is stored until the server is there.
    let ended = run(&["call", "--url", &url, "shop", "echo", "what=tea"]).await.with_code(0);
    assert_eq!(ended.json(), serde_json::json!({ "what": "tea" }));
    drop(server);
    broker.stop().await;
}

#[tokio::test]
async fn it_listens_until_a_signal_comes() {
    assert_eq!(answer(&[], AMQP).await, AMQP);
}

#[tokio::test]
async fn with_a_user_nobody_comes_in_without_a_name() {
    assert_eq!(answer(&["--user", "ann:secret"], AMQP).await, SASL);
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = run(&["broker", "--listen", &address]).await.with_code(1);
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn what_is_no_user_is_not_shown() {
    let ended = run(&["broker", "--user", "hunter2"]).await.with_code(2);
    assert!(ended.stderr.contains("NAME:PASSWORD"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_certificate_needs_its_key_and_a_file() {
    run(&["broker", "--tls-cert", "cert.pem"]).await.with_code(2);
    let files = ["broker", "--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem"];
    let ended = run(&files).await.with_code(2);
    assert!(ended.stderr.contains("/nowhere/cert.pem"), "{}", ended.stderr);
}
