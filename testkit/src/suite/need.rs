use std::fmt;

use busway_core::driver::Capabilities;

use crate::Faults;

/// What a case needs of a candidate: something its driver declares, or something its harness can
/// do to the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the field of that name")]
pub enum Need {
    Rpc,
    Fanout,
    Mandatory,
    AtMostOnce,
    CallMonitoring,
    Expiry,
    Ordering,
    ExchangesApart,
    Notifications,
    DurableNotifications,
    Requeue,
    Pools,
    BackPressure,
    Narrow,
    Sever,
    Stall,
    Block,
    BlockIsTold,
    Restart,
    Count,
}

const EVERYTHING: Capabilities = Capabilities {
    rpc: true,
    fanout: true,
    mandatory: true,
    at_most_once: true,
    call_monitoring: true,
    expiry: true,
    ordering: true,
    exchanges_apart: true,
    notifications: true,
    durable_notifications: true,
    requeue: true,
    pools: true,
    back_pressure: true,
};

impl Need {
    /// Whether it is given.
    #[must_use]
    pub fn is_met(self, declared: &Capabilities, faults: Faults) -> bool {
        match self {
            Self::Rpc => declared.rpc,
            Self::Fanout => declared.fanout,
            Self::Mandatory => declared.mandatory,
            Self::AtMostOnce => declared.at_most_once,
            Self::CallMonitoring => declared.call_monitoring,
            Self::Expiry => declared.expiry,
            Self::Ordering => declared.ordering,
            Self::ExchangesApart => declared.exchanges_apart,
            Self::Notifications => declared.notifications,
            Self::DurableNotifications => declared.durable_notifications,
            Self::Requeue => declared.requeue,
            Self::Pools => declared.pools,
            Self::BackPressure => declared.back_pressure,
            Self::Narrow => faults.narrow,
            Self::Sever => faults.sever,
            Self::Stall => faults.stall,
            Self::Block => faults.block,
            Self::BlockIsTold => faults.block && faults.block_is_told,
            Self::Restart => faults.restart,
            Self::Count => faults.count,
        }
    }

    /// Whether a driver declares it; the others are a matter of the harness.
    #[must_use]
    pub fn is_declared(self) -> bool {
        self.is_met(&EVERYTHING, Faults::NONE)
    }

    /// Whether what the harness does then is felt by everybody on the bus.
    #[must_use]
    pub fn is_of_the_whole_bus(self) -> bool {
        matches!(self, Self::Block | Self::BlockIsTold | Self::Restart)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Fanout => "fanout",
            Self::Mandatory => "mandatory",
            Self::AtMostOnce => "at_most_once",
            Self::CallMonitoring => "call_monitoring",
            Self::Expiry => "expiry",
            Self::Ordering => "ordering",
            Self::ExchangesApart => "exchanges_apart",
            Self::Notifications => "notifications",
            Self::DurableNotifications => "durable_notifications",
            Self::Requeue => "requeue",
            Self::Pools => "pools",
            Self::BackPressure => "back_pressure",
            Self::Narrow => "a harness that can make queues narrow",
            Self::Sever => "a harness that can sever connections",
            Self::Stall => "a harness that can stall connections",
            Self::Block => "a harness that can block the bus",
            Self::BlockIsTold => "a bus that tells those whom it blocks",
            Self::Restart => "a harness that can restart the bus",
            Self::Count => "a harness that can count what the bus holds",
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
