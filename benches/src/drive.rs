//! Driving a server: so many messages, so many senders at a time.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{BoxError, Exchange, Order, Telling};

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
    in_turn(in_flight, calls, |order, share| call_in_turn(exchange.clone(), order, share)).await
}

/// The time until the bus has so many casts, sent by so many senders.
///
/// # Errors
/// The first error of a cast.
pub async fn casts(client: &impl Telling, senders: u64, casts: u64) -> Result<Duration, BoxError> {
    in_turn(senders, casts, |order, share| {
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
pub async fn notifications(
    client: &impl Telling,
    senders: u64,
    notifications: u64,
) -> Result<Duration, BoxError> {
    in_turn(senders, notifications, |order, share| {
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

/// The time until so many senders have done their shares of the whole.
async fn in_turn<F: Future<Output = Result<(), BoxError>> + Send + 'static>(
    senders: u64,
    whole: u64,
    send: impl Fn(Order, u64) -> F,
) -> Result<Duration, BoxError> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for (order, share) in shares(senders, whole) {
        running.spawn(send(order, share));
    }
    while let Some(sender) = running.join_next().await {
        sender??;
    }
    Ok(start.elapsed())
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
        calls(&bus.client().expect("a client"), 5, 100).await.expect("over the bus");
        calls(&Channels::start(Serving::Spawned), 5, 100).await.expect("over channels, spawned");
        calls(&Channels::start(Serving::Inline), 5, 100).await.expect("over channels, inline");
        bus.stop().await.expect("stopped");
    }

    #[tokio::test]
    async fn every_cast_is_noted() {
        let bus = Bus::start("fake://every-cast/").await.expect("a bus");
        casts(&bus.client().expect("a client"), 4, 1000).await.expect("casts");
        bus.noted(1000).await;
        bus.stop().await.expect("stopped");
    }
}
