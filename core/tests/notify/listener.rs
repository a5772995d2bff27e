//! What a listener does with what arrives, and with endpoints that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{ALL, Bus, Marking, Settled};
use busway_core::driver::Capabilities;
use busway_core::notify::{
    BatchEndpoint, FnEndpoint, Handled, IncomingNotification, Notification, NotificationEndpoint,
    NotificationFilter, NotificationListener, NotificationListenerBuilder, Priority, endpoint_fn,
};
use busway_core::rpc::Failure;
use busway_core::{Context, ErrorKind, Payload, Target, async_trait};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

fn builder(bus: &Bus) -> NotificationListenerBuilder {
    NotificationListener::builder(&bus.transport).topic("t")
}

/// Writes down what it sees, by event type.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }

    /// An endpoint of all priorities. It panics or fails on what says so by its event type.
    fn endpoint(&self, handled: Handled) -> impl NotificationEndpoint + use<> {
        let seen = self.clone();
        endpoint_fn(Priority::ALL, move |notification| {
            seen.0.lock().push(notification.event_type.clone());
            async move {
                match notification.event_type.as_str() {
                    "panic" => panic!("as the test wanted"),
                    "error" => Err(Failure::new("Boom", "tests", "as the test wanted")),
                    _ => Ok(handled),
                }
            }
        })
    }
}

/// An endpoint for the priority info that writes down what it sees.
fn noting(seen: &Seen) -> FnEndpoint<impl Fn(IncomingNotification) -> Noted + use<>> {
    let seen = seen.clone();
    endpoint_fn(Priority::Info, move |notification| {
        seen.0.lock().push(notification.event_type.clone());
        std::future::ready(Ok(Handled::Done))
    })
}

type Noted = std::future::Ready<Result<Handled, Failure>>;

/// Holds every notification until the test lets it go.
#[derive(Clone)]
struct Held {
    begun: Arc<Semaphore>,
    let_go: Arc<Semaphore>,
}

impl Held {
    fn new() -> Self {
        Self { begun: Arc::new(Semaphore::new(0)), let_go: Arc::new(Semaphore::new(0)) }
    }

    async fn wait_for_begun(&self, count: u32) {
        self.begun.acquire_many(count).await.expect("open").forget();
    }
}

#[async_trait]
impl NotificationEndpoint for Held {
    async fn handle(&self, _: &IncomingNotification) -> Result<Handled, Failure> {
        self.begun.add_permits(1);
        self.let_go.acquire().await?.forget();
        Ok(Handled::Done)
    }
}

/// Writes down its batches.
#[derive(Clone, Default)]
struct Batches(Arc<Mutex<Vec<Vec<String>>>>, Option<NotificationFilter>);

#[async_trait]
impl BatchEndpoint for Batches {
    fn filter(&self) -> Option<&NotificationFilter> {
        self.1.as_ref()
    }

    async fn handle(&self, notifications: &[IncomingNotification]) -> Result<Handled, Failure> {
        let names = notifications.iter().map(|one| one.event_type.clone()).collect();
        self.0.lock().push(names);
        Ok(if self.1.is_some() { Handled::Requeue } else { Handled::Done })
    }
}

fn acknowledged(name: &str) -> Settled {
    Settled::Acknowledged(name.to_owned())
}

fn requeued(name: &str) -> Settled {
    Settled::Requeued(name.to_owned())
}

fn dropped(name: &str) -> Settled {
    Settled::Dropped(name.to_owned())
}

#[tokio::test]
async fn it_subscribes_to_each_target_at_each_priority_that_is_handled() {
    let bus = Bus::new();
    let nothing = |_| async { Ok(Handled::Done) };
    let _listener = builder(&bus)
        .target(Target::new("u").with_exchange("x"))
        .topic("t")
        .endpoint(endpoint_fn([Priority::Error, Priority::Info], nothing))
        .endpoint(endpoint_fn(Priority::Info, nothing))
        .pool("p")
        .start()
        .await
        .expect("a listener");
    let subscription = bus.subscriptions().remove(0);
    assert_eq!(subscription.pool.as_deref(), Some("p"));
    let (t, u) = (Target::new("t"), Target::new("u").with_exchange("x"));
    let expected = [
        (t.clone(), Priority::Info),
        (t, Priority::Error),
        (u.clone(), Priority::Info),
        (u, Priority::Error),
    ];
    assert_eq!(subscription.sources, expected);
}

#[tokio::test]
async fn without_a_topic_it_listens_to_those_that_notifiers_send_to() {
    let bus = Bus::new();
    let endpoint = Seen::default().endpoint(Handled::Done);
    let listener = NotificationListener::builder(&bus.transport).endpoint(endpoint).start().await;
    drop(listener.expect("a listener"));
    assert_eq!(bus.subscriptions()[0].sources[0].0, Target::new("notifications"));
}

