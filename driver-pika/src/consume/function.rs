use std::pin::pin;

use lapin::Channel;
use lapin::message::Delivery;

use super::Settle;
use super::acks::Gathered;
use super::consumers::Consumers;
use super::part::{Channeled, End, Part, Take};
use crate::connect::describe;
use crate::topology;
use crate::turn::others_first;

impl Part {
    /// Gives what comes to a function, and acknowledges what came together at once, until stopped
    /// or lost.
    pub(super) async fn take(&self, channeled: Channeled, take: &Take) -> End {
        let Channeled { live, channel, mut consumers, .. } = channeled;
        let mut gathered = Gathered::default();
        let mut lost = pin!(live.lost());
        let mut stopped = pin!(self.stop.cancelled());
        loop {
            tokio::select! {
                biased;
                () = &mut lost => return End::Again,
                () = &mut stopped => break,
                delivery = consumers.next() => {
                    let Some(first) = delivery else {
                        // Everything is set up again.
                        topology::close(&channel).await;
                        return End::Again;
                    };
                    let together = std::iter::once(first)
                        .chain(std::iter::from_fn(|| consumers.ready()));
                    if !taken(together, take, &mut gathered, &channel).await {
                        return End::Again;
                    }
                }
            }
        }
        tokio::select! {
            biased;
            () = finish(consumers, take, gathered, &channel) => {}
            () = &mut lost => {}
        }
        End::Stopped
    }
}

/// Takes what was on its way, and closes the channel.
async fn finish(consumers: Consumers, take: &Take, mut gathered: Gathered, channel: &Channel) {
    let rest = consumers.cancel(channel).await;
    if taken(rest.into_iter(), take, &mut gathered, channel).await {
        topology::close(channel).await;
    }
}

/// Whether the channel was there still to be told.
async fn taken(
    deliveries: impl Iterator<Item = Delivery>,
    take: &Take,
    gathered: &mut Gathered,
    channel: &Channel,
) -> bool {
    for delivery in deliveries {
        gathered.add(delivery.delivery_tag, Settle::Ack);
        take(delivery);
    }
    // Whom this woke may send something: it leaves together with the acknowledgements.
    others_first().await;
    let told = gathered.flush(channel).map_err(|error| describe(&error));
    if let Err(error) = &told {
        tracing::debug!(%error, "a subscription's channel was lost");
    }
    told.is_ok()
}
