//! What must have happened, and what must not: the promises of the sends, as far as they can be
//! told from a book.
//!
//! Where two things happened at the same time, or in trouble, either order is good: a promise
//! speaks only of what is certain.

use std::time::Duration;

use busway_core::ErrorKind;
use busway_core::driver::Capabilities;

use super::ledger::{Book, Instance, Kind, Moment, Outcome, Role, Run, Sent};

/// By how much the clocks of sender, bus and server may differ.
const SLACK: Duration = Duration::from_secs(1);

/// A promise: `None` while it is kept, otherwise what broke it.
type Promise = fn(&Book, &Capabilities) -> Option<String>;

/// What can be told at any time.
const AT_ONCE: &[Promise] = &[
    nothing_was_wrong,
    sends_end_by_their_deadline,
    sends_fail_as_they_may,
    what_is_served_goes_through,
    nobody_is_undeliverable,
    an_answered_call_ran,
    only_those_run_it_whom_it_was_sent_to,
    nothing_runs_after_a_stop,
    nothing_runs_twice,
    nothing_runs_that_has_expired,
    what_follows_runs_later,
];

/// What a book breaks already.
pub(super) fn broken_so_far(book: &Book, declared: &Capabilities) -> Option<String> {
    AT_ONCE.iter().find_map(|promise| promise(book, declared))
}

/// What a whole book breaks.
pub(super) fn broken_in_the_end(book: &Book, declared: &Capabilities) -> Option<String> {
    broken_so_far(book, declared).or_else(|| owed(book, declared))
}

/// The pools that were listened to; and that of those without one, if anything was notified.
pub(super) fn pools(book: &Book) -> Vec<u8> {
    let notified = book.sends.iter().any(|sent| matches!(sent.kind, Kind::Notify { .. }));
    let mut pools: Vec<u8> = pools_before(book, Moment::MAX).chain(notified.then_some(0)).collect();
    pools.sort_unstable();
    pools.dedup();
    pools
}

fn pools_before(book: &Book, moment: Moment) -> impl Iterator<Item = u8> {
    let listeners = book.instances.iter().filter(|it| it.role == Role::Listener);
    let opened = listeners.filter(move |it| it.opened.is_some_and(|opened| opened < moment));
    opened.map(|it| it.place.group)
}

/// What must be run and was not yet.
pub(super) fn owed(book: &Book, declared: &Capabilities) -> Option<String> {
    each(book, |number, sent| {
        if !sent.is_fine() {
            return None;
        }
        let to = match sent.kind {
            Kind::Cast(_) => cast_is_owed(book, number, sent)?,
            Kind::Fanout(_) => fanout_is_owed(book, number, sent)?,
            Kind::Notify { .. } => notification_is_owed(book, declared, number, sent)?,
            Kind::Call(_) | Kind::CallNobody => return None,
        };
        Some(format!("was accepted, and never reached {to}"))
    })
}

fn cast_is_owed(book: &Book, number: usize, sent: &Sent) -> Option<String> {
    let request = sent.request().filter(|request| !request.short)?;
    let server = book
        .instances
        .iter()
        .find(|it| it.serves(request) && it.is_there(sent.begun, book.due()))?;
    let certain = if request.once {
        book.is_untroubled(book.due())
    } else {
        // A server that was stopped in trouble may have taken it along.
        let taken = |it: &Instance| {
            it.serves(request)
                && it.stopping.is_some_and(|at| at > sent.begun && !book.is_calm(at, at))
        };
        !book.restarted_since(sent.begun) && !book.instances.iter().any(taken)
    };
    let ran = book.runs_of(number).next().is_some();
    (certain && !ran).then(|| format!("server {}", server.place))
}

fn fanout_is_owed(book: &Book, number: usize, sent: &Sent) -> Option<String> {
    let request = sent.request().filter(|request| !request.short)?;
    let mut instances = book.instances.iter().enumerate();
    let missed = instances.find(|(instance, it)| {
        it.serves(request)
            && it.is_there(sent.begun, book.due())
            && it.opened.is_some_and(|opened| book.is_calm(opened, book.due()))
            && !book.runs_of(number).any(|run| run.instance == *instance)
    });
    missed.map(|(_, it)| format!("server {}", it.place))
}

