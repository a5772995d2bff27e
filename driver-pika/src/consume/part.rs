use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::BasicQosOptions;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::acks::Gathered;
use super::consumers::Consumers;
use super::{Acks, Consuming, Message, Settle};
use crate::connect::{describe, is_of_the_connection};
use crate::link::{Link, Live};
use crate::topology::{self, declare_exchange};
use crate::turn::others_first;

/// How long setting up a subscription may take, the first time.
const SETUP_TIMEOUT: Duration = Duration::from_secs(30);
/// How many messages a consumer without acknowledgement may be ahead before it is paused.
const AHEAD: usize = 1000;

/// Where what comes goes.
#[derive(Clone)]
pub(super) enum Out {
    /// To a receiver that settles it later.
    Queue(mpsc::Sender<Message>),
    /// To a function that is done with it when it returns.
    Function(Take),
}

/// What is done with a delivery, quickly, on the spot.
pub(super) type Take = Arc<dyn Fn(Delivery) + Send + Sync>;

/// The task of one channel.
pub(super) struct Part {
    pub(super) consuming: Consuming,
    pub(super) link: Arc<Link>,
    pub(super) out: Out,
    pub(super) stop: CancellationToken,
    pub(super) up: watch::Sender<Option<u64>>,
}

/// A channel that is set up.
pub(super) struct Channeled {
    pub(super) live: Arc<Live>,
    pub(super) channel: Channel,
    pub(super) consumers: Consumers,
    acks: Acks,
    settled: mpsc::UnboundedReceiver<(u64, Settle)>,
}

/// A channel that is being set up, closed when that is given up.
///
/// The library keeps a channel that has a consumer nobody waited for, and that consumer would
/// take messages for nobody.
struct Unfinished<'a> {
    channel: Channel,
    finished: bool,
    tasks: &'a TaskTracker,
}

impl<'a> Unfinished<'a> {
    fn new(channel: Channel, tasks: &'a TaskTracker) -> Self {
        Self { channel, finished: false, tasks }
    }

    fn finish(mut self) -> Channel {
        self.finished = true;
        self.channel.clone()
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.finished
            && let Ok(runtime) = Handle::try_current()
        {
            let channel = self.channel.clone();
            self.tasks.spawn_on(async move { topology::close(&channel).await }, &runtime);
        }
    }
}

/// Why a channel's work ended.
pub(super) enum End {
    Stopped,
    Again,
}

