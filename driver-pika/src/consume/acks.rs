use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use tokio::sync::mpsc;

/// How a delivery is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settle {
    Ack,
    Requeue,
    /// Gone for good: it could not be understood.
    Reject,
}

/// Where the deliveries of one channel are settled; of no use once the channel is gone.
#[derive(Clone, Debug)]
pub(crate) struct Acks(mpsc::UnboundedSender<(u64, Settle)>);

impl Acks {
    /// The way to settle, and what its channel's owner reads. It is bounded by the prefetch
    /// count: each delivery is settled once.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<(u64, Settle)>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Whether the channel is still there to be told.
    pub(crate) fn settle(&self, tag: u64, how: Settle) -> bool {
        self.0.send((tag, how)).is_ok()
    }
}

/// Gathers what was settled, and tells the broker with as few frames as it takes.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Every delivery up to this tag is settled and told.
    told: u64,
    /// Every delivery after that up to this tag is acknowledged, and not told yet.
    run: u64,
    /// Those after it that are told already, one by one.
    beyond: BTreeSet<u64>,
    waiting: BTreeMap<u64, Settle>,
}

impl Gathered {
    pub(super) fn add(&mut self, tag: u64, how: Settle) {
        // Mostly they come in order.
        if how == Settle::Ack && tag == self.run + 1 {
            self.run = tag;
        } else {
            self.waiting.insert(tag, how);
        }
    }

    /// Tells the broker: what is acknowledged without a gap by one frame, the rest one by one.
    pub(super) fn flush(&mut self, channel: &Channel) -> Result<(), lapin::Error> {
        if let Some(last) = self.end_of_run() {
            queue(channel.basic_ack(last, BasicAckOptions { multiple: true }))?;
            self.waiting = self.waiting.split_off(&(last + 1));
            self.note_told_up_to(last);
        }
        for (tag, how) in std::mem::take(&mut self.waiting) {
            match how {
                Settle::Ack => queue(channel.basic_ack(tag, BasicAckOptions::default()))?,
                Settle::Requeue => {
                    let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
                    queue(channel.basic_nack(tag, options))?;
                }
                Settle::Reject => {
                    queue(channel.basic_reject(tag, BasicRejectOptions { requeue: false }))?;
                }
            }
            self.note_told(tag);
        }
        Ok(())
    }

    /// The last acknowledgement of the run that follows what was told.
    ///
    /// The run may pass over what was told already, and may not end there: the broker closes the
    /// channel of who settles a delivery twice.
    fn end_of_run(&self) -> Option<u64> {
        let mut last = (self.run > self.told).then_some(self.run);
        for tag in self.run + 1.. {
            match self.waiting.get(&tag) {
                Some(Settle::Ack) => last = Some(tag),
                None if self.beyond.contains(&tag) => {}
                _ => break,
            }
        }
        last
    }

    fn note_told(&mut self, tag: u64) {
        self.beyond.insert(tag);
        self.note_told_up_to(self.told);
    }

    fn note_told_up_to(&mut self, tag: u64) {
        self.told = tag;
        self.beyond = self.beyond.split_off(&(tag + 1));
        while self.beyond.remove(&(self.told + 1)) {
            self.told += 1;
        }
        self.run = self.run.max(self.told);
    }
}

/// Queues a frame: that is what the library does first, and at once. That it is written is not
/// waited for; there are no more of them than the prefetch count lets deliveries come.
fn queue(sending: impl Future<Output = Result<(), lapin::Error>>) -> Result<(), lapin::Error> {
    sending.now_or_never().unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_a_gap_and_at_what_is_no_acknowledgement() {
        let mut gathered = Gathered::default();
        for tag in [1, 2, 4] {
            gathered.add(tag, Settle::Ack);
        }
        assert_eq!(gathered.end_of_run(), Some(2));
        gathered.add(3, Settle::Requeue);
        assert_eq!(gathered.end_of_run(), Some(2));
    }

    #[test]
    fn what_was_told_one_by_one_fills_its_gap() {
        let mut gathered = Gathered::default();
        gathered.note_told(2);
        assert_eq!(gathered.told, 0);
        gathered.add(1, Settle::Ack);
        gathered.add(3, Settle::Ack);
        assert_eq!(gathered.end_of_run(), Some(3));
        gathered.note_told(1);
        assert_eq!(gathered.told, 2);
        assert!(gathered.beyond.is_empty());
    }

    #[test]
    fn a_run_does_not_end_at_what_was_told_already() {
        let mut gathered = Gathered::default();
        gathered.note_told(2);
        gathered.add(1, Settle::Ack);
        assert_eq!(gathered.end_of_run(), Some(1));
        gathered.note_told_up_to(1);
        assert_eq!(gathered.told, 2);
        assert_eq!(gathered.end_of_run(), None);
    }
}