fn notification_is_owed(
    book: &Book,
    declared: &Capabilities,
    number: usize,
    sent: &Sent,
) -> Option<String> {
    if !declared.durable_notifications && book.restarted_since(sent.begun) {
        return None;
    }
    let reached =
        |pool| book.runs_of(number).any(|run| book.instances[run.instance].place.group == pool);
    // A bus that has stored it for a pool need not store it for listeners that never came.
    let ended = sent.ended.as_ref().map_or(sent.begun, |(ended, _)| *ended);
    let pooled =
        |it: &Instance| it.role == Role::Listener && it.place.group > 0 && it.opening < ended;
    let plain = (!book.instances.iter().any(pooled)).then_some(0);
    let missed = pools_before(book, sent.begun).chain(plain).find(|pool| !reached(*pool));
    missed.map(|pool| format!("pool {pool}"))
}

fn nothing_was_wrong(book: &Book, _: &Capabilities) -> Option<String> {
    book.wrongs.first().cloned()
}

fn sends_end_by_their_deadline(book: &Book, _: &Capabilities) -> Option<String> {
    each(book, |_, sent| match sent.ended {
        Some((_, Outcome::Hung)) => Some("did not end by its deadline".to_owned()),
        _ => None,
    })
}

fn sends_fail_as_they_may(book: &Book, _: &Capabilities) -> Option<String> {
    each(book, |_, sent| {
        let Some((_, Outcome::Failed(kind, message))) = &sent.ended else { return None };
        let may = match kind {
            ErrorKind::Timeout | ErrorKind::Connection | ErrorKind::InDoubt | ErrorKind::Full => {
                true
            }
            ErrorKind::Undeliverable => !matches!(sent.kind, Kind::Notify { .. } | Kind::Fanout(_)),
            _ => false,
        };
        (!may).then(|| format!("failed as it may not, {kind}: {message}"))
    })
}

fn what_is_served_goes_through(book: &Book, _: &Capabilities) -> Option<String> {
    each(book, |_, sent| {
        let Some((ended, outcome)) = &sent.ended else { return None };
        let Outcome::Failed(kind, message) = outcome else { return None };
        let served = match sent.kind {
            Kind::Call(request) | Kind::Cast(request) => {
                let mut instances = book.instances.iter();
                let there = |it: &Instance| it.serves(request) && it.is_there(sent.begun, *ended);
                !request.short && instances.any(there)
            }
            Kind::Fanout(request) => !request.short,
            Kind::Notify { .. } => true,
            Kind::CallNobody => false,
        };
        let once = sent.request().is_some_and(|request| request.once);
        let certain = book.is_untroubled(*ended)
            // Whoever served before the trouble may not be back yet.
            || (book.is_calm(sent.begun, *ended) && !once && *kind != ErrorKind::Undeliverable);
        (served && certain).then(|| format!("failed though nothing is amiss, {kind}: {message}"))
    })
}

fn nobody_is_undeliverable(book: &Book, declared: &Capabilities) -> Option<String> {
    each(book, |_, sent| match &sent.ended {
        Some((_, outcome)) if sent.kind != Kind::CallNobody || !declared.mandatory => {
            let answered = sent.kind == Kind::CallNobody && *outcome == Outcome::Fine;
            answered.then(|| "was answered".to_owned())
        }
        Some((_, Outcome::Failed(ErrorKind::Undeliverable, _))) | None => None,
        Some((_, Outcome::Fine)) => Some("was answered".to_owned()),
        Some((ended, _)) if !book.is_untroubled(*ended) => None,
        Some((_, outcome)) => Some(format!("is not undeliverable: {outcome:?}")),
    })
}

fn an_answered_call_ran(book: &Book, _: &Capabilities) -> Option<String> {
    each(book, |number, sent| match (sent.kind, &sent.ended) {
        (Kind::Call(_), Some((_, Outcome::Mixed))) => Some("got another's reply".to_owned()),
        (Kind::Call(_), Some((ended, Outcome::Fine))) => {
            let ran = book.runs_of(number).any(|run| run.at < *ended);
            (!ran).then(|| "was answered, and did not run".to_owned())
        }
        _ => None,
    })
}

fn only_those_run_it_whom_it_was_sent_to(book: &Book, _: &Capabilities) -> Option<String> {
    each_run(book, |sent, instance, _| {
        let right = match (sent.kind, &sent.ended) {
            (Kind::CallNobody, _) => false,
            (Kind::Notify { .. }, _) => instance.role == Role::Listener,
            // Who was not yet there when it was sent does not get it.
            (Kind::Fanout(request), Some((ended, _))) => {
                let later = instance.opening > *ended && book.is_untroubled(instance.opening);
                instance.serves(request) && !later
            }
            (Kind::Call(request) | Kind::Cast(request) | Kind::Fanout(request), _) => {
                instance.serves(request)
            }
        };
        (!right).then(|| "was not for".to_owned())
    })
}

