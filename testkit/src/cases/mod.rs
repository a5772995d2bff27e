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
mod stuck;
pub(crate) mod telling;
mod trouble;

use crate::suite::Room;

/// Every room, in the order in which a reader wants them.
pub(crate) const ALL: &[Room] = &[
    Room { title: "Opening and closing", cases: open_close::CASES },
    Room { title: "Calls and casts", cases: calls::CASES },
    Room { title: "Failures", cases: failures::CASES },
    Room { title: "Deadlines", cases: deadlines::CASES },
    Room { title: "Routing", cases: routing::CASES },
    Room { title: "Fan-out", cases: fanout::CASES },
    Room { title: "Many at once", cases: many::CASES },
    Room { title: "Dispatch", cases: dispatch::CASES },
    Room { title: "Access policies", cases: access::CASES },
    Room { title: "Contexts", cases: context::CASES },
    Room { title: "Bodies", cases: bodies::CASES },
    Room { title: "Configuration", cases: configured::CASES },
    Room { title: "Monitored calls", cases: monitored::CASES },
    Room { title: "Guarantees", cases: guarantees::CASES },
    Room { title: "Losing the bus", cases: losing::CASES },
    Room { title: "A stuck bus", cases: stuck::CASES },
    Room { title: "Notifications", cases: notifications::CASES },
    Room { title: "Filters", cases: filters::CASES },
    Room { title: "Pools", cases: pools::CASES },
    Room { title: "Requeueing", cases: requeue::CASES },
    Room { title: "Batches", cases: batches::CASES },
    Room { title: "Stopping", cases: stopping::CASES },
    Room { title: "Cancelling", cases: cancelling::CASES },
    Room { title: "Back-pressure", cases: back_pressure::CASES },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::suite::Case;

    #[test]
    fn each_sentence_stands_once() {
        let mut names = BTreeSet::new();
        for case in Case::all() {
            assert!(names.insert(case.name()), "{} stands twice", case.name());
        }
    }
}
