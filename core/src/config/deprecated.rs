//! The names that options had in older releases of oslo.messaging.

use super::layer::DEFAULT;

/// An option's old name and its new one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Renamed {
    pub(super) old: (&'static str, &'static str),
    pub(super) new: (&'static str, &'static str),
}

const NOTIFICATIONS: &str = "oslo_messaging_notifications";

pub(super) const RENAMED: [Renamed; 6] = [
    Renamed { old: (DEFAULT, "notification_driver"), new: (NOTIFICATIONS, "driver") },
    Renamed { old: (DEFAULT, "notification_topics"), new: (NOTIFICATIONS, "topics") },
    Renamed { old: ("rpc_notifier2", "topics"), new: (NOTIFICATIONS, "topics") },
    Renamed { old: (DEFAULT, "notification_transport_url"), new: (NOTIFICATIONS, "transport_url") },
    Renamed { old: (DEFAULT, "routing_notifier_config"), new: (NOTIFICATIONS, "routing_config") },
    Renamed { old: (DEFAULT, "rpc_thread_pool_size"), new: (DEFAULT, "executor_thread_pool_size") },
];

/// The options that still do what they did, under their own name, but should no longer be used,
/// with what to do instead.
const OBSOLETE: [((&str, &str), &str); 1] =
    [((DEFAULT, "rpc_backend"), "name the driver as the scheme of transport_url")];

/// What to do instead of setting this option, when it should no longer be used.
pub(super) fn instead_of(section: &str, key: &str) -> Option<&'static str> {
    let found = OBSOLETE.iter().find(|(name, _)| *name == (section, key));
    found.map(|(_, instead)| *instead)
}

/// Whether this is the old name of an option.
pub(super) fn is_old_name(section: &str, key: &str) -> bool {
    RENAMED.iter().any(|renamed| renamed.old == (section, key))
}
