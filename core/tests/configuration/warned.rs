//! What is told to the log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use busway_core::TransportUrl;

use crate::pigeon::{builder, with_file};

/// What was written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that something writes to the log.
fn logged(what: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, what);
    let text = log.0.lock().expect("no panic").clone();
    String::from_utf8(text).expect("a text").lines().map(str::to_owned).collect()
}

#[test]
fn a_url_of_hosts_with_and_without_credentials_is_warned_of_without_its_secrets() {
    let lines = logged(|| {
        let url: TransportUrl = "pigeon://u:hunter2@h1,h2:1/".parse().expect("a URL");
        assert_eq!(url.hosts().len(), 2);
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("WARN") && lines[0].contains("h2:1"), "{lines:?}");
    assert!(!lines[0].contains("hunter2"), "{lines:?}");
    let uniform = ["pigeon://u:p@h1,u:p@h2/", "pigeon://h1,h2/"];
    let lines = logged(|| uniform.iter().for_each(|url| drop(url.parse::<TransportUrl>())));
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn building_warns_of_deprecated_names_once_and_of_no_url_yet() {
    let text = "[DEFAULT]\ntransport_url = pigeon://u:p@h1,h2/\nrpc_backend = pigeon\n";
    let lines = logged(|| {
        let built = with_file("a.conf", text, |path| builder().file(path).build());
        drop(built.expect("a good file"));
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("[DEFAULT] rpc_backend is deprecated"), "{lines:?}");
}
