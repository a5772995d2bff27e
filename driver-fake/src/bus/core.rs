use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::QueueStats;
use super::counters::Counts;
use super::notifications::Notifications;
use super::topics::Topics;
use crate::connection::Connection;
use crate::faults::Plan;

/// What all transports of one bus share.
#[derive(Debug)]
pub(crate) struct Core {
    name: String,
    pub(crate) topics: Arc<Topics>,
    pub(crate) notifications: Notifications,
    pub(crate) counts: Arc<Counts>,
    /// The faults of everybody.
    pub(crate) faults: Plan,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: Vec<Weak<Connection>>,
    outage: Option<Outage>,
    blocked: bool,
}

/// How long the bus cannot be reached.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Until(Instant),
    Indefinite,
}

impl Core {
    pub(super) fn new(name: &str) -> Arc<Self> {
        let counts = Arc::new(Counts::default());
        Arc::new(Self {
            name: name.to_owned(),
            topics: Topics::new(counts.clone()),
            notifications: Notifications::new(counts.clone()),
            counts,
            faults: Plan::default(),
            state: Mutex::default(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Adds a connection, unless the bus cannot be reached. Blocks it when the bus is blocked.
    pub(crate) fn connect(&self, connection: &Arc<Connection>) -> bool {
        let mut state = self.state.lock();
        match state.outage {
            Some(Outage::Indefinite) => return false,
            Some(Outage::Until(end)) if Instant::now() < end => return false,
            _ => state.outage = None,
        }
        if state.blocked {
            connection.block();
        }
        state.connections.retain(|connection| connection.strong_count() > 0);
        state.connections.push(Arc::downgrade(connection));
        true
    }

    pub(crate) fn leave(&self, connection: &Connection) {
        let this: *const Connection = connection;
        self.state.lock().connections.retain(|other| other.as_ptr() != this);
    }

    pub(super) fn connections(&self) -> Vec<Arc<Connection>> {
        self.state.lock().connections.iter().filter_map(Weak::upgrade).collect()
    }

    /// The bus cannot be reached: for so long, or until [`reconnect`](Self::reconnect).
    pub(crate) fn disconnect(&self, how_long: Option<Duration>) {
        let outage = how_long
            .map_or(Outage::Indefinite, |how_long| Outage::Until(Instant::now() + how_long));
        self.state.lock().outage = Some(outage);
        for connection in self.connections() {
            connection.cut("the bus was disconnected", how_long);
        }
    }

    pub(crate) fn reconnect(&self) {
        self.state.lock().outage = None;
        for connection in self.connections() {
            connection.reconnect();
        }
    }

    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.state.lock().blocked = blocked;
        for connection in self.connections() {
            if blocked {
                connection.block();
            } else {
                connection.unblock();
            }
        }
    }

    pub(super) fn waiting_calls(&self) -> usize {
        self.connections().iter().map(|connection| connection.calls.len()).sum()
    }

    pub(super) fn stats(&self) -> Vec<QueueStats> {
        let mut stats = self.topics.stats();
        stats.extend(self.notifications.stats());
        stats.sort_by(|a, b| a.name.cmp(&b.name));
        stats
    }

    /// The end of the bus: its last user has gone.
    pub(super) fn clear(&self) {
        self.topics.clear();
        self.notifications.clear();
    }
}
