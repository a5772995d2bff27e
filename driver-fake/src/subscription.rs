use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use busway_core::driver::Request;
use busway_core::notify::Notification;
use tokio::runtime::Handle;

use crate::bus::{Body, Consumer, Core, Queue};
use crate::connection::{Connection, Subscribed};

/// One listener's place in its queues.
#[derive(Debug)]
pub(crate) struct Subscription<B: Body> {
    consumer: Arc<Consumer>,
    queues: Vec<Arc<Queue<B>>>,
    connection: Arc<Connection>,
    ended: AtomicBool,
}

/// How to leave a queue for good.
pub(crate) trait Leave: Body {
    fn leave(core: &Core, queue: &Arc<Queue<Self>>, consumer: u64, wait: Duration, rt: &Handle);
}

impl Leave for Request {
    fn leave(core: &Core, queue: &Arc<Queue<Self>>, consumer: u64, wait: Duration, rt: &Handle) {
        core.topics.leave(queue, consumer, wait, rt);
    }
}

impl Leave for Notification {
    /// A queue of notifications stays.
    fn leave(_: &Core, queue: &Arc<Queue<Self>>, consumer: u64, _: Duration, _: &Handle) {
        queue.leave(consumer);
    }
}

impl<B: Leave> Subscription<B> {
    /// A subscription of a consumer that has joined these queues.
    pub(crate) fn new(
        connection: &Arc<Connection>,
        consumer: Arc<Consumer>,
        queues: Vec<Arc<Queue<B>>>,
    ) -> Arc<Self> {
        let subscription = Arc::new(Self {
            consumer,
            queues,
            connection: connection.clone(),
            ended: AtomicBool::new(false),
        });
        connection.subscribe(Arc::downgrade(&subscription) as Weak<dyn Subscribed>);
        subscription
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(crate) fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    pub(crate) fn queues(&self) -> &[Arc<Queue<B>>] {
        &self.queues
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Lets others have what is here for a consumer that waits no longer.
    pub(crate) fn relieve(&self) {
        for queue in &self.queues {
            queue.relieve();
        }
    }
}

impl<B: Leave> Subscribed for Subscription<B> {
    fn lost(&self) {
        for queue in &self.queues {
            queue.recall(self.consumer.id());
        }
        self.consumer.ring();
    }

    fn end(&self) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let (core, runtime) = (self.connection.core(), self.connection.runtime());
        // How long a queue that this one was the last to leave waits for another.
        let expiration = self.connection.options().rpc_queue_expiration.duration();
        for queue in &self.queues {
            B::leave(core, queue, self.consumer.id(), expiration, runtime);
        }
        self.consumer.ring();
    }
}
