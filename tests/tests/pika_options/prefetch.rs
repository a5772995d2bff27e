//! The prefetch counts of servers, of clients and of listeners.

use std::sync::Arc;

use busway_core::notify::Priority;
use busway_core::{Handled, NotificationListener, endpoint_fn};
use busway_testkit::stage::{Gate, Service, client, serve};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{Place, Shared, notifier, trial};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("servers_clients_and_listeners_fetch_so_many", shared, each_fetches_so_many),
        trial("a_listener_is_given_so_many_unacknowledged", shared, a_listener_is_given_so_many),
    ]
}

/// What those who acknowledge fetch, by the first part of their queue's name.
const FETCHED: &str = "lists:usort([[hd(binary:split(Q, <<\".\">>)), \
    proplists:get_value(prefetch_count, C)] || C <- rabbit_amqqueue:consumers_all(V), \
    proplists:get_value(ack_required, C), \
    {resource, _, _, Q} <- [proplists:get_value(queue_name, C)]])";

async fn each_fetches_so_many(place: Place) {
    let options = [
        ("rpc_listener_prefetch_count", "7"),
        ("rpc_reply_listener_prefetch_count", "8"),
        ("notification_listener_prefetch_count", "9"),
    ];
    let none: [(&str, &str); 0] = [];
    let ways = [(place.another(), &none[..], [100, 100, 100]), (place, &options[..], [7, 8, 9])];
    for (place, options, [rpc, reply, notification]) in ways {
        let transport = place.open(options).await;
        let server = serve(&transport, "topic", "server", Service::echo()).await;
        let _server = server.expect("a server");
        let client = client(&transport, "topic");
        client.call::<_, Value>("echo", json!({})).await.expect("answered");
        let listener = NotificationListener::builder(&transport).topic("log");
        let endpoint = endpoint_fn(Priority::Info, async |_| Ok(Handled::Done));
        let _listener = listener.endpoint(endpoint).start().await.expect("a listener");
        let expected = json!([["log", notification], ["reply", reply], ["with_ack", rpc]]);
        assert_eq!(place.ask(FETCHED), expected);
    }
}

/// How many are with a listener, and how many wait in the queue.
const COUNTS: &str = "[[U, R] || [{messages_unacknowledged, U}, {messages_ready, R}] <- \
    rabbit_amqqueue:info_all(V, [messages_unacknowledged, messages_ready])]";

async fn a_listener_is_given_so_many(place: Place) {
    let transport = place.open(&[("notification_listener_prefetch_count", "3")]).await;
    let gate = Gate::shut();
    let held = gate.clone();
    let endpoint = endpoint_fn(Priority::Info, move |_| {
        let gate = held.clone();
        async move {
            gate.pass().await;
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(&transport).topic("log").endpoint(endpoint);
    let listener = listener.concurrency(10).start().await.expect("a listener");
    let notifier = notifier(&transport, "log");
    for it in 0..8 {
        notifier.info("event", json!(it)).await.expect("stored");
    }
    place.until_says(COUNTS, &json!([[3, 5]])).await;
    gate.entered(3).await;
    gate.let_pass(2);
    // Two are handled, two others come.
    place.until_says(COUNTS, &json!([[3, 3]])).await;
    gate.open();
    place.until_says(COUNTS, &json!([[0, 0]])).await;
    assert_eq!(gate.most_inside(), 3);
    listener.stop().await.expect("stopped");
}
