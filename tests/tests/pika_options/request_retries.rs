//! How often requests and replies are sent again, and after how long.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::rpc::RpcClient;
use busway_core::{ErrorKind, Target};
use busway_testkit::proxy::{Proxy, Way};
use busway_testkit::stage::{Journal, Service, caster, client, serve, soon, until};
use busway_tests::Tap;
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{Place, Shared, trial};
use crate::wire::{assert_apart, published, published_to};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("a_refused_request_is_sent_again_so_often", shared, requests_so_often),
        trial("a_refused_request_is_sent_again_until_it_is_taken", shared, requests_until_taken),
        trial("a_refused_reply_is_sent_again_so_often", shared, replies_so_often),
        trial("a_refused_reply_is_sent_again_until_it_is_taken", shared, replies_until_taken),
        trial(
            "a_cast_ends_in_time_whose_exchange_is_not_declared",
            shared,
            an_exchange_not_declared,
        ),
    ]
}

/// So long a sender waits that is to wait in vain: time enough for the broker to say something.
const BRIEF: Duration = Duration::from_secs(5);
/// What the publishing channels do.
const STATES: &str = "[proplists:get_value(state, I) || \
    I <- rabbit_channel:info_all([vhost, confirm, state]), \
    proplists:get_value(vhost, I) =:= V, proplists:get_value(confirm, I)]";
const REQUESTS: &str = "openstack_rpc";
const REPLIES: &str = "openstack_rpc_reply";

async fn requests_so_often(place: Place) {
    let tap = Tap::start(place.broker.address()).await.expect("a tap");
    place.refuse("_ack[.]");
    let serving = place.open(&[]).await;
    let journal = Journal::<u64>::new();
    // What is never sent again needs no acknowledgement either.
    for (retries, attempts, prefix) in
        [("0", 1, "no_ack"), ("1", 2, "with_ack"), ("3", 4, "with_ack")]
    {
        let topic = format!("topic-{retries}");
        let service = Service::new().noting(&journal);
        let _server = serve(&serving, &topic, "server", service).await.expect("a server");
        let options = [("default_rpc_retry_attempts", retries), ("rpc_retry_delay", "0.15")];
        let transport = place.open_at(tap.address(), &options).await;
        let caster = caster(&transport, &topic);
        let error = soon(caster.cast("note", json!({ "it": 1 }))).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
        let sent = published_to(&tap, REQUESTS, &format!("{prefix}.{topic}"));
        assert_eq!(sent.len(), attempts, "{retries} retries");
        assert_apart(&sent, Duration::from_millis(150));
        // What the caller says goes before.
        let thrice = caster.prepare().retry(Retry::Times(2));
        soon(thrice.cast("note", json!({ "it": 1 }))).await.expect_err("refused");
        let all = published(&tap, REQUESTS);
        assert_eq!(all.iter().filter(|it| it.routing_key.ends_with(&topic)).count(), attempts + 3);
    }
    assert!(journal.rest().await.is_empty());
}

async fn requests_until_taken(place: Place) {
    let tap = Tap::start(place.broker.address()).await.expect("a tap");
    place.refuse("_ack[.]");
    let serving = place.open(&[]).await;
    let journal = Journal::<u64>::new();
    let service = Service::new().noting(&journal);
    let _server = serve(&serving, "topic", "server", service).await.expect("a server");
    let options = [("default_rpc_retry_attempts", "-1"), ("rpc_retry_delay", "0.1")];
    let transport = place.open_at(tap.address(), &options).await;
    let caster = caster(&transport, "topic");
    let casting = tokio::spawn(async move { caster.cast("note", json!({ "it": 1 })).await });
    let sent = async || Ok::<_, ()>(published_to(&tap, REQUESTS, "with_ack.topic").len() >= 4);
    soon(until(sent)).await.expect("counted");
    assert!(journal.rest().await.is_empty());
    place.take_again();
    soon(casting).await.expect("it ends").expect("taken");
    assert_eq!(journal.next().await, 1);
}

async fn replies_so_often(place: Place) {
    place.refuse("^reply[.]");
    let calling = place.open(&[]).await;
    for (retries, attempts) in [("0", 1), ("2", 3)] {
        let tap = Tap::start(place.broker.address()).await.expect("a tap");
        let options = [("rpc_reply_retry_attempts", retries), ("rpc_reply_retry_delay", "0.15")];
        let serving = place.open_at(tap.address(), &options).await;
        let topic = format!("topic-{retries}");
        let journal = Journal::<u64>::new();
        let service = Service::new().noting(&journal);
        let server = serve(&serving, &topic, "server", service).await.expect("a server");
        let client = client(&calling, &topic);
        let calling =
            tokio::spawn(async move { client.call::<_, ()>("note", json!({ "it": 1 })).await });
        assert_eq!(journal.next().await, 1);
        // It waits for those who answer.
        server.stop().await.expect("stopped");
        let sent = published(&tap, REPLIES);
        assert_eq!(sent.len(), attempts, "{retries} retries");
        assert_apart(&sent, Duration::from_millis(150));
        assert!(!calling.is_finished());
        calling.abort();
    }
}

async fn replies_until_taken(place: Place) {
    place.refuse("^reply[.]");
    let tap = Tap::start(place.broker.address()).await.expect("a tap");
    let options = [("rpc_reply_retry_attempts", "-1"), ("rpc_reply_retry_delay", "0.1")];
    let serving = place.open_at(tap.address(), &options).await;
    let journal = Journal::<u64>::new();
    let service = Service::new().noting(&journal);
    let _server = serve(&serving, "topic", "server", service).await.expect("a server");
    let transport = place.open(&[]).await;
    let client = client(&transport, "topic");
    let calling =
        tokio::spawn(async move { client.call::<_, ()>("note", json!({ "it": 1 })).await });
    let sent = async || Ok::<_, ()>(published(&tap, REPLIES).len() >= 4);
    soon(until(sent)).await.expect("counted");
    place.take_again();
    soon(calling).await.expect("it ends").expect("answered");
    // It was the reply that came again, not the request.
    assert_eq!(journal.take(1).await, [1]);
    assert!(journal.rest().await.is_empty());
}

/// The exchange goes, which the client hears, and then nothing more.
async fn an_exchange_not_declared(place: Place) {
    let proxy = Proxy::to(place.broker.address()).await.expect("a proxy");
    let options = [("default_rpc_retry_attempts", "-1")];
    let transport = place.open_at(proxy.address(), &options).await;
    let caster = RpcClient::builder(&transport, Target::new("topic")).timeout(BRIEF).build();
    let nobody = soon(caster.cast("note", json!({ "it": 1 }))).await.expect_err("nobody serves");
    assert_eq!(nobody.kind(), ErrorKind::Undeliverable);
    place.ask(&format!(
        "begin ok = rabbit_exchange:delete(\
         rabbit_misc:r(V, exchange, <<\"{REQUESTS}\">>), false, <<\"busway\">>), true end"
    ));
    proxy.stall(Way::Down);
    let casting = tokio::spawn(async move { caster.cast("note", json!({ "it": 1 })).await });
    place.until_says(STATES, &json!(["closing"])).await;
    proxy.heal();
    proxy.stall(Way::Up);
    let error = soon(casting).await.expect("it ends").expect_err("nobody serves");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert!(error.to_string().contains("declare the exchange"), "{error}");
}
