//! What happened, in the order in which it did.

use busway_core::ErrorKind;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Place, Request};

/// A moment: greater is later.
pub(super) type Moment = u64;

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Call(Request),
    Cast(Request),
    Fanout(Request),
    CallNobody,
    Notify { requeue: bool },
}

/// How a send ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Fine,
    /// The reply was another's.
    Mixed,
    Failed(ErrorKind, String),
    /// It was cut off, long after its deadline.
    Hung,
}

/// A send; its number is its place in the book.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) kind: Kind,
    pub(super) begun: Moment,
    pub(super) deadline: Instant,
    pub(super) ended: Option<(Moment, Outcome)>,
}

impl Sent {
    pub(super) fn request(&self) -> Option<Request> {
        match self.kind {
            Kind::Call(request) | Kind::Cast(request) | Kind::Fanout(request) => Some(request),
            Kind::CallNobody | Kind::Notify { .. } => None,
        }
    }

    pub(super) fn is_fine(&self) -> bool {
        matches!(self.ended, Some((_, Outcome::Fine)))
    }
}

/// Whoever was there to run things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Listener,
}

/// A server or a listener, from its opening to its end.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) role: Role,
    pub(super) place: Place,
    pub(super) opening: Moment,
    pub(super) opened: Option<Moment>,
    pub(super) stopping: Option<Moment>,
    pub(super) stopped: Option<Moment>,
}

impl Instance {
    /// Whether it was there from that moment to that one.
    pub(super) fn is_there(&self, from: Moment, to: Moment) -> bool {
        self.opened.is_some_and(|opened| opened < from)
            && self.stopping.is_none_or(|stopping| stopping > to)
    }

    /// Whether it may have been there at some time from that moment to that one.
    pub(super) fn may_meet(&self, from: Moment, to: Moment) -> bool {
        self.opening < to && self.stopped.is_none_or(|stopped| stopped > from)
    }

    /// Whether requests of this target go to it.
    pub(super) fn serves(&self, request: Request) -> bool {
        self.role == Role::Server
            && self.place.group == request.topic
            && request.server.is_none_or(|server| server == self.place.member)
    }
}

/// That an instance handled a send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) send: usize,
    pub(super) instance: usize,
    pub(super) at: Moment,
    pub(super) when: Instant,
}

/// A time of trouble.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) begun: Moment,
    pub(super) ended: Option<Moment>,
    /// Whether the bus was started anew.
    pub(super) restart: bool,
}

/// All that happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    now: Moment,
    pub(super) sends: Vec<Sent>,
    pub(super) instances: Vec<Instance>,
    pub(super) runs: Vec<Run>,
    pub(super) trials: Vec<Trial>,
    /// When everybody who was there began to be stopped, at the end: what is owed is run by then.
    pub(super) due: Option<Moment>,
    /// What was seen to be wrong when it happened.
    pub(super) wrongs: Vec<String>,
}

impl Book {
    pub(super) fn tick(&mut self) -> Moment {
        self.now += 1;
        self.now
    }

    /// The moment by which what is owed is run.
    pub(super) fn due(&self) -> Moment {
        self.due.unwrap_or(self.now)
    }

    /// The runs of a send.
    pub(super) fn runs_of(&self, send: usize) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.send == send)
    }

    /// Whether there was no trouble from that moment to that one.
    pub(super) fn is_calm(&self, from: Moment, to: Moment) -> bool {
        let passes = |trial: &Trial| trial.ended.is_some_and(|ended| ended < from);
        self.trials.iter().all(|trial| trial.begun > to || passes(trial))
    }

    /// Whether there was no trouble at all until that moment.
    pub(super) fn is_untroubled(&self, to: Moment) -> bool {
        self.trials.iter().all(|trial| trial.begun > to)
    }

    /// Whether the bus was started anew after that moment.
    pub(super) fn restarted_since(&self, from: Moment) -> bool {
        let later = |trial: &Trial| trial.ended.is_none_or(|ended| ended > from);
        self.trials.iter().any(|trial| trial.restart && later(trial))
    }
}

/// The book, written by whoever takes part.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    news: Notify,
}

impl Ledger {
    /// Writes something down.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Book) -> T) -> T {
        let written = write(&mut self.book.lock());
        self.news.notify_waiters();
        written
    }

    /// Reads what is written so far.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Book) -> T) -> T {
        read(&self.book.lock())
    }

    /// Waits until something is so.
    pub(super) async fn until(&self, is: impl Fn(&Book) -> bool) {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            if self.read(&is) {
                return;
            }
            news.await;
        }
    }

    /// An instance that is about to be opened.
    pub(super) fn instance(&self, role: Role, place: Place) -> usize {
        self.write(|book| {
            let opening = book.tick();
            book.instances.push(Instance {
                role,
                place,
                opening,
                opened: None,
                stopping: None,
                stopped: None,
            });
            book.instances.len() - 1
        })
    }

    pub(super) fn opened(&self, instance: usize) {
        self.write(|book| book.instances[instance].opened = Some(book.tick()));
    }

    pub(super) fn stopping(&self, instance: usize) {
        self.write(|book| book.instances[instance].stopping = Some(book.tick()));
    }

    pub(super) fn stopped(&self, instance: usize) {
        self.write(|book| book.instances[instance].stopped = Some(book.tick()));
    }

    /// A send that is about to begin.
    pub(super) fn begun(&self, kind: Kind, deadline: Instant) -> usize {
        self.write(|book| {
            let begun = book.tick();
            book.sends.push(Sent { kind, begun, deadline, ended: None });
            book.sends.len() - 1
        })
    }

    pub(super) fn ended(&self, send: usize, outcome: Outcome) {
        self.write(|book| book.sends[send].ended = Some((book.tick(), outcome)));
    }

    pub(super) fn ran(&self, send: usize, instance: usize) {
        self.write(|book| {
            let at = book.tick();
            book.runs.push(Run { send, instance, at, when: Instant::now() });
        });
    }

    pub(super) fn trouble(&self, restart: bool) {
        self.write(|book| {
            let begun = book.tick();
            book.trials.push(Trial { begun, ended: None, restart });
        });
    }

    pub(super) fn healed(&self) {
        self.write(|book| {
            let now = book.tick();
            for trial in &mut book.trials {
                trial.ended.get_or_insert(now);
            }
        });
    }

    /// From here on nothing is owed any more.
    pub(super) fn due(&self) {
        self.write(|book| book.due = Some(book.tick()));
    }

    pub(super) fn wrong(&self, what: String) {
        self.write(|book| book.wrongs.push(what));
    }
}
