//! Conversations that break off, or go wrong, at any byte.

use std::panic::{set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use busway_broker::Broker;
use fe2o3_amqp::types::definitions::{Handle, Role};
use fe2o3_amqp::types::messaging::Accepted;
use fe2o3_amqp::types::performatives::{Close, Detach, Disposition, End, Transfer};
use serde_amqp::to_vec;
use tokio::task::JoinSet;

use crate::bad_peers::assert_well;
use crate::peer::anywhere;
use crate::raw::{AMQP, Raw, attach, begin, flow, framed, open};

/// How many go wrong at a time.
const AT_A_TIME: usize = 64;

fn said(performative: &impl serde_amqp::serde::Serialize) -> Vec<u8> {
    framed(&to_vec(performative).expect("encoded"))
}

/// All that a client says that sends a message, takes it, and leaves.
fn conversation() -> Vec<u8> {
    let transfer = Transfer {
        handle: Handle(0),
        delivery_id: Some(0),
        delivery_tag: Some(vec![0].into()),
        message_format: Some(0),
        settled: Some(true),
        more: false,
        rcv_settle_mode: None,
        state: None,
        resume: false,
        aborted: false,
        batchable: false,
    };
    let accepted = Disposition {
        role: Role::Receiver,
        first: 0,
        last: None,
        settled: true,
        state: Some(Accepted {}.into()),
        batchable: false,
    };
    let message = [&to_vec(&transfer).expect("encoded")[..], b"\0\x53\x77\xa1\x04text"].concat();
    let detach = |handle| Detach { handle: Handle(handle), closed: true, error: None };
    [
        AMQP.to_vec(),
        said(&open()),
        said(&begin()),
        said(&attach("to", 0, Role::Sender, "unicast.walk")),
        said(&attach("of", 1, Role::Receiver, "unicast.walk")),
        said(&flow(1, 0, 1, 1000)),
        framed(&message),
        said(&accepted),
        said(&detach(0)),
        said(&detach(1)),
        said(&End { error: None }),
        said(&Close { error: None }),
    ]
    .concat()
}

/// The panics of the broker and of what it stands on: a task that panics ends without a word.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if panic.location().is_none_or(|it| !it.file().contains("tests/broker")) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(panic);
        }));
    });
}

/// Says each of these and no more: each time the broker ends the connection.
async fn say(all: impl Iterator<Item = Vec<u8>>) {
    count_panics();
    let builder = Broker::builder().listen(anywhere()).stop_timeout(Duration::from_millis(100));
    let broker = builder.start().await.expect("a broker");
    let mut talking = JoinSet::new();
    for said in all {
        while talking.len() >= AT_A_TIME {
            talking.join_next().await.expect("there are some").expect("it ends");
        }
        let mut raw = Raw::to(&broker).await;
        talking.spawn(async move {
            raw.say_no_more_than(&said).await;
            raw.rest().await;
        });
    }
    while let Some(ended) = talking.join_next().await {
        ended.expect("it ends");
    }
    assert_well(broker).await;
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_client_may_break_off_at_any_byte() {
    let whole = conversation();
    let broker = crate::peer::broker().await;
    let mut raw = Raw::to(&broker).await;
    raw.say_no_more_than(&whole).await;
    // All of it is understood, up to the Close.
    assert!(raw.rest().await.ends_with(&said(&Close { error: None })));
    say((0..=whole.len()).map(|end| whole[..end].to_vec())).await;
}

#[tokio::test]
async fn a_client_may_be_wrong_in_any_byte() {
    let whole = conversation();
    let wrong = |(at, bits): (usize, u8)| {
        let mut said = whole.clone();
        said[at] ^= bits;
        said
    };
    let all = (0..whole.len()).flat_map(|at| [0x01, 0x40, 0xff].map(|bits| (at, bits)));
    say(all.map(wrong)).await;
}
