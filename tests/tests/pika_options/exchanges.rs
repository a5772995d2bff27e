//! `default_rpc_exchange`, `rpc_reply_exchange` and `default_notification_exchange`.

use std::sync::Arc;

use busway_testkit::stage::{Journal, Service, client, serve};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{Place, Shared, listening, notifier, trial};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("exchanges_are_named_after_the_control_exchange", shared, by_default),
        trial("exchanges_have_the_names_that_are_configured", shared, configured),
    ]
}

/// The exchanges that are not the broker's own, and what is bound to each.
const BOUND: &str = "lists:usort([[N, case D of <<\"reply.\", _/binary>> -> reply; _ -> D end] || \
    {binding, {resource, _, _, N}, _, {resource, _, _, D}, _} <- rabbit_binding:list(V), \
    N =/= <<>>, binary:match(D, <<\"worker\">>) =:= nomatch])";

/// Uses all three exchanges, and looks for them at the broker.
async fn used(place: &Place, file: &str, names: [&str; 3]) {
    let transport = place.open_configured(file).await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let args = json!({ "it": 1 });
    let client = client(&transport, "topic");
    assert_eq!(client.call::<_, Value>("echo", &args).await.expect("answered"), args);
    let journal = Journal::new();
    let _listener = listening(&transport, "log", &journal).await;
    notifier(&transport, "log").info("event", &args).await.expect("stored");
    assert_eq!(journal.next().await, args);
    let [rpc, reply, notification] = names;
    let queues = ["no_ack.topic", "no_ack.topic.server", "with_ack.topic", "with_ack.topic.server"];
    let mut expected: Vec<_> = queues.iter().map(|queue| json!([rpc, queue])).collect();
    expected.extend([json!([reply, "reply"]), json!([notification, "log.info"])]);
    expected.sort_by_key(Value::to_string);
    let mut bound = place.ask(BOUND).as_array().expect("a list").clone();
    bound.sort_by_key(Value::to_string);
    assert_eq!(bound, expected);
}

async fn by_default(place: Place) {
    let defaults = ["openstack_rpc", "openstack_rpc_reply", "openstack_notification"];
    used(&place, "", defaults).await;
    let ours = ["cloud_rpc", "cloud_rpc_reply", "cloud_notification"];
    used(&place.another(), "[DEFAULT]\ncontrol_exchange = cloud\n", ours).await;
}

async fn configured(place: Place) {
    let file = "\
[DEFAULT]
control_exchange = cloud
[oslo_messaging_pika]
default_rpc_exchange = requests-of-${control_exchange}
rpc_reply_exchange = replies
default_notification_exchange = ${control_exchange}.log
";
    used(&place, file, ["requests-of-cloud", "replies", "cloud.log"]).await;
}
