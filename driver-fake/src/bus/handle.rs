use super::{Counters, Lease, QueueStats, registry};
use crate::faults::Faults;

/// A handle on a bus of this process: to look into it, and to make it fail.
///
/// A handle keeps its bus, and the notifications stored there, as an open transport does.
///
/// ```
/// use busway_core::Transport;
/// use busway_driver_fake::Bus;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let transport = Transport::open("fake://orders/").await?;
/// let bus = Bus::named("orders");
/// assert_eq!(bus.counters().sent, 0);
/// bus.faults().drop_next(1);
/// # Ok::<(), busway_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Bus(Lease);

impl Bus {
    /// The bus that `fake://NAME/` opens, made now if there is none. `fake://` opens `default`,
    /// and a virtual host is part of the name: `fake://NAME/VHOST` opens `NAME/VHOST`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(Lease::on(name))
    }

    /// Whether there is a bus of this name: a transport on it is open, or a handle is held.
    #[must_use]
    pub fn exists(name: &str) -> bool {
        registry::exists(name)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.core().name()
    }

    /// The means to make it fail, for every transport that is on it.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults::new(self.0.clone())
    }

    /// What has happened on it so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.core().counts.read()
    }

    /// What stands in its queues, by name.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueStats> {
        self.0.core().stats()
    }

    /// How many calls wait for a reply.
    #[must_use]
    pub fn waiting_calls(&self) -> usize {
        self.0.core().waiting_calls()
    }

    /// How many transports are open on it.
    #[must_use]
    pub fn transports(&self) -> usize {
        self.0.core().connections().len()
    }
}
