//! Notifications, both ways: what the drivers for AMQP 1.0 do besides.

use busway_core::notify::Priority;
use busway_testkit::stage::Journal;
pub(crate) use busway_tests::peers::notifications::*;
use busway_tests::peers::{Stage, context};
use serde_json::{Value, json};

// Listeners share what they hear, as there are no pools: each side listens alone.

pub(crate) async fn python_hears_messagingv2(stage: Stage) {
    let mut listener = stage.python("listener.py").await;
    let transport = stage.open().await;
    let notifier = notifier_by(&transport, "messagingv2").prepare().context(context());
    notifier.info("shop.sold", 1).await.expect("stored");
    let heard = same(listener.next().await);
    assert_eq!(heard, told(Priority::Info, "rust.peer", "shop.sold", &json!(1)));
    transport.close().await.expect("closed");
    assert_eq!(listener.stop().await, Vec::<Value>::new());
}

pub(crate) async fn busway_hears_messagingv2(stage: Stage) {
    let transport = stage.open().await;
    let heard = Journal::new();
    let listener = listen(&transport, &heard, None).await;
    let mut notifier = stage.python_with("notifier.py", "messagingv2").await;
    let sent = notifier.ask(&command(Priority::Warn, "shop.sold", &json!(2))).await;
    assert_eq!(sent, json!({ "result": null }));
    let came = same(heard.next().await);
    assert_eq!(came, told(Priority::Warn, "python.peer", "shop.sold", &json!(2)));
    notifier.stop().await;
    listener.stop().await.expect("stopped");
    assert_eq!(heard.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
}
