//! How the demo tells its story, and how it checks that the story is true.

use std::fmt::{Debug, Display};
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use crate::bus::Bus;
use crate::exit::Exit;
use crate::output::say;
use crate::output::style::{GOOD, NAME, QUIET};
use crate::problem::{Outcome, Problem};

/// How long the demo waits for one thing to happen.
const PATIENCE: Duration = Duration::from_secs(10);
/// How wide what happened is, before what came of it.
const WIDTH: usize = 44;

/// The story as it is told.
#[derive(Debug)]
pub(super) struct Story {
    /// What the names of topics end with, on a bus that others may be on.
    suffix: String,
    checked: usize,
}

impl Story {
    /// The title.
    pub(super) fn begin(bus: &Bus) -> Outcome<Self> {
        say(format_args!("{NAME}Busway demo{NAME:#} on {}", bus.shown))?;
        let suffix = if bus.in_process {
            String::new()
        } else {
            format!("-{}", &Uuid::new_v4().simple().to_string()[..8])
        };
        Ok(Self { suffix, checked: 0 })
    }

    /// A topic of the demo's own.
    pub(super) fn topic(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }

    /// The title of a chapter.
    pub(super) fn chapter(title: &str) -> Outcome {
        say(format_args!("\n{NAME}{title}{NAME:#}"))
    }

    /// Something that has been set up.
    pub(super) fn scene(text: impl Display) -> Outcome {
        say(format_args!("  {QUIET}{text}{QUIET:#}"))
    }

    /// Something that happened and what came of it, which must be what was expected.
    pub(super) fn happened<T: Debug + PartialEq + ?Sized>(
        &mut self,
        what: &str,
        came: &T,
        expected: &T,
        text: impl Display,
    ) -> Outcome {
        if came != expected {
            let message = format!("{what}: expected {expected:?}, but there came {came:?}");
            return Err(Problem::new(Exit::Failure, message)
                .hint("this is a defect of Busway, of the driver, or of the bus"));
        }
        self.checked += 1;
        say(format_args!("  {GOOD}✓{GOOD:#} {what:WIDTH$} {text}"))
    }

    /// The last line.
    pub(super) fn end(self, took: Duration) -> Outcome {
        let (checked, millis) = (self.checked, took.as_secs_f64() * 1000.0);
        say(format_args!(
            "\n{GOOD}All went well:{GOOD:#} {checked} checks in {millis:.0} ms. \
             Next: `busway --help`, `busway drivers`."
        ))
    }
}

/// The next thing that comes, for which the demo does not wait for ever.
pub(super) async fn next<T>(what: &str, from: &mut Receiver<T>) -> Outcome<T> {
    match tokio::time::timeout(PATIENCE, from.recv()).await {
        Ok(Some(came)) => Ok(came),
        Ok(None) => Err(Problem::new(Exit::Failure, format!("{what} ended before it came"))),
        Err(_) => {
            let message = format!("{what} did not come within {PATIENCE:?}");
            Err(Problem::new(Exit::Timeout, message))
        }
    }
}

/// The number of things that came beyond those that were waited for: there should be none.
pub(super) async fn left_over<T>(mut from: Receiver<T>) -> usize {
    from.close();
    let mut count = 0;
    while from.recv().await.is_some() {
        count += 1;
    }
    count
}
