/// What a driver can do. What is declared is tested by the conformance suite; what is not
/// declared returns [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
///
/// ```
/// use busway_core::driver::Capabilities;
///
/// const MINE: Capabilities = Capabilities { fanout: true, ..Capabilities::NONE };
/// assert!(MINE.fanout && !MINE.requeue);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "a table of yes and no is what it is")]
pub struct Capabilities {
    /// RPC calls and casts.
    pub rpc: bool,
    /// Casts to every server of a topic.
    pub fanout: bool,
    /// A call or cast that nobody serves fails at once as undeliverable.
    pub mandatory: bool,
    /// Requests with `retry = 0` run at most once, whatever is lost.
    pub at_most_once: bool,
    /// Heartbeats of a running call reset the caller's monitor timer.
    pub call_monitoring: bool,
    /// Requests whose deadline has passed are not run.
    pub expiry: bool,
    /// Messages of one sender reach one consumer in the order in which they were sent.
    pub ordering: bool,
    /// Topics of one name in two exchanges have nothing to do with each other, and a target that
    /// names no exchange is in the configured one, `control_exchange`.
    ///
    /// Without it an exchange is where a message is sent to, but servers of one topic in two
    /// exchanges may share a queue.
    pub exchanges_apart: bool,
    /// Notifications.
    pub notifications: bool,
    /// A notification that was confirmed survives a restart of the bus.
    pub durable_notifications: bool,
    /// A listener can give a notification back, to be delivered again.
    pub requeue: bool,
    /// Each pool of notification listeners gets a copy of its own.
    pub pools: bool,
    /// A full queue slows its producers, and no queue grows without bound.
    pub back_pressure: bool,
}

impl Capabilities {
    /// Nothing: what to start a declaration from.
    pub const NONE: Self = Self {
        rpc: false,
        fanout: false,
        mandatory: false,
        at_most_once: false,
        call_monitoring: false,
        expiry: false,
        ordering: false,
        exchanges_apart: false,
        notifications: false,
        durable_notifications: false,
        requeue: false,
        pools: false,
        back_pressure: false,
    };

    /// Each capability with its name and whether it is there, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool)> + use<> {
        [
            ("rpc", self.rpc),
            ("fanout", self.fanout),
            ("mandatory", self.mandatory),
            ("at_most_once", self.at_most_once),
            ("call_monitoring", self.call_monitoring),
            ("expiry", self.expiry),
            ("ordering", self.ordering),
            ("exchanges_apart", self.exchanges_apart),
            ("notifications", self.notifications),
            ("durable_notifications", self.durable_notifications),
            ("requeue", self.requeue),
            ("pools", self.pools),
            ("back_pressure", self.back_pressure),
        ]
        .into_iter()
    }
}
