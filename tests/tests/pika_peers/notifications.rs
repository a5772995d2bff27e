//! Notifications, both ways: what only RabbitMQ and the pika driver do.

use busway_core::notify::Priority;
use busway_testkit::stage::Journal;
use busway_tests::peers::notifications as of_both;
pub(crate) use busway_tests::peers::notifications::*;
use busway_tests::peers::{Stage, context};
use serde_json::{Value, json};

pub(crate) async fn messagingv2_is_heard_by_both(stage: Stage) {
    let transport = stage.open().await;
    let rust_heard = Journal::new();
    // The queues of the priorities are shared: each side listens in a pool of its own.
    let mut python_listener = stage.python_with("listener.py", "python").await;
    let rust_listener = listen(&transport, &rust_heard, Some("rust")).await;
    let rust = notifier_by(&transport, "messagingv2").prepare().context(context());
    let mut python = stage.python_with("notifier.py", "messagingv2").await;

    rust.info("shop.sold", 1).await.expect("stored");
    let from_rust = told(Priority::Info, "rust.peer", "shop.sold", &json!(1));
    assert_eq!(same(python_listener.next().await), from_rust);
    assert_eq!(same(rust_heard.next().await), from_rust);
    python.ask(&command(Priority::Info, "shop.sold", &json!(2))).await;
    let from_python = told(Priority::Info, "python.peer", "shop.sold", &json!(2));
    assert_eq!(same(python_listener.next().await), from_python);
    assert_eq!(same(rust_heard.next().await), from_python);

    python.stop().await;
    rust_listener.stop().await.expect("stopped");
    transport.close().await.expect("closed");
    assert_eq!(python_listener.stop().await, Vec::<Value>::new());
}

pub(crate) async fn a_pool_shares_what_all_others_hear(stage: Stage) {
    const EACH: i64 = 10;

    // Two members of one pool, of both kinds, and one outside of it.
    let mut member = stage.python_with("listener.py", "cashiers").await;
    let transport = stage.open().await;
    let (other_member, outside) = (Journal::new(), Journal::new());
    let listeners = [
        listen(&transport, &other_member, Some("cashiers")).await,
        listen(&transport, &outside, None).await,
    ];
    let rust_notifier = notifier(&transport);
    let mut python_notifier = stage.python("notifier.py").await;
    for number in 0..EACH {
        rust_notifier.info("sold", number).await.expect("stored");
        python_notifier.ask(&command(Priority::Warn, "sold", &json!(EACH + number))).await;
    }

    let numbers = |told: Vec<Value>| {
        let mut numbers: Vec<_> = told.iter().map(|it| it["payload"].as_i64()).collect();
        numbers.sort_unstable();
        numbers
    };
    let all: Vec<_> = (0..2 * EACH).map(Some).collect();
    let total = usize::try_from(2 * EACH).expect("a number of messages");
    assert_eq!(numbers(outside.take(total).await), all);
    // The members' shares together: each comes to one of the two.
    let (mut of_python, mut of_rust) = (Vec::new(), Vec::new());
    while of_python.len() + of_rust.len() < total {
        tokio::select! {
            told = member.next() => of_python.push(told),
            told = other_member.next() => of_rust.push(told),
        }
    }
    assert!(!of_python.is_empty() && !of_rust.is_empty(), "{of_python:?} {of_rust:?}");
    assert_eq!(numbers([of_python, of_rust].concat()), all);

    python_notifier.stop().await;
    for listener in listeners {
        listener.stop().await.expect("stopped");
    }
    transport.close().await.expect("closed");
    assert_eq!(member.stop().await, Vec::<Value>::new());
    assert_eq!(other_member.rest().await, Vec::<Value>::new());
    assert_eq!(outside.rest().await, Vec::<Value>::new());
}

/// Both sides' queues outlive who declared them.
const KEPT: &str = "notification_persistence=true";

pub(crate) async fn python_hears_what_was_stored_before_it_came(stage: Stage) {
    of_both::python_hears_what_was_stored_before_it_came(stage.with(KEPT)).await;
}

pub(crate) async fn busway_hears_what_was_stored_before_it_came(stage: Stage) {
    of_both::busway_hears_what_was_stored_before_it_came(stage.with(KEPT)).await;
}