#[tokio::test]
async fn what_the_driver_does_not_do_is_refused_at_the_start() {
    let bus = Bus::with(Capabilities { requeue: false, pools: false, ..ALL });
    let endpoint = || Seen::default().endpoint(Handled::Done);
    for refused in
        [builder(&bus).allow_requeue(true), builder(&bus).pool("p"), builder(&bus).pool("")]
    {
        let error = refused.endpoint(endpoint()).start().await.expect_err("unsupported");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some("listen")));
    }
    let bus = Bus::with(Capabilities::NONE);
    let error = builder(&bus).endpoint(endpoint()).start().await.expect_err("unsupported");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_listener_that_could_handle_nothing_is_refused() {
    let bus = Bus::new();
    let endpoint = || Seen::default().endpoint(Handled::Done);
    let cases = [
        (builder(&bus), ErrorKind::InvalidArgument),
        (builder(&bus).endpoint(endpoint()).concurrency(0), ErrorKind::InvalidArgument),
        (builder(&bus).endpoint(endpoint()).batch(0, Duration::ZERO), ErrorKind::InvalidArgument),
        (builder(&bus).endpoint(endpoint()).topic(""), ErrorKind::InvalidTarget),
    ];
    for (builder, kind) in cases {
        assert_eq!(builder.start().await.expect_err("refused").kind(), kind);
    }
}

#[tokio::test]
async fn it_acknowledges_after_every_endpoint_has_handled_it() {
    let mut bus = Bus::new();
    let (seen, held) = (Seen::default(), Held::new());
    let listener = builder(&bus)
        .endpoint(seen.endpoint(Handled::Done))
        .endpoint(held.clone())
        .start()
        .await
        .expect("a listener");
    bus.deliver(&["a"]);
    held.wait_for_begun(1).await;
    assert_eq!(seen.take(), ["a"]);
    assert_eq!(bus.settled_so_far(), []);
    held.let_go.add_permits(1);
    assert_eq!(bus.settled().await, acknowledged("a"));
    listener.stop().await.expect("stopped");
}

#[tokio::test]
async fn an_endpoint_that_requeues_gives_it_back_before_the_next_sees_it() {
    let mut bus = Bus::new();
    let (first, second) = (Seen::default(), Seen::default());
    let _listener = builder(&bus)
        .endpoint(first.endpoint(Handled::Requeue))
        .endpoint(second.endpoint(Handled::Done))
        .allow_requeue(true)
        .start()
        .await
        .expect("a listener");
    bus.deliver(&["a"]);
    assert_eq!(bus.settled().await, requeued("a"));
    assert_eq!((first.take(), second.take()), (vec!["a".to_owned()], vec![]));
}

#[tokio::test]
async fn requeueing_without_leave_counts_as_handled() {
    let mut bus = Bus::new();
    let second = Seen::default();
    let _listener = builder(&bus)
        .endpoint(Seen::default().endpoint(Handled::Requeue))
        .endpoint(second.endpoint(Handled::Done))
        .start()
        .await
        .expect("a listener");
    bus.deliver(&["a"]);
    assert_eq!(bus.settled().await, acknowledged("a"));
    assert_eq!(second.take(), ["a"]);
}

#[tokio::test]
async fn an_endpoint_that_fails_or_panics_does_not_end_the_listener() {
    for (allow_requeue, settled) in
        [(false, Settled::Acknowledged as fn(_) -> _), (true, Settled::Requeued)]
    {
        let mut bus = Bus::new();
        let second = Seen::default();
        let _listener = builder(&bus)
            .endpoint(Seen::default().endpoint(Handled::Done))
            .endpoint(noting(&second))
            .allow_requeue(allow_requeue)
            .concurrency(1)
            .start()
            .await
            .expect("a listener");
        bus.deliver(&["panic", "error", "fine"]);
        assert_eq!(bus.settled().await, settled("panic".to_owned()));
        assert_eq!(bus.settled().await, settled("error".to_owned()));
        assert_eq!(bus.settled().await, acknowledged("fine"));
        let expected: &[_] = if allow_requeue { &["fine"] } else { &["panic", "error", "fine"] };
        assert_eq!(second.take(), expected);
    }
}

#[tokio::test]
async fn an_endpoint_gets_its_priorities_and_what_its_filter_lets_through() {
    let mut bus = Bus::new();
    let seen = Seen::default();
    let filter = NotificationFilter::new().event_type("a").expect("a regex");
    let _listener = builder(&bus)
        .endpoint(noting(&seen).with_filter(filter))
        .endpoint(Seen::default().endpoint(Handled::Done))
        .start()
        .await
        .expect("a listener");
    bus.deliver(&["a.b", "b.a"]);
    bus.arrive(Notification::new("host", "a.warn", Priority::Warn, Payload::null()));
    for _ in 0..3 {
        assert!(matches!(bus.settled().await, Settled::Acknowledged(_)));
    }
    assert_eq!(seen.take(), ["a.b"]);
}

