//! `busway config sample`: every option there is.

use busway::config::{CoreOptions, NotificationOptions, describe, sample};
use busway::driver::Registry;

use crate::output::write_raw;
use crate::problem::Outcome;

/// Print a configuration file with every option, what it does, and its default.
///
/// All of it is commented out: the file says what would be without it. The format is that of
/// oslo.config.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  busway config sample > busway.conf")]
pub(super) struct Args {}

/// Prints it.
pub(super) fn run() -> Outcome {
    let mut options = describe::<CoreOptions>();
    options.extend(describe::<NotificationOptions>());
    for driver in Registry::linked().iter() {
        options.extend((driver.options)());
    }
    write_raw(sample(&options).as_bytes())
}
