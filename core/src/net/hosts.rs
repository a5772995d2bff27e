use std::time::Duration;

use tokio::time::Instant;

use crate::url::Host;

/// Whose turn it is: the hosts of a URL, from a random start, each left alone for a while after it
/// failed.
///
/// ```
/// use std::time::Duration;
///
/// use busway_core::TransportUrl;
/// use busway_core::net::Hosts;
/// use tokio::time::Instant;
///
/// let url: TransportUrl = "pika://one,two".parse()?;
/// let mut hosts = Hosts::new(url.hosts().to_vec(), Duration::from_secs(1));
/// let now = Instant::now();
/// let (first, at) = hosts.next(now);
/// assert_eq!(at, now);
/// hosts.failed(first, now);
/// let (second, _) = hosts.next(now);
/// assert_ne!(hosts.host(first), hosts.host(second));
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Hosts {
    resting: Vec<(Host, Option<Instant>)>,
    next: usize,
    rest: Duration,
}

impl Hosts {
    /// The hosts, or the one host without a name when there are none; one that failed is left
    /// alone for `rest`.
    #[must_use]
    pub fn new(mut hosts: Vec<Host>, rest: Duration) -> Self {
        if hosts.is_empty() {
            hosts.push(Host::default());
        }
        let next = fastrand::usize(..hosts.len());
        Self { resting: hosts.into_iter().map(|host| (host, None)).collect(), next, rest }
    }

    /// The next host that is not resting, or the one whose rest ends first; and when it may be
    /// tried.
    pub fn next(&mut self, now: Instant) -> (usize, Instant) {
        let count = self.resting.len();
        let in_turn = (0..count).map(|offset| (self.next + offset) % count);
        let ready = |index: usize| self.resting[index].1.map_or(now, |until| until.max(now));
        // The first of equals wins: the hosts keep their turn.
        let index = in_turn.min_by_key(|index| ready(*index)).expect("there is a host at least");
        self.next = (index + 1) % count;
        (index, ready(index))
    }

    /// The next host in turn, whether it rests or not.
    pub fn turn(&mut self) -> usize {
        let index = self.next;
        self.next = (index + 1) % self.resting.len();
        index
    }

    /// The host of this index, as [`next`](Self::next) and [`turn`](Self::turn) give it.
    ///
    /// # Panics
    /// For an index that is none.
    #[must_use]
    pub fn host(&self, index: usize) -> &Host {
        &self.resting[index].0
    }

    /// Leaves a host alone for a while, give or take a fifth, so that clients do not come back
    /// all at once.
    pub fn failed(&mut self, index: usize, now: Instant) {
        let jitter = 0.8 + 0.4 * fastrand::f64();
        self.resting[index].1 = Some(now + self.rest.mul_f64(jitter));
    }

    /// Ends the host's rest.
    pub fn succeeded(&mut self, index: usize) {
        self.resting[index].1 = None;
    }

    /// How many hosts there are: one at least.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // It never is.
    pub fn len(&self) -> usize {
        self.resting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(count: usize) -> Hosts {
        let named = |i| Host { hostname: format!("h{i}"), ..Host::default() };
        Hosts::new((0..count).map(named).collect(), Duration::from_secs(10))
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_come_in_turn() {
        let mut hosts = hosts(3);
        let now = Instant::now();
        let turns: Vec<_> = (0..6).map(|_| hosts.next(now).0).collect();
        assert_eq!(turns[..3], turns[3..]);
        let mut all = turns[..3].to_vec();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_failed_rests() {
        let mut hosts = hosts(2);
        let now = Instant::now();
        let (first, _) = hosts.next(now);
        hosts.failed(first, now);
        for _ in 0..3 {
            assert_ne!(hosts.next(now).0, first);
        }
        let later = now + Duration::from_secs(13);
        let turns = [hosts.next(later).0, hosts.next(later).0];
        assert!(turns.contains(&first));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_rest_the_first_to_be_ready_is_waited_for() {
        let mut hosts = hosts(1);
        let now = Instant::now();
        hosts.failed(0, now);
        let (index, ready) = hosts.next(now);
        assert_eq!(index, 0);
        assert!(ready > now && ready <= now + Duration::from_secs(12));
    }
}
