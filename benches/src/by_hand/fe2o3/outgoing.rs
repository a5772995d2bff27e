use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use fe2o3_amqp::Sender;
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::link::delivery::{DeliveryFut, Sendable};
use fe2o3_amqp::types::messaging::Outcome;
use tokio::sync::mpsc;

use super::message::Text;
use crate::BoxError;

/// How many messages are taken at a time, and how many may wait.
pub(super) const WINDOW: usize = 256;

/// A message to send.
pub(super) struct Send {
    pub(super) message: Sendable<Text>,
    pub(super) settled: bool,
    /// Told whether the peer has it.
    pub(super) done: Done,
}

pub(super) type Done = Box<dyn FnOnce(bool) + std::marker::Send>;

type Pending = (DeliveryFut<Result<Outcome, SendError>>, Done);

/// Sends by a link what comes, until nobody sends any more.
pub(super) async fn run(link: Sender, commands: mpsc::Receiver<Send>) {
    if let Err(error) = work(link, commands).await {
        eprintln!("sending ended: {error}");
    }
}

async fn work(mut link: Sender, mut commands: mpsc::Receiver<Send>) -> Result<(), BoxError> {
    let mut pending = VecDeque::new();
    let mut taken = Vec::with_capacity(WINDOW);
    loop {
        tokio::select! {
            biased;
            () = poll_fn(|context| outcomes(context, &mut pending)), if !pending.is_empty() => {}
            count = commands.recv_many(&mut taken, WINDOW) => {
                if count == 0 {
                    return Ok(());
                }
                for Send { message, settled, done } in taken.drain(..) {
                    let outcome = link.send_batchable(message).await?;
                    if settled {
                        done(true);
                    } else {
                        pending.push_back((outcome, done));
                    }
                }
            }
        }
    }
}

/// Hands on the outcomes that are there; they come in the order of the messages.
fn outcomes(context: &mut Context<'_>, pending: &mut VecDeque<Pending>) -> Poll<()> {
    let mut any = false;
    while let Some((outcome, _)) = pending.front_mut()
        && let Poll::Ready(outcome) = Pin::new(outcome).poll(context)
    {
        if let Some((_, done)) = pending.pop_front() {
            done(matches!(outcome, Ok(Outcome::Accepted(_))));
        }
        any = true;
    }
    if any { Poll::Ready(()) } else { Poll::Pending }
}
