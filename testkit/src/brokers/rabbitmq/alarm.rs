use std::fmt;

use busway_core::Result;

use super::RabbitMq;

/// What a broker is short of when it takes nothing from publishers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Its memory is above the high watermark.
    Memory,
    /// The free space of its disk is below the limit.
    Disk,
}

impl Alarm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Memory, Self::Disk];
}

impl fmt::Display for Alarm {
    /// As the broker says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
        })
    }
}

/// The alarm is told to the connections one after the other: they are asked for something, so that
/// each has heard of it before it answers.
const HEARD: &str = "rabbit_alarm:get_alarms(), \
    [catch rabbit_reader:info(C, [state]) || C <- rabbit_networking:local_connections()], ok";

impl RabbitMq {
    /// Sets an alarm. When it returns, a connection that publishes is told so and blocked.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn set_alarm(&self, alarm: Alarm) -> Result<()> {
        let set = format!("rabbit_alarm:set_alarm({{{{resource_limit, {alarm}, node()}}, []}})");
        self.evaluate(&format!("{set}, {HEARD}")).map(drop)
    }

    /// Clears an alarm. When it returns, those that were blocked are being told.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn clear_alarm(&self, alarm: Alarm) -> Result<()> {
        let clear = format!("rabbit_alarm:clear_alarm({{resource_limit, {alarm}, node()}})");
        self.evaluate(&format!("{clear}, {HEARD}")).map(drop)
    }

    /// [Sets the alarm](Self::set_alarm) of a broker that is short of memory.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn block(&self) -> Result<()> {
        self.set_alarm(Alarm::Memory)
    }

    /// [Clears](Self::clear_alarm) that alarm.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn unblock(&self) -> Result<()> {
        self.clear_alarm(Alarm::Memory)
    }
}
