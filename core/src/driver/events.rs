use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

/// How many events a slow reader may lag behind before the oldest are lost to it.
const CAPACITY: usize = 256;

/// What happens to a transport's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportEvent {
    /// The connection is up.
    Connected {
        /// The peer, without credentials.
        peer: String,
    },
    /// The connection is gone.
    Disconnected {
        /// Why, in the peer's own words where it said something.
        reason: String,
    },
    /// Another attempt will be made.
    Reconnecting {
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The time until then.
        after: Duration,
    },
    /// The bus takes nothing for now: senders wait within their deadlines.
    Blocked {
        /// Why, as the bus says it.
        reason: String,
    },
    /// The bus takes messages again.
    Unblocked,
    /// This reader was too slow: so many events were lost to it.
    Missed {
        /// How many.
        count: u64,
    },
}

/// Where a driver tells of its connection; any number of readers may listen.
///
/// ```
/// use busway_core::driver::{Events, TransportEvent};
/// use futures_util::StreamExt;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let events = Events::new();
/// let mut stream = events.subscribe();
/// events.send(TransportEvent::Unblocked);
/// assert_eq!(stream.next().await, Some(TransportEvent::Unblocked));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<TransportEvent>);

impl Events {
    /// A place without readers yet.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    /// Tells every reader; with none, nothing happens.
    pub fn send(&self, event: TransportEvent) {
        if matches!(event, TransportEvent::Reconnecting { .. }) {
            crate::metrics::reconnecting();
        }
        // Without readers there is nobody to tell.
        let _ = self.0.send(event);
    }

    /// The events from now on.
    #[must_use]
    pub fn subscribe(&self) -> EventStream {
        EventStream(BroadcastStream::new(self.0.subscribe()))
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

/// The events of a transport from the moment of subscription; ends when the transport is gone.
#[derive(Debug)]
pub struct EventStream(BroadcastStream<TransportEvent>);

impl Stream for EventStream {
    type Item = TransportEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TransportEvent>> {
        Pin::new(&mut self.0).poll_next(cx).map(|event| match event? {
            Ok(event) => Some(event),
            Err(BroadcastStreamRecvError::Lagged(count)) => Some(TransportEvent::Missed { count }),
        })
    }
}