#[tokio::test]
async fn a_context_that_cannot_be_read_reaches_no_endpoint() {
    let mut bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        noted.lock().push(notification.context.clone());
        async { Ok(Handled::Done) }
    });
    let _listener = builder(&bus)
        .endpoint(endpoint)
        .context_serializer(Arc::new(Marking("read")))
        .start()
        .await
        .expect("a listener");
    for context in [Context::new().with("refuse", true), Context::new().with("a", 1)] {
        let notification = Notification::new("host", "e", Priority::Info, Payload::null());
        bus.arrive(notification.with_context(context));
        assert_eq!(bus.settled().await, acknowledged("e"));
    }
    assert_eq!(*seen.lock(), [Context::new().with("a", 1).with("read", true)]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_ends_with_its_size_or_with_its_time() {
    let mut bus = Bus::new();
    let batches = Batches::default();
    let _listener = builder(&bus)
        .batch_endpoint(batches.clone())
        .batch(2, Duration::from_secs(5))
        .start()
        .await
        .expect("a listener");
    let started = tokio::time::Instant::now();
    bus.deliver(&["a", "b", "c"]);
    for name in ["a", "b"] {
        assert_eq!(bus.settled().await, acknowledged(name));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
    assert_eq!(bus.settled().await, acknowledged("c"));
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    assert_eq!(*batches.0.lock(), [vec!["a", "b"], vec!["c"]]);
}

#[tokio::test(start_paused = true)]
async fn of_a_batch_only_what_the_endpoint_was_given_is_requeued() {
    let mut bus = Bus::new();
    let filter = NotificationFilter::new().event_type("b").expect("a regex");
    let (given, others) = (Batches(Arc::default(), Some(filter)), Seen::default());
    let _listener = builder(&bus)
        .batch_endpoint(given.clone())
        .endpoint(others.endpoint(Handled::Done))
        .batch(3, Duration::from_secs(5))
        .allow_requeue(true)
        .start()
        .await
        .expect("a listener");
    bus.deliver(&["a", "b1", "b2"]);
    assert_eq!(bus.settled().await, acknowledged("a"));
    assert_eq!(bus.settled().await, requeued("b1"));
    assert_eq!(bus.settled().await, requeued("b2"));
    assert_eq!(*given.0.lock(), [vec!["b1", "b2"]]);
    assert_eq!(others.take(), ["a"]);
}

#[tokio::test]
async fn no_more_are_handled_at_a_time_than_was_said() {
    let mut bus = Bus::new();
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, peak) = (running.clone(), most.clone());
    let endpoint = endpoint_fn(Priority::Info, move |_| {
        let (now, peak) = (now.clone(), peak.clone());
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(Handled::Done)
        }
    });
    let _listener =
        builder(&bus).endpoint(endpoint).concurrency(3).start().await.expect("a listener");
    bus.deliver(&["e"; 20]);
    for _ in 0..20 {
        bus.settled().await;
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn with_a_concurrency_of_one_the_order_stays() {
    let mut bus = Bus::new();
    let seen = Seen::default();
    let _listener = builder(&bus)
        .endpoint(seen.endpoint(Handled::Done))
        .concurrency(1)
        .start()
        .await
        .expect("one");
    let names: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    bus.deliver(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for _ in &names {
        bus.settled().await;
    }
    assert_eq!(seen.take(), names);
}

#[tokio::test]
async fn stopping_finishes_what_runs_and_gives_back_the_rest() {
    let mut bus = Bus::new();
    let held = Held::new();
    let listener =
        builder(&bus).endpoint(held.clone()).concurrency(1).start().await.expect("a listener");
    bus.deliver(&["a", "b"]);
    held.wait_for_begun(1).await;
    let stopping = tokio::spawn(listener.stop());
    assert_eq!(bus.settled().await, dropped("b"));
    held.let_go.add_permits(1);
    assert_eq!(bus.settled().await, acknowledged("a"));
    stopping.await.expect("no panic").expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_at_the_deadline_is_cut_off_and_goes_back() {
    let mut bus = Bus::new();
    let held = Held::new();
    let listener = builder(&bus).endpoint(held.clone()).start().await.expect("a listener");
    bus.deliver(&["a"]);
    held.wait_for_begun(1).await;
    let error = listener.stop_within(Duration::from_secs(5)).await.expect_err("still running");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some("stop")));
    assert_eq!(bus.settled().await, dropped("a"));
}

#[tokio::test]
async fn a_dropped_listener_gives_back_what_it_had_not_finished() {
    let mut bus = Bus::new();
    let held = Held::new();
    let listener = builder(&bus).endpoint(held.clone()).start().await.expect("a listener");
    bus.deliver(&["a"]);
    held.wait_for_begun(1).await;
    drop(listener);
    assert_eq!(bus.settled().await, dropped("a"));
}
