//! From a time to a deadline.

use std::time::Duration;

use tokio::time::Instant;

/// What "without end" comes to: more than a timer needs, and within what an instant can hold.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

/// The instant after that time, however long it is.
pub(crate) fn after(time: Duration) -> Instant {
    Instant::now() + time.min(CENTURY)
}
