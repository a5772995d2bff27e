//! The pools of publishing channels.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{ErrorKind, Result, Target};
use busway_testkit::stage::{Journal, Service, serve, soon};
use futures_util::future::join;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::stand::{Place, Shared, trial};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("as_many_channels_publish_as_the_pool_holds", shared, as_many_as_the_pool_holds),
        trial("a_sender_waits_so_long_for_a_channel", shared, a_sender_waits_so_long),
        trial("an_old_channel_is_replaced", shared, |place| replaced(place, "pool_recycle")),
        trial("an_idle_channel_is_replaced", shared, |place| replaced(place, "pool_stale")),
    ]
}

/// How many messages have a place on a channel.
const PLACES: usize = 1024;
/// How many of them a channel has on their way at once.
const WINDOW: usize = 256;
/// They go to so many topics: the broker reads no more of a connection whose messages for one
/// queue it cannot hand over.
const TOPICS: usize = 4;
/// Longer than a test waits for anything.
const LONG: Duration = Duration::from_mins(1);

/// How many messages each publishing channel waits for.
const UNCONFIRMED: &str = "[proplists:get_value(messages_unconfirmed, I) || \
    I <- rabbit_channel:info_all([vhost, confirm, messages_unconfirmed]), \
    proplists:get_value(vhost, I) =:= V, proplists:get_value(confirm, I)]";
/// Who they are.
const CHANNELS: &str = "[list_to_binary(pid_to_list(proplists:get_value(pid, I))) || \
    I <- rabbit_channel:info_all([pid, vhost, confirm]), \
    proplists:get_value(vhost, I) =:= V, proplists:get_value(confirm, I)]";

/// Stops a queue in its tracks, so that what is sent there is not confirmed, or lets it go on.
fn stopped(place: &Place, queue: &str, stop: bool) {
    let what = if stop { "suspend_process" } else { "resume_process" };
    place.ask(&format!(
        "begin {{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(V, queue, <<\"{queue}\">>)), \
         erlang:{what}(amqqueue:get_pid(Q)) end"
    ));
}

/// Some topics that are served, and a client for each.
struct Served {
    place: Place,
    journal: Journal<usize>,
    servers: Vec<RpcServer>,
    clients: Vec<RpcClient>,
}

impl Served {
    async fn open(place: &Place, options: &[(&str, &str)]) -> Self {
        let place = place.another();
        let transport = place.open(options).await;
        let journal = Journal::<usize>::new();
        let (mut servers, mut clients) = (Vec::new(), Vec::new());
        for topic in (0..TOPICS).map(topic) {
            let service = Service::new().noting(&journal);
            servers.push(serve(&transport, &topic, "server", service).await.expect("a server"));
            let client = RpcClient::builder(&transport, Target::new(&*topic)).timeout(LONG);
            clients.push(client.build());
        }
        Self { place, journal, servers, clients }
    }

    /// Stops the queues in their tracks, so that what is sent there is not confirmed, or lets
    /// them go on.
    fn stopped(&self, stop: bool) {
        for topic in (0..TOPICS).map(topic) {
            stopped(&self.place, &format!("with_ack.{topic}"), stop);
        }
    }

    /// Casts so often at once; each has its place then.
    async fn casts(&self, count: usize) -> JoinSet<Result<()>> {
        let begun = Arc::new(Semaphore::new(0));
        let cast = |it: usize| {
            let (client, begun) = (self.clients[it % TOPICS].clone(), begun.clone());
            async move {
                let cast = pin!(client.cast("note", json!({ "it": it })));
                // It takes a place before it waits for anything.
                join(cast, async { begun.add_permits(1) }).await.0
            }
        };
        let casting = (0..count).map(cast).collect();
        let all = u32::try_from(count).expect("not so many");
        drop(soon(begun.acquire_many(all)).await.expect("open"));
        casting
    }

