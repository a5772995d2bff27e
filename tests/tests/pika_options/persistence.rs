//! `notification_persistence`.

use std::sync::Arc;

use busway_testkit::stage::Journal;
use busway_tests::Tap;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{Place, Shared, alone, listening, notifier};
use crate::wire::published;

pub(crate) fn trials(_: &Arc<Shared>) -> Vec<Trial> {
    vec![alone("notifications_survive_a_restart_where_that_is_configured", survive)]
}

/// Whether the exchange and the queue survive a restart; neither where there is none.
const DURABLE: &str = "[[D || [{name, {resource, _, _, <<\"openstack_notification\">>}}, \
        {durable, D}] <- rabbit_exchange:info_all(V, [name, durable])], \
    [D || [{durable, D}] <- rabbit_amqqueue:info_all(V, [durable])]]";

/// Stores a notification that nobody hears yet, and returns how it was sent.
async fn store(place: &Place, persistence: &str) -> Option<u8> {
    let tap = Tap::start(place.broker.address()).await.expect("a tap");
    let options = [("notification_persistence", persistence)];
    let transport = place.open_at(tap.address(), &options).await;
    notifier(&transport, "topic").info("event", json!(persistence)).await.expect("stored");
    transport.close().await.expect("closed");
    published(&tap, "openstack_notification").last().and_then(|sent| sent.delivery_mode)
}

/// What a listener hears that comes now.
async fn heard(place: &Place, persistence: &str) -> Vec<Value> {
    let transport = place.open(&[("notification_persistence", persistence)]).await;
    let journal = Journal::new();
    let _listener = listening(&transport, "topic", &journal).await;
    notifier(&transport, "topic").info("event", json!("last")).await.expect("stored");
    let mut heard = Vec::new();
    while heard.last() != Some(&json!("last")) {
        heard.push(journal.next().await);
    }
    heard
}

async fn survive(durable: Place) {
    let transient = durable.another();
    assert_eq!(store(&durable, "true").await, Some(2));
    assert_eq!(store(&transient, "false").await, Some(1));
    assert_eq!(durable.ask(DURABLE), json!([[true], [true]]));
    assert_eq!(transient.ask(DURABLE), json!([[false], [false]]));
    let broker = durable.broker.clone();
    let restarted = tokio::task::spawn_blocking(move || broker.restart()).await;
    restarted.expect("it ends").expect("restarted");
    assert_eq!(durable.ask(DURABLE), json!([[true], [true]]));
    assert_eq!(transient.ask(DURABLE), json!([[], []]));
    assert_eq!(heard(&durable, "true").await, ["true", "last"]);
    assert_eq!(heard(&transient, "false").await, ["last"]);
}
