//! `connection_factory`.

use std::sync::Arc;

use busway_testkit::stage::{Journal, Service, client, serve};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{Place, Shared, listening, notifier, trial};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("single_is_one_connection_for_both_ways", shared, single),
        trial("read_write_is_a_connection_for_each_way", shared, read_write),
        trial("new_is_a_connection_for_each_listener", shared, new),
    ]
}

/// How many connections there are to the virtual host.
const CONNECTIONS: &str = "length([P || P <- rabbit_networking:connections(), \
    (catch rabbit_networking:connection_info(P, [vhost])) =:= [{vhost, V}]])";

/// The kinds of channels that there are on each connection: those that consume, and those that
/// publish.
const USES: &str = "maps:values(lists:foldl(fun(I, Uses) -> \
    Use = case {proplists:get_value(confirm, I), proplists:get_value(consumer_count, I)} of \
        {true, _} -> [publish]; {false, 0} -> []; {false, _} -> [consume] end, \
    maps:update_with(list_to_binary(pid_to_list(proplists:get_value(connection, I))), \
        fun(Known) -> lists:usort(Use ++ Known) end, Use, Uses) end, #{}, \
    [I || I <- rabbit_channel:info_all([connection, vhost, confirm, consumer_count]), \
     proplists:get_value(vhost, I) =:= V]))";

/// Counts the connections with RPC and with notifications, which have their own, and says what
/// is done on each.
async fn used(place: &Place, factory: &str, counts: [u64; 3]) -> Vec<Value> {
    let transport = place.open(&[("connection_factory", factory)]).await;
    place.until_says(CONNECTIONS, &json!(counts[0])).await;
    let server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let client = client(&transport, "topic");
    client.call::<_, Value>("echo", json!({})).await.expect("answered");
    place.until_says(CONNECTIONS, &json!(counts[1])).await;
    let journal = Journal::new();
    let listener = listening(&transport, "log", &journal).await;
    notifier(&transport, "log").info("event", json!(1)).await.expect("stored");
    assert_eq!(journal.next().await, 1);
    place.until_says(CONNECTIONS, &json!(counts[2])).await;
    let mut uses = place.ask(USES).as_array().expect("a list").clone();
    uses.sort_by_key(Value::to_string);

    server.stop().await.expect("stopped");
    listener.stop().await.expect("stopped");
    if factory == "new" {
        // Each listener takes its connection with it.
        place.until_says(CONNECTIONS, &json!(counts[2] - 2)).await;
    }
    transport.close().await.expect("closed");
    place.until_says(CONNECTIONS, &json!(0)).await;
    uses
}

async fn single(place: Place) {
    let uses = used(&place, "single", [1, 1, 2]).await;
    assert_eq!(uses, [json!(["consume", "publish"]), json!(["consume", "publish"])]);
}

async fn read_write(place: Place) {
    let uses = used(&place, "read_write", [2, 2, 4]).await;
    let (consume, publish) = (json!(["consume"]), json!(["publish"]));
    assert_eq!(uses, [consume.clone(), consume, publish.clone(), publish]);
}

async fn new(place: Place) {
    let uses = used(&place, "new", [2, 3, 6]).await;
    // The replies; the server; the listener. Nobody waits for the replies of notifications.
    let (consume, publish) = (json!(["consume"]), json!(["publish"]));
    let expected = [&consume, &consume, &consume, &publish, &publish];
    assert_eq!(uses.iter().collect::<Vec<_>>(), expected);
}
