//! Driving a server: so many messages, so many senders at a time.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::bus::Client;
use crate::{BoxError, Exchange, Order};

/// The numbers of calls in flight that are measured.
pub const IN_FLIGHT: [u64; 4] = [1, 5, 64, 256];

/// The time that so many calls take, when so many at a time are in flight.
///
/// # Errors
/// The first error of a call, or a receipt that does not belong to its order.
pub async fn calls(
    exchange: &impl Exchange,
    in_flight: u64,
    calls: u64,
) -> Result<Duration, BoxError> {
    let start = Instant::now();
    let mut callers = JoinSet::new();
    for (order, share) in shares(in_flight, calls) {
        callers.spawn(call_in_turn(exchange.clone(), order, share));
    }
    finish(callers).await?;
    Ok(start.elapsed())
}

/// Sends so many casts from so many senders, and returns when the bus has them.
///
/// # Errors
/// The first error of a cast.
pub async fn casts(client: &Client, senders: u64, casts: u64) -> Result<(), BoxError> {
    let mut casters = JoinSet::new();
    for (order, share) in shares(senders, casts) {
        let client = client.clone();
        casters.spawn(async move {
            for _ in 0..share {
                client.note(&order).await?;
            }
            Ok(())
        });
    }
    finish(casters).await
}

/// What each sender sends, and how often, so that it adds up to the whole.
fn shares(senders: u64, whole: u64) -> impl Iterator<Item = (Order, u64)> {
    (0..senders.min(whole)).map(move |sender| {
        let share = whole / senders + u64::from(sender < whole % senders);
        (Order::new(u32::try_from(sender).unwrap_or(u32::MAX)), share)
    })
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

async fn finish(mut senders: JoinSet<Result<(), BoxError>>) -> Result<(), BoxError> {
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Bus;
    use crate::channels::{Channels, Serving};

    #[test]
    fn the_shares_of_the_senders_add_up() {
        for (senders, whole) in [(64, 1000), (5, 3), (1, 7)] {
            assert_eq!(shares(senders, whole).map(|(_, share)| share).sum::<u64>(), whole);
        }
    }

    #[tokio::test]
    async fn every_side_gives_each_caller_its_own_receipt() {
        let bus = Bus::start("fake://every-side/").await.expect("a bus");
        calls(&bus.client(), 5, 100).await.expect("over the bus");
        calls(&Channels::start(Serving::Spawned), 5, 100).await.expect("over channels, spawned");
        calls(&Channels::start(Serving::Inline), 5, 100).await.expect("over channels, inline");
        bus.stop().await.expect("stopped");
    }

    #[tokio::test]
    async fn every_cast_is_noted() {
        let bus = Bus::start("fake://every-cast/").await.expect("a bus");
        casts(&bus.client(), 4, 1000).await.expect("casts");
        bus.noted(1000).await;
        bus.stop().await.expect("stopped");
    }
}
