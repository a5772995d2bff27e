//! `busway::blocking`: programs without a runtime, and what happens to those that have one.
#![cfg(all(feature = "blocking", feature = "fake"))]

use std::sync::mpsc;
use std::time::Duration;

use busway::blocking::{Notifier, RpcClient, RpcServer, Transport, service};
use busway::{
    Config, Error, ErrorKind, Handled, NotificationListener, Priority, RemoteKind, Target, client,
    endpoint, endpoint_fn,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Hello {
    name: String,
}

const SECONDS_10: Duration = Duration::from_secs(10);

fn target() -> Target {
    Target::new("greetings")
}

fn greeter(transport: &Transport) -> RpcServer {
    let hello = service("hello", |args: Hello, _| Ok(format!("Hello, {}!", args.name)))
        .method("panic", |_: Value, _| -> Result<(), _> { panic!("as it happens") })
        .method("_private", |_: Value, _| Ok(()));
    let target = target().with_server("s1");
    RpcServer::builder(transport, target).endpoint(hello).start().expect("a server")
}

fn remote_kind(error: &Error) -> Option<RemoteKind> {
    error.remote().map(busway::RemoteError::kind)
}

#[test]
fn a_synchronous_handler_answers() {
    let transport = Transport::open("fake://sync").expect("a bus");
    let server = greeter(&transport);
    let client = RpcClient::new(&transport, target());
    let greeting: String = client.call("hello", json!({ "name": "Ada" })).expect("a reply");
    assert_eq!(greeting, "Hello, Ada!");
    server.stop().expect("a graceful stop");
    let error = client.call::<_, Value>("hello", ()).expect_err("nobody serves");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    transport.close().expect("closed");
    let error = client.cast("hello", ()).expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[test]
fn what_goes_wrong_in_a_synchronous_handler_goes_back() {
    let transport = Transport::open("fake://sync-errors").expect("a bus");
    let _server = greeter(&transport);
    let client = RpcClient::new(&transport, target());
    let cases = [
        ("hello", RemoteKind::InvalidArguments),
        ("panic", RemoteKind::Panicked),
        ("_private", RemoteKind::NoSuchMethod),
    ];
    for (method, kind) in cases {
        let error = client.call::<_, Value>(method, ()).expect_err(method);
        assert_eq!(remote_kind(&error), Some(kind), "{error}");
    }
    let greeting: String = client.call("hello", json!({ "name": "Ada" })).expect("it lives on");
    assert_eq!(greeting, "Hello, Ada!");
}

#[test]
fn a_synchronous_handler_may_call_others() {
    let transport = Transport::open("fake://sync-nested").expect("a bus");
    let _greeter = greeter(&transport);
    let client = RpcClient::new(&transport, target());
    let inner = client.clone();
    let twice = service("twice", move |args: Value, _| {
        let greeting: String = inner.call("hello", args)?;
        Ok(greeting.repeat(2))
    });
    let at = Target::new("twice");
    let server = RpcServer::builder(&transport, at.clone().with_server("s1")).endpoint(twice);
    let _server = server.start().expect("a server");
    let twice = RpcClient::new(&transport, at);
    let greeting: String = twice.call("twice", json!({ "name": "Ada" })).expect("a reply");
    assert_eq!(greeting, "Hello, Ada!Hello, Ada!");
    let error = twice.call::<_, String>("twice", ()).expect_err("no name");
    assert_eq!(remote_kind(&error), Some(RemoteKind::InvalidArguments));
}

#[test]
fn clones_are_used_from_many_threads() {
    let transport = Transport::open("fake://sync-threads").expect("a bus");
    let _server = greeter(&transport);
    let client = RpcClient::new(&transport, target());
    drop(transport);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                let name = thread.to_string();
                let greeting: String =
                    client.call("hello", json!({ "name": name })).expect("a reply");
                assert_eq!(greeting, format!("Hello, {name}!"));
            });
        }
    });
}

