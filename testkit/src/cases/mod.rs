//! The cases: sentences about a bus, each checked by a function, grouped by what they are about.
//!
//! A case gets a harness with a name space of its own. It waits for what must happen, and never
//! sleeps to wait; what must not happen it rules out by something that comes after it.

mod access;
mod back_pressure;
mod batches;
mod bodies;
mod calls;
mod cancelling;
mod configured;
mod context;
mod deadlines;
mod dispatch;
mod failures;
mod fanout;
mod filters;
mod guarantees;
mod losing;
mod many;
mod monitored;
mod notifications;
mod open_close;
mod pools;
mod requeue;
mod routing;
mod stopping;
pub(crate) mod telling;

use crate::suite::Case;

/// Every group, in the order in which a reader wants them.
pub(crate) const ALL: &[&[Case]] = &[
    open_close::CASES,
    calls::CASES,
    failures::CASES,
    deadlines::CASES,
    routing::CASES,
    fanout::CASES,
    many::CASES,
    dispatch::CASES,
    access::CASES,
    context::CASES,
    bodies::CASES,
    configured::CASES,
    monitored::CASES,
    guarantees::CASES,
    losing::CASES,
    notifications::CASES,
    filters::CASES,
    pools::CASES,
    requeue::CASES,
    batches::CASES,
    stopping::CASES,
    cancelling::CASES,
    back_pressure::CASES,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_sentence_stands_once() {
        let mut names = BTreeSet::new();
        for case in Case::all() {
            assert!(names.insert(case.name()), "{} stands twice", case.name());
        }
    }
}
