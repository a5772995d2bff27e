//! What a client measures in a process of its own, and tells in a line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::drive::{self, Load};
use crate::process::Usage;
use crate::{BoxError, Counter, Exchange, Fanning, Order, Receipt, Telling};

/// The longest that a message may take to be told from longer ones, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;
/// What is told of the times of the messages, in hundredths.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// What a run took on the client's side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// The time from the first message to the end of the last, in seconds.
    pub seconds: f64,
    /// The time that the process's threads ran meanwhile, in seconds.
    pub cpu: f64,
    /// The memory that the process held at the end, in bytes.
    pub resident: f64,
    /// The times that half of the messages took at most, nine of ten, 99 of 100 and 999 of 1000,
    /// in microseconds.
    pub quantiles: [f64; 4],
}

impl Taken {
    /// What a client tells of it.
    #[must_use]
    pub fn line(&self) -> String {
        let [half, nine, hundred, thousand] = self.quantiles;
        let Self { seconds, cpu, resident, .. } = self;
        format!("{seconds} {cpu} {resident} {half} {nine} {hundred} {thousand}")
    }

    /// What a client told.
    pub(super) fn read(line: &str) -> Option<Self> {
        let numbers: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        let &[seconds, cpu, resident, half, nine, hundred, thousand] = &numbers.ok()?[..] else {
            return None;
        };
        Some(Self { seconds, cpu, resident, quantiles: [half, nine, hundred, thousand] })
    }
}

/// Warms a client up with a tenth, then measures it.
///
/// # Errors
/// The first error of a message, and where Linux does not tell what the process has used.
pub async fn take(
    kind: &str,
    client: impl Exchange + Telling,
    load: Load,
) -> Result<Taken, BoxError> {
    let client = Timed::new(client)?;
    let run = async |load| match kind {
        "calls" => drive::calls(&client, load).await,
        "casts" => drive::casts(&client, load).await,
        "notifications" => drive::notifications(&client, load).await,
        _ => Err(format!("there is no pattern '{kind}'").into()),
    };
    run(warming_up(load)).await?;
    measure(&client.times, run(load)).await
}

/// The same of what is sent to several servers at once, which this process holds as well.
///
/// # Errors
/// As of [`take`].
pub async fn take_fan_outs(client: impl Fanning, load: Load) -> Result<Taken, BoxError> {
    let client = Timed::new(client)?;
    let first = warming_up(load);
    drive::fan_outs(&client, 0, first).await?;
    measure(&client.times, drive::fan_outs(&client, first.whole, load)).await
}

fn warming_up(load: Load) -> Load {
    Load { whole: load.whole.div_ceil(10), ..load }
}

async fn measure(
    times: &Mutex<Histogram<u64>>,
    running: impl Future<Output = Result<Duration, BoxError>>,
) -> Result<Taken, BoxError> {
    times.lock().reset();
    let before = Usage::of(std::process::id())?;
    let time = running.await?;
    let after = Usage::of(std::process::id())?;
    let times = times.lock();
    #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
    let micros = |quantile| times.value_at_quantile(quantile) as f64 / 1e3;
    #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
    let resident = after.resident as f64;
    Ok(Taken {
        seconds: time.as_secs_f64(),
        cpu: after.cpu.saturating_sub(before.cpu).as_secs_f64(),
        resident,
        quantiles: QUANTILES.map(micros),
    })
}

/// A client whose messages are timed, each from its being sent to its answer.
#[derive(Clone, Debug)]
struct Timed<C> {
    client: C,
    /// Nanoseconds.
    times: Arc<Mutex<Histogram<u64>>>,
}

impl<C> Timed<C> {
    fn new(client: C) -> Result<Self, BoxError> {
        let times = Histogram::new_with_max(LONGEST, 3)?;
        Ok(Self { client, times: Arc::new(Mutex::new(times)) })
    }

    fn record(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.times.lock().saturating_record(nanos);
    }
}

impl<C: Exchange> Exchange for Timed<C> {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        let start = Instant::now();
        let receipt = self.client.order(order).await;
        self.record(start.elapsed());
        receipt
    }
}

impl<C: Telling> Telling for Timed<C> {
    async fn note(&self, order: &Order) -> Result<(), BoxError> {
        let start = Instant::now();
        let noted = self.client.note(order).await;
        self.record(start.elapsed());
        noted
    }

    async fn notify(&self, order: &Order) -> Result<(), BoxError> {
        let start = Instant::now();
        let notified = self.client.notify(order).await;
        self.record(start.elapsed());
        notified
    }
}

impl<C: Fanning> Fanning for Timed<C> {
    async fn fan_out(&self, order: &Order) -> Result<(), BoxError> {
        let start = Instant::now();
        let sent = self.client.fan_out(order).await;
        self.record(start.elapsed());
        sent
    }

    fn heard(&self) -> &Counter {
        self.client.heard()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Bus;

    #[test]
    fn what_a_client_tells_is_what_is_read() {
        let taken =
            Taken { seconds: 1.5, cpu: 0.25, resident: 1e6, quantiles: [10.0, 20.0, 30.5, 40.0] };
        assert_eq!(Taken::read(&taken.line()), Some(taken));
        assert_eq!(Taken::read("1 2 3"), None);
    }

    #[tokio::test]
    async fn half_of_the_messages_take_no_longer_than_nearly_all() {
        let bus = Bus::start("fake://taken/").await.expect("a bus");
        let client = bus.client().expect("a client");
        for kind in ["calls", "notifications"] {
            let taken = take(kind, client.clone(), Load::new(4, 100)).await.expect("taken");
            let [half, .., thousand] = taken.quantiles;
            assert!(0.0 < half && half <= thousand, "{kind}: {taken:?}");
        }
        assert!(take("cries", client, Load::new(1, 1)).await.is_err());
        bus.stop().await.expect("stopped");
    }
}
