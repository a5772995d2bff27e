//! Notifications, both ways.

use std::sync::atomic::{AtomicBool, Ordering};

use busway_core::notify::{Handled, IncomingNotification, Priority};
use busway_core::{NotificationListener, Notifier, Transport, endpoint_fn};
use busway_testkit::stage::Journal;
use serde_json::{Value, json};

use super::{Stage, TOPIC, context, values};

pub fn notifier(transport: &Transport) -> Notifier {
    notifier_by(transport, "messaging")
}

pub fn notifier_by(transport: &Transport, sink: &str) -> Notifier {
    let builder = Notifier::builder(transport).publisher_id("rust.peer").topics([TOPIC]);
    builder.sinks([sink]).build().expect("a notifier")
}

/// Listens to every priority, and puts back once what has the event type `again`.
pub async fn listen(
    transport: &Transport,
    heard: &Journal<Value>,
    pool: Option<&str>,
) -> NotificationListener {
    let (heard, put_back) = (heard.clone(), AtomicBool::new(false));
    let endpoint = endpoint_fn(Priority::ALL, move |told: IncomingNotification| {
        heard.write(entry(&told));
        let again = told.event_type == "again" && !put_back.swap(true, Ordering::Relaxed);
        async move { Ok(if again { Handled::Requeue } else { Handled::Done }) }
    });
    let builder = NotificationListener::builder(transport).topic(TOPIC).endpoint(endpoint);
    let builder = builder.allow_requeue(true);
    let builder = if let Some(pool) = pool { builder.pool(pool) } else { builder };
    builder.start().await.expect("a listener")
}

/// A notification as the Python listener tells it.
pub fn entry(told: &IncomingNotification) -> Value {
    json!({
        "priority": told.priority.as_str(),
        "context": told.context.values(),
        "publisher_id": told.publisher_id,
        "event_type": told.event_type,
        "payload": told.payload.to::<Value>().expect("JSON"),
        "metadata": { "message_id": told.message_id, "timestamp": told.timestamp },
    })
}

/// Takes out what is fresh each time, after a look at it.
pub fn same(mut told: Value) -> Value {
    let metadata = told["metadata"].take();
    let has = |field: &str, length: usize| {
        metadata[field].as_str().is_some_and(|text| text.len() == length)
    };
    assert!(has("message_id", 36) && has("timestamp", 26), "{metadata}");
    told
}

pub fn told(priority: Priority, publisher: &str, event_type: &str, payload: &Value) -> Value {
    json!({
        "priority": priority.as_str(), "context": context().values(), "publisher_id": publisher,
        "event_type": event_type, "payload": payload, "metadata": null,
    })
}

pub fn command(priority: Priority, event_type: &str, payload: &Value) -> Value {
    json!({
        "priority": priority.as_str(), "event_type": event_type, "payload": payload,
        "context": context().values(),
    })
}

pub async fn python_hears_every_priority(stage: Stage) {
    let mut listener = stage.python("listener.py").await;
    let transport = stage.open().await;
    let notifier = notifier(&transport).prepare().context(context());
    for priority in Priority::ALL {
        notifier.notify(priority, "shop.sold", values()).await.expect("stored");
        let heard = same(listener.next().await);
        assert_eq!(heard, told(priority, "rust.peer", "shop.sold", &values()));
    }
    transport.close().await.expect("closed");
    assert_eq!(listener.stop().await, Vec::<Value>::new());
}

pub async fn busway_hears_every_priority(stage: Stage) {
    let transport = stage.open().await;
    let heard = Journal::new();
    let listener = listen(&transport, &heard, None).await;
    let mut notifier = stage.python("notifier.py").await;
    for priority in Priority::ALL {
        let sent = notifier.ask(&command(priority, "shop.sold", &values())).await;
        assert_eq!(sent, json!({ "result": null }));
        let came = same(heard.next().await);
        assert_eq!(came, told(priority, "python.peer", "shop.sold", &values()));
    }
    notifier.stop().await;
    listener.stop().await.expect("stopped");
    assert_eq!(heard.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
}

pub async fn what_python_puts_back_comes_again(stage: Stage) {
    let mut listener = stage.python("listener.py").await;
    let transport = stage.open().await;
    let notifier = notifier(&transport).prepare().context(context());
    notifier.info("again", 1).await.expect("stored");
    let (first, second) = (listener.next().await, listener.next().await);
    assert_eq!(first, second);
    assert_eq!(same(first), told(Priority::Info, "rust.peer", "again", &json!(1)));
    transport.close().await.expect("closed");
    assert_eq!(listener.stop().await, Vec::<Value>::new());
}

pub async fn what_busway_puts_back_comes_again(stage: Stage) {
    let transport = stage.open().await;
    let heard = Journal::new();
    let listener = listen(&transport, &heard, None).await;
    let mut notifier = stage.python("notifier.py").await;
    notifier.ask(&command(Priority::Info, "again", &json!(1))).await;
    let (first, second) = (heard.next().await, heard.next().await);
    assert_eq!(first, second);
    assert_eq!(same(first), told(Priority::Info, "python.peer", "again", &json!(1)));
    notifier.stop().await;
    listener.stop().await.expect("stopped");
    assert_eq!(heard.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
}

pub async fn python_hears_what_was_stored_before_it_came(stage: Stage) {
    let transport = stage.open().await;
    notifier(&transport).prepare().context(context()).error("early", 1).await.expect("stored");
    let mut listener = stage.python("listener.py").await;
    let heard = same(listener.next().await);
    assert_eq!(heard, told(Priority::Error, "rust.peer", "early", &json!(1)));
    transport.close().await.expect("closed");
    assert_eq!(listener.stop().await, Vec::<Value>::new());
}

pub async fn busway_hears_what_was_stored_before_it_came(stage: Stage) {
    let mut notifier = stage.python("notifier.py").await;
    let sent = notifier.ask(&command(Priority::Error, "early", &json!(1))).await;
    assert_eq!(sent, json!({ "result": null }));
    notifier.stop().await;
    let transport = stage.open().await;
    let heard = Journal::new();
    let listener = listen(&transport, &heard, None).await;
    let came = same(heard.next().await);
    assert_eq!(came, told(Priority::Error, "python.peer", "early", &json!(1)));
    listener.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}
