//! `rpc_queue_expiration`.

use std::sync::Arc;

use busway_testkit::stage::{Journal, Service, client, serve};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{Place, Shared, listening, trial};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![trial("queues_of_rpc_live_so_long_unused", shared, queues_of_rpc_live_so_long)]
}

/// How long each lives, by the first part of its name.
const LIVES: &str = "lists:usort([[hd(binary:split(Q, <<\".\">>)), \
    [E || {<<\"x-expires\">>, _, E} <- A]] || [{name, {resource, _, _, Q}}, {arguments, A}] <- \
    rabbit_amqqueue:info_all(V, [name, arguments])])";

async fn queues_of_rpc_live_so_long(place: Place) {
    let none: [(&str, &str); 0] = [];
    let short = [("rpc_queue_expiration", "2.5")];
    for (place, options, millis) in [(place.another(), &none[..], 60_000), (place, &short, 2500)] {
        let transport = place.open(options).await;
        let server = serve(&transport, "topic", "server", Service::echo()).await;
        let server = server.expect("a server");
        let client = client(&transport, "topic");
        client.call::<_, Value>("echo", json!({})).await.expect("answered");
        let listener = listening(&transport, "log", &Journal::new()).await;
        let (lives, log) = (json!([millis]), json!(["log", []]));
        let expected = json!([log, ["no_ack", &lives], ["reply", &lives], ["with_ack", &lives]]);
        assert_eq!(place.ask(LIVES), expected);
        server.stop().await.expect("stopped");
        listener.stop().await.expect("stopped");
        if options.is_empty() {
            continue;
        }
        // That of the replies is in use, that of the notifications stays.
        place.until_says(LIVES, &json!([log, ["reply", &lives]])).await;
        transport.close().await.expect("closed");
        place.until_says(LIVES, &json!([log])).await;
    }
}
