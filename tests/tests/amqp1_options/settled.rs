//! What is sent settled.

use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{Stranger, by_the_book, found, open, receivers, senders, trial};
use libtest_mimic::Trial;
use serde_json::json;

use crate::replies::request;
use crate::stand::{client, notifier};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("what_is_sent_settled_is_an_option", pre_settled)]
}

async fn pre_settled() {
    // Whether calls, casts, replies and notifications are.
    for (options, expected) in [
        ("", [false, true, true, false]),
        ("pre_settled=rpc-call", [true, false, false, false]),
        ("pre_settled=rpc-cast", [false, true, false, false]),
        ("pre_settled=rpc-reply", [false, false, true, false]),
        ("pre_settled=notify", [false, false, false, true]),
        ("pre_settled=rpc-call,notify", [true, false, false, true]),
    ] {
        let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
        let transport = open(peer.address(), options).await;
        let _server = serve(&transport, "own", "server", Service::echo()).await.expect("a server");
        let client = client(&transport);
        let topic = |topic: &str| format!("unicast.v.openstack.{topic}");
        let settled = async |address: &str| {
            let transfer = found(|| {
                let heard = peer.heard();
                senders(&heard, address).first().and_then(|it| it.transfers(&heard).pop())
            });
            transfer.await.1.settled == Some(true)
        };
        soon(client.cast("echo", json!({}))).await.expect("taken");
        let cast = settled(&topic("topic")).await;
        soon(notifier(&transport).info("event", json!({}))).await.expect("taken");
        let notified = settled(&topic("log.info")).await;
        let link = receivers(&peer.heard(), &topic("own")).pop().expect("a server");
        peer.say(
            link.channel,
            busway_tests::amqp1_wire::transfer(link.handle(), 0, false),
            &request(None),
        );
        let replied = settled("caller").await;
        let prepared = client.prepare().topic("called");
        let calling = tokio::spawn(async move { prepared.call::<_, ()>("echo", json!({})).await });
        let called = settled(&topic("called")).await;
        calling.abort();
        assert_eq!([called, cast, replied, notified], expected, "{options}");
    }
}