fn nothing_runs_after_a_stop(book: &Book, _: &Capabilities) -> Option<String> {
    each_run(book, |_, instance, run| {
        let late = instance.stopped.is_some_and(|stopped| stopped < run.at);
        late.then(|| "came after the stop of".to_owned())
    })
}

fn nothing_runs_twice(book: &Book, declared: &Capabilities) -> Option<String> {
    each(book, |number, sent| {
        let runs: Vec<_> = book.runs_of(number).collect();
        let same = |one: &Run, other: &Run| match sent.kind {
            Kind::Fanout(_) => one.instance == other.instance,
            Kind::Notify { .. } => {
                let pool = |run: &Run| book.instances[run.instance].place.group;
                pool(one) == pool(other)
            }
            _ => true,
        };
        let again = runs.iter().enumerate().find_map(|(index, run)| {
            runs[..index].iter().any(|before| same(before, run)).then_some(*run)
        })?;
        let once = sent.request().is_some_and(|request| request.once) && declared.at_most_once;
        let certain = once || book.is_calm(sent.begun, again.at);
        certain.then(|| format!("ran again at {}", book.instances[again.instance].place))
    })
}

fn nothing_runs_that_has_expired(book: &Book, declared: &Capabilities) -> Option<String> {
    each_run(book, |sent, _, run| {
        let expires = match sent.kind {
            Kind::Call(_) => true,
            Kind::Cast(request) | Kind::Fanout(request) => request.short,
            _ => false,
        };
        let late = declared.expiry && expires && run.when > sent.deadline + SLACK;
        late.then(|| "had expired when it ran at".to_owned())
    })
}

fn what_follows_runs_later(book: &Book, declared: &Capabilities) -> Option<String> {
    if !declared.ordering || !book.is_untroubled(book.due()) {
        return None;
    }
    let later = |second: &Run, run: &Run| {
        let (one, two) = (&book.sends[run.send], &book.sends[second.send]);
        let follows = one.ended.as_ref().is_some_and(|(ended, _)| *ended < two.begun);
        let handler = &book.instances[run.instance];
        // One who handles one after the other, and has no competitor.
        let alone = handler.place.member == 0 || handler.role == Role::Listener;
        let competes = |(number, it): (usize, &Instance)| {
            number != run.instance
                && it.role == handler.role
                && it.place.group == handler.place.group
                && it.may_meet(one.begun, run.at)
        };
        follows
            && one.is_fine()
            && run.instance == second.instance
            && is_in_line(one.kind, two.kind)
            && alone
            && !book.instances.iter().enumerate().any(competes)
    };
    book.runs.iter().enumerate().find_map(|(index, run)| {
        let second = book.runs[..index].iter().find(|second| later(second, run))?;
        let (one, two) = (name(book, run.send), name(book, second.send));
        Some(format!("{two} followed {one}, and came before it"))
    })
}

/// Whether two sends go the same way.
fn is_in_line(one: Kind, two: Kind) -> bool {
    match (one, two) {
        (Kind::Cast(one), Kind::Cast(two)) => {
            (one.topic, one.server, one.once) == (two.topic, two.server, two.once)
        }
        (Kind::Notify { requeue: false }, Kind::Notify { requeue: false }) => true,
        _ => false,
    }
}

fn name(book: &Book, number: usize) -> String {
    match book.sends[number].kind {
        Kind::Call(request) => format!("send {number} (call {request})"),
        Kind::Cast(request) => format!("send {number} (cast {request})"),
        Kind::Fanout(request) => format!("send {number} (fanout {request})"),
        Kind::CallNobody => format!("send {number} (call nobody)"),
        Kind::Notify { requeue: false } => format!("send {number} (notify)"),
        Kind::Notify { requeue: true } => format!("send {number} (notify requeue)"),
    }
}

fn each(book: &Book, broken: impl Fn(usize, &Sent) -> Option<String>) -> Option<String> {
    book.sends.iter().enumerate().find_map(|(number, sent)| {
        let what = broken(number, sent)?;
        Some(format!("{} {what}", name(book, number)))
    })
}

fn each_run(
    book: &Book,
    broken: impl Fn(&Sent, &Instance, &Run) -> Option<String>,
) -> Option<String> {
    book.runs.iter().find_map(|run| {
        let instance = &book.instances[run.instance];
        let what = broken(&book.sends[run.send], instance, run)?;
        let role = match instance.role {
            Role::Server => "server",
            Role::Listener => "listener",
        };
        Some(format!("{} {what} {role} {}", name(book, run.send), instance.place))
    })
}
