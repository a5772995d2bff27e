/// What stands in one queue of a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Its name: `EXCHANGE/TOPIC`, `EXCHANGE/TOPIC.SERVER`, `EXCHANGE/TOPIC_fanout_ID`,
    /// `EXCHANGE/TOPIC.PRIORITY` or `EXCHANGE/TOPIC.PRIORITY@POOL`.
    pub name: String,
    /// Messages that wait to be handed over.
    pub ready: usize,
    /// Messages handed over and not yet acknowledged.
    pub unacknowledged: usize,
    /// Who listens.
    pub listeners: usize,
    /// How many messages it holds at most, ready and unacknowledged.
    pub capacity: usize,
}