impl Part {
    /// Sets it up, tells how that went the first time, and works until it is stopped.
    pub(super) async fn run(self, ready: oneshot::Sender<Result<()>>) {
        let mut ready = Some(ready);
        let mut times = 0;
        while !self.stop.is_cancelled() {
            let set_up = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                set_up = self.set_up() => set_up,
            };
            match (set_up, ready.take()) {
                (Ok(channeled), waiting) => {
                    times += 1;
                    self.up.send_replace(Some(times));
                    if let Some(waiting) = waiting {
                        // Whoever waited may be gone.
                        let _ = waiting.send(Ok(()));
                    }
                    let end = match &self.out {
                        Out::Queue(queue) => self.pump(channeled, queue).await,
                        Out::Function(take) => self.take(channeled, take).await,
                    };
                    self.up.send_replace(None);
                    if let End::Stopped = end {
                        break;
                    }
                }
                (Err(error), Some(waiting)) => {
                    let _ = waiting.send(Err(error));
                    break;
                }
                (Err(error), None) if error.kind() == ErrorKind::Closed => break,
                (Err(error), None) => {
                    tracing::warn!(%error, "a subscription could not be set up again yet");
                    self.rest().await;
                }
            }
        }
    }

    async fn rest(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(self.consuming.retry_delay) => {}
        }
    }

    async fn set_up(&self) -> Result<Channeled> {
        let deadline = Instant::now() + SETUP_TIMEOUT;
        let setting_up = async {
            loop {
                let live = self.link.live(deadline).await?;
                let set_up = tokio::select! {
                    channeled = self.set_up_on(live.clone()) => channeled,
                    () = live.lost() => Err(crate::link::lost()),
                };
                match set_up {
                    Err(error) if live.is_broken() || is_of_the_connection(&error) => {
                        tracing::debug!(%error, "a subscription is set up on the next connection");
                        self.rest().await;
                    }
                    set_up => return set_up,
                }
            }
        };
        tokio::time::timeout_at(deadline, setting_up).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                "the broker did not set up the subscription in time",
            ))
        })
    }

    async fn set_up_on(&self, live: Arc<Live>) -> Result<Channeled> {
        let part = &self.consuming;
        let unfinished = Unfinished::new(live.channel().await?, self.link.tasks());
        let channel = &unfinished.channel;
        channel
            .basic_qos(part.prefetch, BasicQosOptions::default())
            .await
            .map_err(|error| describe(&error))?;
        declare_exchange(channel, &part.exchange, part.durable).await?;
        for queue in &part.queues {
            queue.declare(channel, &part.exchange).await?;
        }
        let consumers = self.consume(channel).await?;
        let channel = unfinished.finish();
        let (acks, settled) = Acks::new();
        Ok(Channeled { live, channel, consumers, acks, settled })
    }

    /// Hands over what comes, settles what is settled, until stopped or lost.
    async fn pump(&self, channeled: Channeled, out: &mpsc::Sender<Message>) -> End {
        let Channeled { live, channel, mut consumers, acks, mut settled } = channeled;
        let acks = (!self.consuming.no_ack).then_some(acks);
        let mut gathered = Gathered::default();
        let mut ahead = VecDeque::new();
        let mut lost = pin!(live.lost());
        let mut stopped = pin!(self.stop.cancelled());
        loop {
            let paused = consumers.is_empty();
            let step = tokio::select! {
                biased;
                () = &mut lost => return End::Again,
                () = &mut stopped => {
                    let ending = async {
                        let rest = consumers.cancel(&channel).await;
                        ahead.extend(rest.into_iter().map(|it| Message::new(it, acks.as_ref())));
                        drop(acks);
                        self.give_back(ahead, out).await;
                        finish(&channel, gathered, settled).await;
                    };
                    tokio::select! {
                        biased;
                        () = ending => {}
                        () = &mut lost => {}
                    }
                    return End::Stopped;
                }
                Some(first) = settled.recv() => {
                    // Whoever else is ready to settle does so first, and one frame tells it all.
                    others_first().await;
                    gather(&mut gathered, first, &mut settled);
                    gathered.flush(&channel).map_err(|error| describe(&error))
                }
                Ok(room) = out.reserve(), if !ahead.is_empty() => {
                    if let Some(message) = ahead.pop_front() {
                        room.send(message);
                    }
                    Self::hand_over(&mut ahead, out);
                    Ok(())
                }
                delivery = consumers.next(), if !paused => {
                    let Some(delivery) = delivery else {
                        // Everything is set up again.
                        topology::close(&channel).await;
                        return End::Again;
                    };
                    ahead.push_back(Message::new(delivery, acks.as_ref()));
                    // What has come with it goes with it: a burst costs one round.
                    while ahead.len() < AHEAD
                        && let Some(delivery) = consumers.ready()
                    {
                        ahead.push_back(Message::new(delivery, acks.as_ref()));
                    }
                    Self::hand_over(&mut ahead, out);
                    Ok(())
                }
            };
            let step = match step {
                Ok(()) => self.pace(&channel, &mut consumers, &mut ahead).await,
                failed => failed,
            };
            if let Err(error) = step {
                tracing::debug!(%error, "a subscription's channel was lost");
                return End::Again;
            }
        }
    }

    /// Hands over as much as there is room for.
    fn hand_over(ahead: &mut VecDeque<Message>, out: &mpsc::Sender<Message>) {
        // Without a receiver the subscription is about to be stopped, and gives all back.
        while !ahead.is_empty()
            && let Ok(room) = out.try_reserve()
            && let Some(message) = ahead.pop_front()
        {
            room.send(message);
        }
    }

    /// Pauses consumers without acknowledgement that are too far ahead, and lets them go on.
    ///
    /// The broker keeps what is not consumed, so that nothing here grows without bound.
    async fn pace(
        &self,
        channel: &Channel,
        consumers: &mut Consumers,
        ahead: &mut VecDeque<Message>,
    ) -> Result<()> {
        if !self.consuming.no_ack {
            return Ok(());
        }
        if consumers.is_empty() {
            if ahead.is_empty() {
                *consumers = self.consume(channel).await?;
            }
        } else if ahead.len() >= AHEAD {
            let rest = std::mem::take(consumers).cancel(channel).await;
            ahead.extend(rest.into_iter().map(|it| Message::new(it, None)));
        }
        Ok(())
    }

    async fn consume(&self, channel: &Channel) -> Result<Consumers> {
        Consumers::start(channel, &self.consuming.queues, self.consuming.no_ack).await
    }

    /// Hands over what arrived without acknowledgement, since nobody else has it, and gives back
    /// the rest.
    async fn give_back(&self, ahead: VecDeque<Message>, out: &mpsc::Sender<Message>) {
        for message in ahead {
            if self.consuming.no_ack {
                // A receiver that is gone has nobody to run it for.
                let _ = out.send(message).await;
            } else {
                message.settle(Settle::Requeue);
            }
        }
    }
}

fn gather(
    gathered: &mut Gathered,
    (tag, how): (u64, Settle),
    settled: &mut mpsc::UnboundedReceiver<(u64, Settle)>,
) {
    gathered.add(tag, how);
    while let Ok((tag, how)) = settled.try_recv() {
        gathered.add(tag, how);
    }
}

/// Settles what is still being handled, then closes the channel: what is left goes back.
async fn finish(
    channel: &Channel,
    mut gathered: Gathered,
    mut settled: mpsc::UnboundedReceiver<(u64, Settle)>,
) {
    while let Some(first) = settled.recv().await {
        gather(&mut gathered, first, &mut settled);
        if gathered.flush(channel).is_err() {
            return;
        }
    }
    topology::close(channel).await;
}
