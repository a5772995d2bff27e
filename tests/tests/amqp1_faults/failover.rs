//! Hosts of which one is there at a time.

use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{ErrorKind, Target, Transport};
use busway_testkit::brokers::Desk;
use busway_testkit::stage::{Service, soon};
use serde_json::{Value, json};

use crate::stand::HASTE;

/// Calls go on by the host that is there, whichever of them it is.
pub(crate) async fn whoever_is_there() {
    let hosts = [Desk::start().await.expect("a broker"), Desk::start().await.expect("a broker")];
    let url = format!("amqp://{},{}/?{HASTE}", hosts[0].address(), hosts[1].address());
    hosts[1].stop().await;
    let open = async || soon(Transport::open(&url)).await.expect("one of them answers");
    let (ours, theirs) = (open().await, open().await);
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&theirs, target).endpoint(Service::echo());
    let server = server.start().await.expect("a server");
    let client = RpcClient::new(&ours, Target::new("topic"));
    for turn in 0..4 {
        let reply: Value =
            soon(client.call("echo", json!({ "turn": turn }))).await.expect("a reply");
        assert_eq!(reply, json!({ "turn": turn }));
        hosts[turn % 2].stop().await;
        hosts[(turn + 1) % 2].start_again().await.expect("a broker");
    }
    soon(server.stop()).await.expect("stopped");
    soon(ours.close()).await.expect("closed");
    soon(theirs.close()).await.expect("closed");
}

/// Opening tells why none of the hosts can be reached.
pub(crate) async fn nobody_is_there() {
    let desk = Desk::start().await.expect("a broker");
    let address = desk.address();
    desk.stop().await;
    let url = format!("amqp://{address},{address}/?{HASTE}");
    let error = soon(Transport::open(&url)).await.expect_err("nobody is there");
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}
