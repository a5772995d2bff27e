//! The steps of a script on a bus.

mod sending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Capabilities;
use busway_core::notify::{Handled, NotificationListener, Notifier, Priority, endpoint_fn};
use busway_core::rpc::RpcServer;
use busway_core::{Error, Result, Target, Transport};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::ledger::{Ledger, Role};
use super::promises;
use super::{Place, Script, Step, Trouble};
use crate::Harness;
use crate::stage::{Service, open_with};
use sending::{News, Note};

/// A deadline that does not pass on a bus that does its work.
const LONG: Duration = Duration::from_secs(15);
/// A deadline that may pass, and what is waited for in trouble.
const SHORT: Duration = Duration::from_millis(200);
/// What may come after a deadline, on a machine that has much else to do.
const GRACE: Duration = Duration::from_secs(5);
/// What a slow handler takes, and what a pause is.
const A_WHILE: Duration = Duration::from_millis(30);
/// What a wait takes at most, so that what waits for a server that is gone does not hold up all.
const A_LONG_WHILE: Duration = Duration::from_secs(1);
/// How long nothing must come at the end.
const QUIET: Duration = Duration::from_millis(100);

/// Runs a script in a name space; what it breaks of the promises comes back.
pub(super) async fn run(
    harness: &dyn Harness,
    declared: Capabilities,
    script: &Script,
) -> Result<(), String> {
    let told = |error: Error| format!("the stage could not be set: {error}");
    let mut world = World::new(harness, declared).await.map_err(told)?;
    for step in script.steps() {
        world.step(*step).await.map_err(told)?;
        world.judge(promises::broken_so_far)?;
    }
    world.finish().await.map_err(told)?;
    world.judge(promises::broken_in_the_end)
}

struct World<'a> {
    harness: &'a dyn Harness,
    declared: Capabilities,
    ledger: Arc<Ledger>,
    transports: [Transport; 2],
    notifier: Option<Notifier>,
    servers: BTreeMap<Place, (usize, RpcServer)>,
    listeners: BTreeMap<Place, (usize, NotificationListener)>,
    under_way: JoinSet<()>,
    troubled: bool,
}

impl<'a> World<'a> {
    async fn new(harness: &'a dyn Harness, declared: Capabilities) -> Result<Self> {
        let wait = LONG.as_secs().to_string();
        let options = [("rpc_response_timeout", wait.as_str())];
        let transports = [open_with(harness, &options).await?, open_with(harness, &options).await?];
        let notifier = Notifier::builder(&transports[0])
            .publisher_id("model.host")
            .topics(["news"])
            .sinks(["messagingv2"])
            .timeout(LONG);
        Ok(Self {
            harness,
            declared,
            ledger: Arc::default(),
            notifier: declared.notifications.then(|| notifier.build()).transpose()?,
            transports,
            servers: BTreeMap::new(),
            listeners: BTreeMap::new(),
            under_way: JoinSet::new(),
            troubled: false,
        })
    }

    fn judge(
        &self,
        judge: fn(&super::ledger::Book, &Capabilities) -> Option<String>,
    ) -> Result<(), String> {
        self.ledger.read(|book| judge(book, &self.declared)).map_or(Ok(()), Err)
    }

    /// Half of them on each transport.
    fn transport(&self, number: u8) -> &Transport {
        &self.transports[usize::from(number % 2)]
    }

