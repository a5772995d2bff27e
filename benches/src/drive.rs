//! Driving a server: so many messages, so many senders at a time.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{BoxError, Exchange, Fanning, Order, Telling};

/// The numbers of calls in flight that are measured.
pub const IN_FLIGHT: [u64; 4] = [1, 5, 64, 256];

/// What a server is driven with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// How many messages are under way at a time, each by a sender of its own.
    pub at_a_time: u64,
    /// How many there are in all.
    pub whole: u64,
    /// How many bytes of JSON an order has, as far as it can be so small.
    pub bytes: usize,
}

impl Load {
    /// So many at a time, so many in all, each as small as an order is.
    #[must_use]
    pub const fn new(at_a_time: u64, whole: u64) -> Self {
        Self { at_a_time, whole, bytes: 0 }
    }

    /// What each sender sends, and how often, so that it adds up to the whole.
    fn shares(self) -> impl Iterator<Item = (Order, u64)> {
        (0..self.at_a_time.min(self.whole)).map(move |sender| {
            let more = u64::from(sender < self.whole % self.at_a_time);
            let order = Order::new(u32::try_from(sender).unwrap_or(u32::MAX));
            (order.of_bytes(self.bytes), self.whole / self.at_a_time + more)
        })
    }
}

/// The time that calls take.
///
/// # Errors
/// The first error of a call, or a receipt that does not belong to its order.
pub async fn calls(exchange: &impl Exchange, load: Load) -> Result<Duration, BoxError> {
    in_turn(load, |order, share| call_in_turn(exchange.clone(), order, share)).await
}

/// The time until the bus has so many casts.
///
/// # Errors
/// The first error of a cast.
pub async fn casts(client: &impl Telling, load: Load) -> Result<Duration, BoxError> {
    in_turn(load, |order, share| {
        let client = client.clone();
        async move {
            for _ in 0..share {
                client.note(&order).await?;
            }
            Ok(())
        }
    })
    .await
}

/// The same with notifications.
///
/// # Errors
/// The first error of a notification.
pub async fn notifications(client: &impl Telling, load: Load) -> Result<Duration, BoxError> {
    in_turn(load, |order, share| {
        let client = client.clone();
        async move {
            for _ in 0..share {
                client.notify(&order).await?;
            }
            Ok(())
        }
    })
    .await
}

/// After how long what was not heard is lost.
const LOST: Duration = Duration::from_mins(1);
/// How many senders send to all servers at a time.
const FANNING: u64 = 16;

/// The time until each of so many servers, which are the load's [`at_a_time`](Load::at_a_time), has
/// heard what is sent to all of them; `before` were sent before.
///
/// # Errors
/// The first error of a cast; that something was not heard in a minute.
pub async fn fan_outs(
    client: &impl Fanning,
    before: u64,
    load: Load,
) -> Result<Duration, BoxError> {
    let start = Instant::now();
    in_turn(Load { at_a_time: FANNING, ..load }, |order, share| {
        let client = client.clone();
        async move {
            for _ in 0..share {
                client.fan_out(&order).await?;
            }
            Ok(())
        }
    })
    .await?;
    let all = client.heard().reach((before + load.whole) * load.at_a_time);
    timeout(LOST, all).await.map_err(|_| "not every server has heard every fan-out")?;
    Ok(start.elapsed())
}

/// The time until so many senders have done their shares of the whole.
async fn in_turn<F: Future<Output = Result<(), BoxError>> + Send + 'static>(
    load: Load,
    send: impl Fn(Order, u64) -> F,
) -> Result<Duration, BoxError> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for (order, share) in load.shares() {
        running.spawn(send(order, share));
    }
    while let Some(sender) = running.join_next().await {
        sender??;
    }
    Ok(start.elapsed())
}

async fn call_in_turn(exchange: impl Exchange, order: Order, calls: u64) -> Result<(), BoxError> {
    let expected = order.receipt();
    for _ in 0..calls {
        let receipt = exchange.order(&order).await?;
        if receipt != expected {
            return Err(format!("expected {expected:?}, got {receipt:?}").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{Bus, Fan};
    use crate::channels::{Channels, Serving};

    #[test]
    fn the_shares_of_the_senders_add_up() {
        for (senders, whole) in [(64, 1000), (5, 3), (1, 7)] {
            assert_eq!(
                Load::new(senders, whole).shares().map(|(_, share)| share).sum::<u64>(),
                whole
            );
        }
    }

    #[tokio::test]
    async fn every_side_gives_each_caller_its_own_receipt() {
        let bus = Bus::start("fake://every-side/").await.expect("a bus");
        calls(&bus.client().expect("a client"), Load::new(5, 100)).await.expect("over the bus");
        calls(&Channels::start(Serving::Spawned), Load::new(5, 100))
            .await
            .expect("over channels, spawned");
        calls(&Channels::start(Serving::Inline), Load::new(5, 100))
            .await
            .expect("over channels, inline");
        bus.stop().await.expect("stopped");
    }

    #[tokio::test]
    async fn every_server_hears_every_fan_out() {
        let fan = Fan::start("fake://every-server/", 3).await.expect("servers");
        let all = Load::new(3, 40);
        fan_outs(&fan, 0, all).await.expect("the first");
        fan_outs(&fan, 40, all).await.expect("the others");
    }

    #[tokio::test]
    async fn every_cast_is_noted() {
        let bus = Bus::start("fake://every-cast/").await.expect("a bus");
        casts(&bus.client().expect("a client"), Load::new(4, 1000)).await.expect("casts");
        bus.noted(1000).await;
        bus.stop().await.expect("stopped");
    }
}
