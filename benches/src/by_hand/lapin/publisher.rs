use std::collections::{HashSet, VecDeque};
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::mpsc;

use crate::BoxError;

/// How many messages may be on their way unconfirmed.
const WINDOW: usize = 256;

/// A message to publish, mandatory and confirmed.
pub(super) struct Publish {
    pub(super) exchange: &'static str,
    pub(super) routing_key: String,
    pub(super) message_id: String,
    pub(super) properties: BasicProperties,
    pub(super) body: Vec<u8>,
    /// Told what became of it: whether the broker has it and somebody can take it.
    pub(super) done: Done,
}

pub(super) type Done = Box<dyn FnOnce(bool) + Send>;

type Pending = (String, Publishing, Done);

/// A message on its way, until the broker has confirmed it.
type Publishing = Pin<Box<dyn Future<Output = lapin::Result<Confirmation>> + Send>>;

/// Starts the task that owns a publishing channel.
pub(super) async fn start(channel: Channel) -> Result<mpsc::Sender<Publish>, BoxError> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let (sender, receiver) = mpsc::channel(WINDOW);
    tokio::spawn(async move {
        if let Err(error) = run(channel, receiver).await {
            eprintln!("publishing ended: {error}");
        }
    });
    Ok(sender)
}

async fn run(channel: Channel, mut commands: mpsc::Receiver<Publish>) -> Result<(), BoxError> {
    let mut pending = VecDeque::new();
    let mut returned = HashSet::new();
    loop {
        tokio::select! {
            biased;
            settled = confirms(&mut pending, &mut returned), if !pending.is_empty() => {
                let mut settled = settled?;
                // The library resolves the confirms of one frame in random order under one lock:
                // with it in hand, all that came with it are there.
                let _ = channel.wait_for_confirms().now_or_never();
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(Err(error)) = poll(&mut cx, &mut pending, &mut returned, &mut settled) {
                    return Err(error.into());
                }
                for (id, taken, done) in settled {
                    done(taken && !returned.remove(&id));
                }
            }
            command = commands.recv(), if pending.len() < WINDOW => {
                let Some(publish) = command else { return Ok(()) };
                let options = BasicPublishOptions { mandatory: true, immediate: false };
                let Publish { exchange, routing_key, message_id, properties, body, done } = publish;
                let channel = channel.clone();
                let mut publishing: Publishing = Box::pin(async move {
                    let (exchange, routing_key) = (exchange.into(), routing_key.into());
                    channel
                        .basic_publish(exchange, routing_key, options, &body, properties)
                        .await?
                        .await
                });
                // The library queues it at once; that it is written is not waited for, so that
                // what comes meanwhile goes out with it.
                let mut cx = Context::from_waker(Waker::noop());
                match publishing.as_mut().poll(&mut cx) {
                    Poll::Ready(Err(error)) => return Err(error.into()),
                    // The library's thread was quicker than this one.
                    Poll::Ready(confirmed) => publishing = Box::pin(ready(confirmed)),
                    Poll::Pending => {}
                }
                pending.push_back((message_id, publishing, done));
            }
        }
    }
}

async fn confirms(
    pending: &mut VecDeque<Pending>,
    returned: &mut HashSet<String>,
) -> Result<Vec<(String, bool, Done)>, lapin::Error> {
    let mut settled = Vec::new();
    poll_fn(|cx| poll(cx, pending, returned, &mut settled)).await?;
    Ok(settled)
}

fn poll(
    cx: &mut Context<'_>,
    pending: &mut VecDeque<Pending>,
    returned: &mut HashSet<String>,
    settled: &mut Vec<(String, bool, Done)>,
) -> Poll<Result<(), lapin::Error>> {
    while let Some((_, publishing, _)) = pending.front_mut()
        && let Poll::Ready(confirmation) = publishing.as_mut().poll(cx)?
    {
        let taken = confirmation.is_ack();
        if let Some(message) = confirmation.take_message() {
            let id = message.delivery.properties.message_id().clone();
            returned.extend(id.map(|id| id.to_string()));
        }
        if let Some((id, _, done)) = pending.pop_front() {
            settled.push((id, taken, done));
        }
    }
    if settled.is_empty() { Poll::Pending } else { Poll::Ready(Ok(())) }
}
