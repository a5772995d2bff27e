//! `default_serializer_type`.

use std::sync::Arc;

use busway_core::Format;
use busway_testkit::stage::{Journal, Service, client, serve};
use busway_tests::Tap;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{Place, Shared, listening, notifier, trial};
use crate::wire::{Published, published};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("requests_and_replies_are_written_as_configured", shared, requests_and_replies),
        trial("notifications_are_written_as_configured", shared, notifications),
    ]
}

/// The one who sends, and the one who receives, are configured otherwise each time.
const WAYS: [(&str, &str, Format); 3] = [
    ("msgpack", "json", Format::MsgPack),
    ("json", "msgpack", Format::Json),
    ("msgpack", "msgpack", Format::MsgPack),
];

#[track_caller]
fn assert_written(sent: &[Published], format: Format, pointer: &str, expected: &Value) {
    let [sent] = sent else { panic!("sent {sent:?}") };
    assert_eq!(sent.content_type, format.content_type());
    let body = sent.read(format).expect("a body of that format");
    assert_eq!(body.pointer(pointer), Some(expected), "{body}");
    let other = if format == Format::Json { Format::MsgPack } else { Format::Json };
    sent.read(other).expect_err("of the other format");
}

async fn requests_and_replies(place: Place) {
    for (number, (ours, theirs, format)) in WAYS.into_iter().enumerate() {
        let tap = Tap::start(place.broker.address()).await.expect("a tap");
        let open = async |it| {
            let options = [("default_serializer_type", it)];
            place.open_at(tap.address(), &options).await
        };
        let (calling, serving) = (open(ours).await, open(theirs).await);
        let topic = format!("topic-{number}");
        let server = serve(&serving, &topic, "server", Service::echo()).await;
        let server = server.expect("a server");
        let args = json!({ "it": [1, "ü", null] });
        let client = client(&calling, &topic);
        let reply: Value = client.call("echo", &args).await.expect("answered");
        assert_eq!(reply, args);
        // A reply is written as its request is, whatever its server would write by itself.
        assert_written(&published(&tap, "openstack_rpc"), format, "/args", &args);
        assert_written(&published(&tap, "openstack_rpc_reply"), format, "/s", &args);
        server.stop().await.expect("stopped");
    }
}

async fn notifications(place: Place) {
    for (number, (ours, theirs, format)) in WAYS.into_iter().enumerate() {
        let tap = Tap::start(place.broker.address()).await.expect("a tap");
        let options = [("default_serializer_type", ours)];
        let notifying = place.open_at(tap.address(), &options).await;
        let listening_to = place.open(&[("default_serializer_type", theirs)]).await;
        let (topic, journal) = (format!("topic-{number}"), Journal::new());
        let listener = listening(&listening_to, &topic, &journal).await;
        let payload = json!({ "it": [1, "ü", null] });
        notifier(&notifying, &topic).info("event", &payload).await.expect("stored");
        assert_eq!(journal.next().await, payload);
        assert_written(&published(&tap, "openstack_notification"), format, "/payload", &payload);
        listener.stop().await.expect("stopped");
    }
}
