use std::sync::mpsc;
use std::time::Duration;

use busway_testkit::broken::Sin;
use busway_testkit::{Case, Suite, Verdict};
use tokio::runtime::Builder;

use crate::sinning;

/// How long a case may take by the clock, though its own time is paused.
const LIMIT: Duration = Duration::from_mins(1);

/// What comes of a case on the in-memory bus with a driver that sins, in paused time; `None` when
/// it does not end: paused time does not pass while something is always busy.
#[must_use]
pub fn confess(case: Case, sin: Sin) -> Option<Verdict> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let paused = || Builder::new_current_thread().enable_all().start_paused(true).build();
        // Nobody waits for it any more once it is late.
        let _ = send.send(Suite::new().runtime(paused).judge(case, &sinning(sin)));
    });
    receive.recv_timeout(LIMIT).ok()
}