    /// Waits until all of them are taken and have run.
    async fn ran(&self, mut casting: JoinSet<Result<()>>) {
        let count = casting.len();
        while let Some(cast) = soon(casting.join_next()).await {
            cast.expect("it ends").expect("taken");
        }
        let mut ran = self.journal.take(count).await;
        ran.sort_unstable();
        assert_eq!(ran, (0..count).collect::<Vec<_>>());
    }

    async fn stop(self) {
        for server in self.servers {
            server.stop().await.expect("stopped");
        }
    }
}

fn topic(number: usize) -> String {
    format!("topic-{number}")
}

async fn as_many_as_the_pool_holds(place: Place) {
    for (size, overflow) in [(1, 0), (2, 0), (1, 2)] {
        let options = [
            ("pool_max_size", &*size.to_string()),
            ("pool_max_overflow", &*overflow.to_string()),
            ("pool_timeout", "0.2"),
        ];
        let (served, channels) = (Served::open(&place, &options).await, size + overflow);
        served.stopped(true);
        let casting = served.casts(channels * PLACES).await;
        served.place.until_says(UNCONFIRMED, &json!(vec![WINDOW; channels])).await;
        let never = served.clients[0].prepare().retry(Retry::NEVER);
        let error = soon(never.cast("note", json!({ "it": 0 }))).await.expect_err("no room");
        assert_eq!(error.kind(), ErrorKind::Full);
        assert!(error.to_string().contains("pool_timeout"), "{error}");
        served.stopped(false);
        served.ran(casting).await;
        served.stop().await;
    }
}

async fn a_sender_waits_so_long(place: Place) {
    for (timeout, waits) in [("0.4", false), ("60", true)] {
        let options = [("pool_max_size", "1"), ("pool_timeout", timeout)];
        let served = Served::open(&place, &options).await;
        served.stopped(true);
        let mut casting = served.casts(PLACES).await;
        served.place.until_says(UNCONFIRMED, &json!([WINDOW])).await;
        let began = Instant::now();
        let never = served.clients[0].prepare().retry(Retry::NEVER);
        let one_more =
            tokio::spawn(async move { never.cast("note", json!({ "it": PLACES })).await });
        if waits {
            // Longer than the other would have waited.
            tokio::time::sleep(Duration::from_millis(600)).await;
            assert!(!one_more.is_finished());
            served.stopped(false);
            soon(one_more).await.expect("it ends").expect("taken");
        } else {
            let error = soon(one_more).await.expect("it ends").expect_err("no room");
            assert_eq!(error.kind(), ErrorKind::Full);
            assert_eq!(error.get("exchange"), Some("openstack_rpc"));
            assert!(began.elapsed() >= Duration::from_millis(400));
            served.stopped(false);
        }
        while let Some(cast) = soon(casting.join_next()).await {
            cast.expect("it ends").expect("taken");
        }
        served.stop().await;
    }
}

/// Publishes, waits, and publishes again: on another channel where the option says so.
async fn replaced(place: Place, option: &str) {
    let age = Duration::from_millis(500);
    for (value, anew) in [("0.5", true), ("600", false)] {
        let place = place.another();
        let defaults = [("pool_recycle", "600"), ("pool_stale", "600")];
        let options =
            defaults.map(|(name, other)| (name, if name == option { value } else { other }));
        let transport = place.open(&options).await;
        let journal = Journal::<usize>::new();
        let service = Service::new().noting(&journal);
        let server = serve(&transport, "topic", "server", service).await.expect("a server");
        let client = RpcClient::builder(&transport, Target::new("topic")).timeout(LONG).build();
        let cast = async || client.cast("note", json!({ "it": 0 })).await.expect("taken");
        cast().await;
        let before = place.ask(CHANNELS);
        assert_eq!(before.as_array().map(Vec::len), Some(1), "{before}");
        // Its age is what the test is about.
        tokio::time::sleep(age).await;
        cast().await;
        if anew {
            // The old one is closed.
            place.until_says(&format!("length({CHANNELS})"), &json!(1)).await;
        }
        let after: Value = place.ask(CHANNELS);
        assert_eq!(before != after, anew, "{option} = {value}: {before}, {after}");
        server.stop().await.expect("stopped");
    }
}