    async fn step(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Open(place) => self.open(place).await,
            Step::Stop(place) => self.stop(place).await,
            Step::Call(request) => self.call(request),
            Step::Cast(request) => self.cast(request, false),
            Step::Fanout(request) => self.cast(request, true),
            Step::CallNobody => self.call_nobody(),
            Step::Listen(place) => self.listen(place).await,
            Step::Unlisten(place) => self.unlisten(place).await,
            Step::Notify { requeue } => self.notify(requeue),
            Step::Trouble(trouble) => self.trouble(trouble).await?,
            Step::Heal => self.heal().await?,
            Step::Pause => sleep(A_WHILE / 3).await,
            Step::Wait => self.wait(if self.troubled { SHORT } else { A_LONG_WHILE }).await,
        }
        // Whoever was started may begin.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn open(&mut self, place: Place) {
        if self.servers.contains_key(&place) {
            return;
        }
        let instance = self.ledger.instance(Role::Server, place);
        let ledger = self.ledger.clone();
        let service = Service::new().method("note", move |note: Note, _| {
            ledger.ran(note.send, instance);
            async move {
                if note.slow {
                    sleep(A_WHILE).await;
                }
                Ok(note.send)
            }
        });
        let target = Target::new(topic(place.group)).with_server(server(place.member));
        let builder = RpcServer::builder(self.transport(place.member), target);
        let builder = builder.endpoint(service);
        // One of them runs one request after the other.
        let builder = if place.member == 0 { builder.concurrency(1) } else { builder };
        if let Some(server) = self.opened("server", instance, builder.start()).await {
            self.servers.insert(place, (instance, server));
        }
    }

    async fn listen(&mut self, place: Place) {
        if self.listeners.contains_key(&place) {
            return;
        }
        let instance = self.ledger.instance(Role::Listener, place);
        let may_requeue = self.declared.requeue;
        let ledger = self.ledger.clone();
        let endpoint = endpoint_fn(Priority::ALL, move |notification| {
            let again = may_requeue && !notification.redelivered();
            let handled = match notification.payload.to::<News>() {
                Ok(news) if news.requeue && again => Handled::Requeue,
                Ok(news) => {
                    ledger.ran(news.send, instance);
                    Handled::Done
                }
                Err(error) => {
                    ledger.wrong(format!("a notification came that is none of ours: {error}"));
                    Handled::Done
                }
            };
            async move { Ok(handled) }
        });
        let mut builder = NotificationListener::builder(self.transport(place.member))
            .topic("news")
            .endpoint(endpoint)
            .concurrency(1)
            .allow_requeue(may_requeue);
        if place.group > 0 {
            builder = builder.pool(format!("pool-{}", place.group));
        }
        if let Some(listener) = self.opened("listener", instance, builder.start()).await {
            self.listeners.insert(place, (instance, listener));
        }
    }

    /// Waits for an opening; in trouble it is cut off soon.
    async fn opened<T>(
        &self,
        what: &str,
        instance: usize,
        opening: impl Future<Output = Result<T>>,
    ) -> Option<T> {
        let opened = timeout(if self.troubled { SHORT } else { LONG + GRACE }, opening).await;
        match opened {
            Ok(Ok(opened)) => {
                self.ledger.opened(instance);
                return Some(opened);
            }
            _ if self.troubled => {}
            Ok(Err(error)) => self.ledger.wrong(format!("a {what} could not be opened: {error}")),
            Err(_) => self.ledger.wrong(format!("the opening of a {what} hangs")),
        }
        self.ledger.stopped(instance);
        None
    }

    async fn stop(&mut self, place: Place) {
        if let Some((instance, server)) = self.servers.remove(&place) {
            let within = self.patience();
            self.stopped("server", instance, server.stop_within(within)).await;
        }
    }

    async fn unlisten(&mut self, place: Place) {
        if let Some((instance, listener)) = self.listeners.remove(&place) {
            let within = self.patience();
            self.stopped("listener", instance, listener.stop_within(within)).await;
        }
    }

    fn patience(&self) -> Duration {
        if self.troubled { SHORT } else { LONG }
    }

    async fn stopped(
        &self,
        what: &str,
        instance: usize,
        stopping: impl Future<Output = Result<()>>,
    ) {
        self.ledger.stopping(instance);
        match timeout(self.patience() + GRACE, stopping).await {
            Ok(Err(error)) if !self.troubled => {
                self.ledger.wrong(format!("a {what} could not be stopped: {error}"));
            }
            Ok(_) => {}
            Err(_) => self.ledger.wrong(format!("the stop of a {what} hangs")),
        }
        self.ledger.stopped(instance);
    }

    async fn trouble(&mut self, trouble: Trouble) -> Result<()> {
        let restart = trouble == Trouble::Restart;
        self.ledger.trouble(restart);
        self.troubled = true;
        match trouble {
            Trouble::Sever => self.harness.sever().await,
            Trouble::Stall => self.harness.stall().await,
            Trouble::Block => self.harness.block().await,
            Trouble::Restart => {
                // Through what lets nothing pass, a restart could not be seen to end.
                self.harness.heal().await?;
                self.harness.restart().await?;
                self.heal().await
            }
        }
    }

    async fn heal(&mut self) -> Result<()> {
        if self.troubled {
            self.harness.heal().await?;
            self.ledger.healed();
            self.troubled = false;
        }
        Ok(())
    }

    /// Waits until what is under way has ended.
    async fn wait(&mut self, within: Duration) {
        let ending = async { while self.under_way.join_next().await.is_some() {} };
        // What hangs longer is told of each of them.
        let _ = timeout(within, ending).await;
    }

    /// Ends every trouble, waits for all that is owed, and stops everybody.
    async fn finish(&mut self) -> Result<()> {
        self.heal().await?;
        self.serve_who_waits().await;
        self.wait(LONG + GRACE).await;
        let pools = self.ledger.read(promises::pools);
        for pool in pools {
            self.listen(Place { group: pool, member: 0 }).await;
        }
        let declared = self.declared;
        let paid = self.ledger.until(|book| promises::owed(book, &declared).is_none());
        // What is not paid by then is told in the end.
        let _ = timeout(LONG, paid).await;
        // Whatever comes twice comes now.
        sleep(QUIET).await;
        self.ledger.due();
        for place in self.servers.keys().copied().collect::<Vec<_>>() {
            self.stop(place).await;
        }
        for place in self.listeners.keys().copied().collect::<Vec<_>>() {
            self.unlisten(place).await;
        }
        for transport in &self.transports {
            match timeout(LONG + GRACE, transport.close_within(LONG)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    self.ledger.wrong(format!("a transport could not be closed: {error}"));
                }
                Err(_) => self.ledger.wrong("the closing of a transport hangs".to_owned()),
            }
        }
        Ok(())
    }

    /// Opens the servers again that somebody still waits for.
    async fn serve_who_waits(&mut self) {
        let waiting: Vec<_> = self.ledger.read(|book| {
            let waiting = book.sends.iter().filter(|sent| sent.ended.is_none());
            waiting.filter_map(super::ledger::Sent::request).collect()
        });
        for request in waiting {
            let member = request.server.unwrap_or(0);
            self.open(Place { group: request.topic, member }).await;
        }
    }
}

fn topic(number: u8) -> String {
    format!("topic-{number}")
}

fn server(number: u8) -> String {
    format!("server-{number}")
}
