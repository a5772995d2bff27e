//! `busway demo`: calls, casts, a fan-out and notifications at work, each of them checked.

mod greeter;
mod notifications;
mod requests;
mod story;

use std::time::{Duration, Instant};

use busway::Secret;

use crate::args::Globals;
use crate::bus::{self, Bus};
use crate::exit::Exit;
use crate::problem::{Outcome, Problem};
use story::Story;

/// How long the whole demo may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Show calls, casts, a fan-out and notifications at work, and check each of them.
///
/// Runs servers, a client, a notifier and a listener in this one process, on the bus inside the
/// process (fake://) unless --url names another, and tells what happened. Each reply, each copy
/// and each notification is checked; the exit code is 0 only if all of them were right. On
/// another bus than fake:// it uses topics of its own, with fresh names. The URL of the
/// environment and of the configuration is not used.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway demo\n  busway demo --url pika://guest:guest@localhost/"
)]
pub(crate) struct Args {}

/// Tells the story, checks it, and says whether all went well.
pub(crate) async fn run(_: &Args, globals: &Globals) -> Outcome {
    let url = globals.url.clone().unwrap_or_else(|| Secret::new("fake://"));
    let bus = Bus::open_url(globals.load()?, bus::parsed(&url)?).await?;
    let started = Instant::now();
    let mut story = Story::begin(&bus)?;
    let told = tokio::time::timeout(PATIENCE, tell(&mut story, &bus)).await;
    bus.close().await;
    told.unwrap_or_else(|_| {
        let message = format!("the demo did not come to its end within {PATIENCE:?}");
        Err(Problem::new(Exit::Timeout, message))
    })?;
    story.end(started.elapsed())
}

async fn tell(story: &mut Story, bus: &Bus) -> Outcome {
    requests::calls(story, &bus.transport).await?;
    requests::cast(story, &bus.transport).await?;
    requests::fanout(story, &bus.transport).await?;
    notifications::heard(story, &bus.transport).await
}
