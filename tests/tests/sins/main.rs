//! The suite is tested by a driver that sins: each sin must be caught, and each case must have
//! failed once. `cargo run -p busway-tests --example sins` tells which cases catch what.

mod table;

use std::collections::BTreeSet;
use std::process::ExitCode;

use busway_testkit::broken::Sin;
use busway_testkit::{Case, Verdict};
use busway_tests::confess;
use libtest_mimic::{Arguments, Failed, Trial};

use table::{OUT_OF_REACH, Row, TABLE};

fn main() -> ExitCode {
    let rows = TABLE.iter().map(|row| {
        let name = format!("{:?}_is_caught", row.0);
        Trial::test(name, || is_caught(row))
    });
    let whole = [
        Trial::test("every_sin_stands_in_the_table", every_sin_stands_in_the_table),
        Trial::test("every_case_has_failed_once", every_case_has_failed_once),
        Trial::test("what_the_sin_does_not_touch_passes", what_the_sin_does_not_touch_passes),
    ];
    libtest_mimic::run(&Arguments::from_args(), rows.chain(whole).collect()).exit_code()
}

fn is_caught((sin, cases): &Row) -> Result<(), Failed> {
    let mut missed = Vec::new();
    for name in *cases {
        let case = Case::named(name).ok_or_else(|| format!("there is no case {name}"))?;
        match confess(case, *sin) {
            Some(Verdict::Failed(_)) => {}
            Some(verdict) => missed.push(format!("{name}: {verdict:?}")),
            None => missed.push(format!("{name}: it does not end")),
        }
    }
    if missed.is_empty() && !cases.is_empty() {
        return Ok(());
    }
    Err(format!("{sin:?} was not caught by {missed:#?}").into())
}

fn every_sin_stands_in_the_table() -> Result<(), Failed> {
    let missing: Vec<_> =
        Sin::ALL.iter().filter(|sin| TABLE.iter().all(|row| row.0 != **sin)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("missing: {missing:?}").into()) }
}

/// Cases of a bus in trouble, and a sin that none of them meets: they fail by the other sins, not
/// by what stands for their trouble.
fn what_the_sin_does_not_touch_passes() -> Result<(), Failed> {
    for name in [
        "opening_a_stalled_bus_ends",
        "a_send_on_a_stalled_bus_ends_with_its_deadline",
        "a_notification_on_a_stalled_bus_ends_with_its_deadline",
        "closing_ends_while_the_bus_is_stalled",
        "calls_of_a_hundred_senders_outlive_two_restarts",
    ] {
        let case = Case::named(name).ok_or_else(|| format!("there is no case {name}"))?;
        let verdict = confess(case, Sin::RefusesPools);
        if verdict != Some(Verdict::Passed) {
            return Err(format!("{name}: {verdict:?}").into());
        }
    }
    Ok(())
}

/// Except those that no driver can fail.
fn every_case_has_failed_once() -> Result<(), Failed> {
    let all: BTreeSet<_> = Case::all().map(|case| case.name()).collect();
    let seen = TABLE.iter().flat_map(|row| row.1).chain(OUT_OF_REACH).copied().collect();
    let never: Vec<_> = all.difference(&seen).collect();
    let gone: Vec<_> = seen.difference(&all).collect();
    if never.is_empty() && gone.is_empty() {
        return Ok(());
    }
    Err(format!("never seen to fail: {never:#?}; no longer there: {gone:#?}").into())
}
