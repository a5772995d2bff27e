//! A broker is killed again and again under load: what was confirmed is there afterwards, and
//! what is to run at most once does.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::notify::Priority;
use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Handled, NotificationListener, Notifier, Target, Transport, endpoint_fn};
use busway_testkit::brokers::RabbitMq;
use busway_testkit::stage::{Service, serve, until};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::stand::{blocking, open};

/// How often the broker is killed.
const KILLS: u64 = 10;
/// How many notifications are confirmed between two kills, at least.
const BETWEEN: u64 = 200;
/// How many notify, and how many call, at the same time.
const NOTIFIERS: u64 = 8;
const CALLERS: u64 = 4;
/// Every broker comes back within this.
const BOUND: Duration = Duration::from_secs(30);

/// What the listener has logged.
type Log = Arc<Mutex<HashSet<u64>>>;
/// How often each call has run.
type Runs = Arc<Mutex<BTreeMap<u64, u32>>>;

#[derive(Deserialize)]
struct Numbered {
    it: u64,
}

pub(crate) async fn ten_kills(broker: Arc<RabbitMq>) {
    let addresses = [broker.address()];
    let ours = async || open(&addresses, "", "&notification_persistence=true").await;
    let (notifying, calling, serving) = (ours().await, ours().await, ours().await);
    let (log, runs) = (Log::default(), Runs::default());
    let _listener = listening(&serving, &log).await;
    let _server = counting(&serving, &runs).await;

    let (confirmed, stored) = watch::channel(Vec::new());
    let (answered, mut answers) = watch::channel(Vec::new());
    let mut senders = JoinSet::new();
    for first in 0..NOTIFIERS {
        senders.spawn(notify_on(notifying.clone(), first, confirmed.clone()));
    }
    for first in 0..CALLERS {
        senders.spawn(call_on(calling.clone(), first, answered.clone()));
    }
    for _ in 0..KILLS {
        more(stored.clone(), BETWEEN).await;
        // A call that is answered shows that the server is back too.
        more(answers.clone(), 1).await;
        let broker = broker.clone();
        blocking(move || {
            broker.kill();
            broker.start_again()
        })
        .await
        .expect("the broker is back");
    }
    more(stored.clone(), BETWEEN).await;
    more(answers.clone(), 1).await;
    senders.shutdown().await;

    let stored = stored.borrow().clone();
    let arrived = until(async || {
        let log = log.lock();
        Ok::<_, ()>(stored.iter().all(|it| log.contains(it)))
    });
    if tokio::time::timeout(BOUND, arrived).await.is_err() {
        let log = log.lock();
        let lost: Vec<_> = stored.iter().filter(|it| !log.contains(it)).collect();
        panic!("of {} that were stored, {} are lost: {lost:?}", stored.len(), lost.len());
    }
    let runs = runs.lock();
    let twice: Vec<_> = runs.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "ran more than once: {twice:?}");
    let answers = answers.borrow_and_update();
    let never: Vec<_> = answers.iter().filter(|it| !runs.contains_key(it)).collect();
    assert!(never.is_empty(), "answered without having run: {never:?}");
}

async fn listening(transport: &Transport, log: &Log) -> NotificationListener {
    let log = log.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        let log = log.clone();
        async move {
            let numbered: Numbered = notification.payload.to()?;
            log.lock().insert(numbered.it);
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(transport).topic("log").endpoint(endpoint);
    listener.start().await.expect("a listener")
}

async fn counting(transport: &Transport, runs: &Runs) -> RpcServer {
    let runs = runs.clone();
    let service = Service::new().method("run", move |numbered: Numbered, _| {
        *runs.lock().entry(numbered.it).or_default() += 1;
        async move { Ok(numbered.it) }
    });
    serve(transport, "counter", "server", service).await.expect("a server")
}

/// Notifies of one number after the other, and tells those that were stored.
async fn notify_on(transport: Transport, first: u64, confirmed: watch::Sender<Vec<u64>>) {
    let notifier = Notifier::builder(&transport).publisher_id("test").topics(["log"]);
    let notifier = notifier.build().expect("a notifier");
    for it in (first..).step_by(usize::try_from(NOTIFIERS).expect("few")) {
        if notifier.info("counted", json!({ "it": it })).await.is_ok() {
            confirmed.send_modify(|all| all.push(it));
        }
    }
}

/// Calls with one number after the other, at most once each, and tells those that were answered.
async fn call_on(transport: Transport, first: u64, answered: watch::Sender<Vec<u64>>) {
    let client = RpcClient::builder(&transport, Target::new("counter"));
    // A request that waits in a queue while the broker dies is gone without a word.
    let client = client.timeout(Duration::from_secs(2)).retry(Retry::NEVER).build();
    for it in (first..).step_by(usize::try_from(CALLERS).expect("few")) {
        if client.call::<_, u64>("run", json!({ "it": it })).await.is_ok() {
            answered.send_modify(|all| all.push(it));
        }
    }
}

/// Waits until there are so many more.
async fn more(mut all: watch::Receiver<Vec<u64>>, count: u64) {
    let goal = all.borrow().len() + usize::try_from(count).expect("few");
    let grown = tokio::time::timeout(BOUND, all.wait_for(|all| all.len() >= goal)).await;
    grown.expect("nothing goes on").expect("the senders live");
}
