//! Faults, one after the other, as chance will have it.

use std::time::Duration;

use busway_testkit::proxy::{Proxy, Way};
use fastrand::Rng;

use crate::stand::Stand;

/// A fault, and the pause before it, take no longer than this each.
const LONGEST: Duration = Duration::from_millis(25);
/// Where a seed is given to see the same faults again.
const SEED: &str = "BUSWAY_SEED";

/// A source of faults; a test that fails tells its seed.
pub(crate) struct Chaos {
    seed: u64,
    random: Rng,
    /// Whether the peer is killed and stopped, too.
    deadly: bool,
}

impl Chaos {
    pub(crate) fn new(deadly: bool) -> Self {
        let given = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| fastrand::u64(..));
        Self { seed, random: Rng::with_seed(seed), deadly }
    }

    /// One fault after a pause; when it returns, all is in order again but what was lost.
    pub(crate) async fn strike(&mut self, stand: &Stand) {
        self.pause().await;
        if self.deadly && self.random.u8(..3) > 0 {
            return self.kill(stand).await;
        }
        let which = self.random.usize(..3);
        // Either way, or both of them.
        let ways = if which < 2 { &stand.ways[which..=which] } else { &stand.ways[..] };
        match self.random.u8(..8) {
            0 | 1 => ways.iter().for_each(Proxy::reset),
            2 | 3 => {
                for way in ways {
                    way.cut().await;
                }
                self.pause().await;
            }
            4 | 5 => {
                self.stall(ways);
                self.pause().await;
            }
            6 => {
                // What is on its way meanwhile is lost on the way.
                self.stall(ways);
                self.pause().await;
                ways.iter().for_each(Proxy::reset);
            }
            _ => {
                let delay = self.time() / 4;
                for way in ways {
                    way.delay(delay);
                }
                self.pause().await;
            }
        }
        ways.iter().for_each(Proxy::heal);
    }

    fn stall(&mut self, ways: &[Proxy]) {
        let which = self.random.u8(..3);
        for way in ways {
            if which != 0 {
                way.stall(Way::Up);
            }
            if which != 1 {
                way.stall(Way::Down);
            }
        }
    }

    /// The peer dies without a word, or stops with one; and is back, with nothing in it.
    async fn kill(&mut self, stand: &Stand) {
        if self.random.bool() {
            for way in &stand.ways {
                way.cut().await;
            }
        }
        stand.desk.stop().await;
        self.pause().await;
        stand.desk.start_again().await.expect("the peer is back");
        stand.ways.iter().for_each(Proxy::heal);
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.time()).await;
    }

    fn time(&mut self) -> Duration {
        LONGEST.mul_f64(self.random.f64())
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the faults were those of {SEED}={}", self.seed);
        }
    }
}
