//! The in-memory bus against every case, with time that passes only when everything waits: what
//! hangs, or waits by the clock, is found at once.

use std::process::ExitCode;

use busway_testkit::Suite;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let paused = || Builder::new_current_thread().enable_all().start_paused(true).build();
    Suite::new().runtime(paused).candidate(busway_tests::fake()).main()
}
