use std::sync::Arc;

use busway_core::ErrorKind;

use super::send::{Failure, NOBODY, Parcel, Route, UNREACHABLE};
use super::{Connection, closed};
use crate::bus::{Body, NoRoom, Queue, Room};

impl Connection {
    /// Puts a message into its queues, as soon as there is room in all of them.
    pub(super) async fn place<B: Body>(
        &self,
        parcel: &Parcel<'_, B>,
        route: &Route<B>,
        epoch: u64,
    ) -> Result<(), Failure> {
        match route {
            Route::One(queue) => self.place_in_one(parcel, queue, epoch).await,
            Route::Each(queues) => self.place_in_each(parcel, queues, epoch).await,
        }
    }

    async fn place_in_one<B: Body>(
        &self,
        parcel: &Parcel<'_, B>,
        queue: &Arc<Queue<B>>,
        epoch: u64,
    ) -> Result<(), Failure> {
        let room = self.room(parcel, queue, epoch).await?;
        let placed = room.and_then(|room| queue.push(parcel.message.clone(), room));
        placed.map_err(|reason| match reason {
            NoRoom::Full => full(parcel, queue),
            NoRoom::Deserted => {
                self.core.counts.undeliverable.up();
                parcel.fail(ErrorKind::Undeliverable, NOBODY)
            }
        })
    }

    async fn place_in_each<B: Body>(
        &self,
        parcel: &Parcel<'_, B>,
        queues: &[Arc<Queue<B>>],
        epoch: u64,
    ) -> Result<(), Failure> {
        let mut rooms = Vec::with_capacity(queues.len());
        for queue in queues {
            match self.room(parcel, queue, epoch).await? {
                Ok(room) => rooms.push((queue, room)),
                // A listener that has gone gets no copy.
                Err(NoRoom::Deserted) => {}
                Err(NoRoom::Full) => return Err(full(parcel, queue)),
            }
        }
        for (queue, room) in rooms {
            // As above: it may go between the one and the other.
            let _ = queue.push(parcel.message.clone(), room);
        }
        Ok(())
    }

    /// Room in a queue, unless the connection is lost meanwhile: then nothing has left.
    async fn room<'a, B: Body>(
        &self,
        parcel: &Parcel<'_, B>,
        queue: &'a Queue<B>,
        epoch: u64,
    ) -> Result<Result<Room<'a>, NoRoom>, Failure> {
        if let Some(room) = queue.try_reserve() {
            return Ok(Ok(room));
        }
        tokio::select! {
            biased;
            room = queue.reserve(parcel.deadline) => Ok(room),
            () = self.link.lost(epoch) => Err(if self.link.is_closed() {
                Failure::Final(parcel.label.complete(closed()))
            } else {
                parcel.unsent(ErrorKind::Connection, UNREACHABLE)
            }),
        }
    }
}

impl<B: Body> Parcel<'_, B> {
    /// Puts the message into its queues; `None`, with nothing done, when that has to wait or
    /// nobody listens.
    pub(super) fn place_now(&self, route: &Route<B>) -> Option<()> {
        match route {
            Route::One(queue) => queue.push(self.message.clone(), queue.try_reserve()?).ok(),
            Route::Each(queues) => {
                let rooms = queues.iter().map(|queue| queue.try_reserve());
                let rooms = rooms.collect::<Option<Vec<_>>>()?;
                for (queue, room) in queues.iter().zip(rooms) {
                    // A listener that has gone gets no copy.
                    let _ = queue.push(self.message.clone(), room);
                }
                Some(())
            }
        }
    }

    /// Puts a second copy where there is room for one.
    pub(super) fn place_again(&self, route: &Route<B>) {
        let queues = match route {
            Route::One(queue) => std::slice::from_ref(queue),
            Route::Each(queues) => queues,
        };
        for queue in queues {
            if let Some(room) = queue.try_reserve() {
                // A listener that has gone gets no copy.
                let _ = queue.push(self.message.clone(), room);
            }
        }
    }
}

fn full<B: Body>(parcel: &Parcel<'_, B>, queue: &Queue<B>) -> Failure {
    let message = "the queue was full until the deadline";
    let error = parcel.label.error(ErrorKind::Full, message);
    Failure::Final(error.with("queue", queue.name()))
}
