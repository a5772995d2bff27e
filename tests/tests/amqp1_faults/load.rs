//! Work that goes on all the time: calls, casts and notifications, and what became of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::notify::Priority;
use busway_core::rpc::{RpcClient, RpcClientBuilder, RpcServer};
use busway_core::{
    Error, ErrorKind, Handled, NotificationListener, Notifier, Result, Target, Transport,
    endpoint_fn,
};
use busway_testkit::stage::{PATIENCE, Service, serve, until};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How many do the same at the same time.
const EACH: usize = 4;
/// How long one who sends waits.
const DEADLINE: Duration = Duration::from_secs(2);
/// What may go by until a deadline is heeded, on a machine that has much else to do.
const LATE: Duration = Duration::from_secs(20);
/// How often one casts: whoever does not wait for answers would bury what others wait for.
const PACE: Duration = Duration::from_millis(5);
/// More numbers than are used.
const NUMBERS: usize = 1 << 20;

/// How often something happened with each number.
struct Tally(Box<[AtomicU8]>);

impl Tally {
    fn new() -> Self {
        Self((0..NUMBERS).map(|_| AtomicU8::new(0)).collect())
    }

    fn count(&self, it: usize) {
        self.0[it].fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, it: usize) -> u8 {
        self.0[it].load(Ordering::Relaxed)
    }
}

/// What happened with the numbers of the load.
pub(crate) struct Book {
    next: AtomicUsize,
    /// Notifications that were accepted, and those that came.
    stored: Tally,
    came: Tally,
    /// Calls that run at most once, those that may run again, those that were answered.
    once: Tally,
    again: Tally,
    answered: Tally,
    casts: Tally,
    /// How things ended, and how often.
    ends: Mutex<BTreeMap<(&'static str, &'static str), usize>>,
}

impl Book {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            next: AtomicUsize::new(0),
            stored: Tally::new(),
            came: Tally::new(),
            once: Tally::new(),
            again: Tally::new(),
            answered: Tally::new(),
            casts: Tally::new(),
            ends: Mutex::default(),
        })
    }

    /// The numbers with which something happened at least so often.
    fn at_least(&self, tally: &Tally, times: u8) -> impl Iterator<Item = usize> {
        (0..self.next.load(Ordering::Relaxed)).filter(move |it| tally.of(*it) >= times)
    }

    fn number(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes down how something ended; whether it ended well.
    fn note<T>(&self, what: &'static str, ended: &Result<T>) -> bool {
        let (well, how) = match ended {
            Ok(_) => (true, "ok"),
            Err(error) => (false, expected(what, error)),
        };
        *self.ends.lock().entry((what, how)).or_default() += 1;
        well
    }

    /// How often things ended in that way so far.
    pub(crate) fn ended(&self, what: &'static str, how: &'static str) -> usize {
        self.ends.lock().get(&(what, how)).copied().unwrap_or_default()
    }

    /// Waits until every notification that was accepted has come.
    pub(crate) async fn all_came(&self) {
        let missing = || self.at_least(&self.stored, 1).filter(|it| self.came.of(*it) == 0);
        let arrived = until(async || Ok::<_, ()>(missing().next().is_none()));
        if timeout(PATIENCE, arrived).await.is_err() {
            let stored = self.at_least(&self.stored, 1).count();
            let lost: Vec<_> = missing().collect();
            panic!("of {stored} notifications that were accepted, these are lost: {lost:?}");
        }
    }

    /// What is to run at most once ran at most once, and whatever was answered ran.
    pub(crate) fn check_runs(&self) {
        let twice: Vec<_> = self.at_least(&self.once, 2).collect();
        assert!(twice.is_empty(), "ran more than once: {twice:?}");
        let ran = |it| self.once.of(it) > 0 || self.again.of(it) > 0;
        let never: Vec<_> = self.at_least(&self.answered, 1).filter(|it| !ran(*it)).collect();
        assert!(never.is_empty(), "answered without having run: {never:?}");
    }

    pub(crate) fn tell(&self) {
        println!("{:?}", self.ends.lock());
    }
}