#[test]
fn typed_endpoints_and_clients_work_too() {
    struct Greeter;

    #[endpoint]
    impl Greeter {
        async fn hello(&self, name: String) -> String {
            tokio::task::yield_now().await;
            format!("Hello, {name}!")
        }
    }

    #[client]
    trait Greetings {
        async fn hello(&self, name: &str) -> String;
    }

    let transport = Transport::open("fake://sync-typed").expect("a bus");
    let server = RpcServer::builder(&transport, target().with_server("s1")).endpoint(Greeter);
    let _server = server.start().expect("a server");
    let greetings = GreetingsClient::new(transport.as_async(), target());
    let greeting = transport.block_on(greetings.hello("Ada")).expect("a reply");
    assert_eq!(greeting, "Hello, Ada!");
}

#[test]
fn a_notification_reaches_its_listener() {
    let transport = Transport::open("fake://sync-notify").expect("a bus");
    let (tell, told) = mpsc::channel();
    let endpoint = endpoint_fn([Priority::Info, Priority::Audit], move |notification| {
        let _ = tell.send((notification.event_type.clone(), notification.priority));
        async { Ok(Handled::Done) }
    });
    let listener = NotificationListener::builder(transport.as_async()).endpoint(endpoint);
    let listener = transport.block_on(listener.start()).expect("a listener");
    let notifier = Notifier::new(&transport, "shop.host-1").expect("a notifier");
    notifier.info("order.created", json!({ "id": 7 })).expect("stored");
    notifier
        .with(|settings| settings.timeout(Duration::from_secs(5)))
        .audit("order.viewed", ())
        .expect("stored");
    let mut heard = ["one", "another"].map(|which| told.recv_timeout(SECONDS_10).expect(which));
    heard.sort();
    let expected = [("order.created", Priority::Info), ("order.viewed", Priority::Audit)];
    assert_eq!(heard, expected.map(|(event, priority)| (event.to_owned(), priority)));
    transport.block_on(listener.stop()).expect("a graceful stop");
}

#[test]
fn within_an_async_runtime_it_is_an_error_and_no_panic() {
    let transport = Transport::open("fake://sync-misuse").expect("a bus");
    let server = greeter(&transport);
    let client = RpcClient::new(&transport, target());
    let notifier = Notifier::new(&transport, "shop.host-1").expect("a notifier");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async move {
        let errors = [
            Transport::open("fake://").map(drop),
            Transport::from_config(&Config::new()).map(drop),
            client.call::<_, Value>("hello", ()).map(drop),
            client.prepare().cast("hello", ()),
            notifier.info("event", ()),
            RpcServer::builder(&transport, target().with_server("s2"))
                .endpoint(service("m", |_: Value, _| Ok(())))
                .start()
                .map(drop),
            transport.close(),
            server.stop(),
        ];
        for result in errors {
            assert_eq!(result.expect_err("within a runtime").kind(), ErrorKind::Unsupported);
        }
        // The last handles end here, and with them the threads: that is no panic either.
        drop((transport, client, notifier));
    });
}

#[test]
fn an_async_handler_is_no_place_to_wait() {
    struct Waiting(RpcClient);

    #[endpoint]
    impl Waiting {
        async fn wait(&self) -> busway::Result<String> {
            self.0.call("hello", json!({ "name": "Ada" }))
        }
    }

    let transport = Transport::open("fake://sync-async").expect("a bus");
    let _greeter = greeter(&transport);
    let waiting = Waiting(RpcClient::new(&transport, target()));
    let at = Target::new("waiting");
    let server = RpcServer::builder(&transport, at.clone().with_server("s1")).endpoint(waiting);
    let _server = server.start().expect("a server");
    let error = RpcClient::new(&transport, at).call::<_, String>("wait", ()).expect_err("refused");
    let remote = error.remote().expect("an answer");
    assert!(remote.message.contains("async runtime"), "{remote}");
}

#[test]
fn dropping_a_server_stops_it() {
    let transport = Transport::open("fake://sync-drop").expect("a bus");
    let client = RpcClient::new(&transport, target());
    drop(greeter(&transport));
    // It stops at once, yet on another thread, and may take a call with it: the bus says when.
    let call = client.prepare().timeout(Duration::from_millis(200));
    let gone = std::iter::repeat_with(|| call.call::<_, Value>("hello", json!({ "name": "" })))
        .take(50)
        .filter_map(Result::err)
        .any(|error| error.kind() == ErrorKind::Undeliverable);
    assert!(gone);
}