/// The kind of an error that losing the peer can lead to.
fn expected(what: &str, error: &Error) -> &'static str {
    use ErrorKind::{Connection, InDoubt, Timeout, Undeliverable};
    let kind = error.kind();
    let is_expected = matches!(kind, Connection | InDoubt | Timeout | Undeliverable);
    assert!(is_expected, "a {what} ended with {error:?}");
    kind.as_str()
}

#[derive(Deserialize)]
struct Numbered {
    it: usize,
}

/// The servers of the load.
pub(crate) struct Serving {
    server: RpcServer,
    listener: NotificationListener,
}

impl Serving {
    pub(crate) async fn start(transport: &Transport, book: &Arc<Book>) -> Self {
        let tally = |tally: fn(&Book) -> &Tally| {
            let book = book.clone();
            move |numbered: Numbered, _| {
                tally(&book).count(numbered.it);
                async move { Ok(numbered.it) }
            }
        };
        let service = Service::new()
            .method("once", tally(|book| &book.once))
            .method("again", tally(|book| &book.again))
            .method("cast", tally(|book| &book.casts));
        let server = serve(transport, "load", "server", service).await.expect("a server");
        let book = book.clone();
        let endpoint = endpoint_fn(Priority::Info, move |notification| {
            let numbered = notification.payload.to::<Numbered>();
            let book = book.clone();
            async move {
                book.came.count(numbered?.it);
                Ok(Handled::Done)
            }
        });
        let listener = NotificationListener::builder(transport).topic("log").endpoint(endpoint);
        Self { server, listener: listener.start().await.expect("a listener") }
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await.expect("stopped");
        self.listener.stop().await.expect("stopped");
    }
}

/// Those who send, until they are told to end.
pub(crate) struct Load {
    senders: JoinSet<()>,
    end: CancellationToken,
}

impl Load {
    pub(crate) fn start(transport: &Transport, book: &Arc<Book>) -> Self {
        let end = CancellationToken::new();
        let mut senders = JoinSet::new();
        for _ in 0..EACH {
            let load = || Sender { transport: transport.clone(), book: book.clone() };
            senders.spawn(load().notify(end.clone()));
            senders.spawn(load().call("once", Some(Retry::NEVER), end.clone()));
            senders.spawn(load().call("again", None, end.clone()));
            senders.spawn(load().cast(end.clone()));
        }
        Self { senders, end }
    }

    /// Lets all that is under way come to an end: nothing hangs.
    pub(crate) async fn end(mut self) {
        self.end.cancel();
        while let Some(ended) = self.senders.join_next().await {
            ended.expect("it ends in order");
        }
    }
}

struct Sender {
    transport: Transport,
    book: Arc<Book>,
}

impl Sender {
    fn client(&self, retry: Option<Retry>) -> RpcClient {
        let client = RpcClient::builder(&self.transport, Target::new("load")).timeout(DEADLINE);
        retry.into_iter().fold(client, RpcClientBuilder::retry).build()
    }

    async fn call(self, method: &'static str, retry: Option<Retry>, end: CancellationToken) {
        let client = self.client(retry);
        while !end.is_cancelled() {
            let it = self.book.number();
            let calling = client.call::<_, usize>(method, json!({ "it": it }));
            let answer = in_time(calling).await;
            if let Ok(answer) = &answer {
                assert_eq!(*answer, it, "the answer to another call");
                self.book.answered.count(it);
            }
            self.book.note(method, &answer);
        }
    }

    async fn cast(self, end: CancellationToken) {
        let client = self.client(None);
        while !end.is_cancelled() {
            let it = self.book.number();
            self.book.note("cast", &in_time(client.cast("cast", json!({ "it": it }))).await);
            tokio::time::sleep(PACE).await;
        }
    }

    async fn notify(self, end: CancellationToken) {
        let notifier = Notifier::builder(&self.transport).publisher_id("test").topics(["log"]);
        let notifier = notifier.timeout(DEADLINE).build().expect("a notifier");
        while !end.is_cancelled() {
            let it = self.book.number();
            let told = in_time(notifier.info("counted", json!({ "it": it }))).await;
            if self.book.note("notify", &told) {
                self.book.stored.count(it);
            }
        }
    }
}

/// What has a deadline ends by it.
async fn in_time<T>(sending: impl Future<Output = T>) -> T {
    timeout(DEADLINE + LATE, sending).await.expect("it hangs, whatever its deadline")
}
