//! Runs cases of one candidate again and again, two at a time, to see whether they are stable:
//! `cargo run -p busway-tests --example repeat -- pika 30 each_call_runs_once at_once`.
//!
//! Of the names a part is enough; without one, every case is run.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use busway_testkit::{Case, Suite, Verdict};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(times)) =
        (args.next(), args.next().and_then(|it| it.parse::<usize>().ok()))
    else {
        eprintln!("expected: CANDIDATE TIMES [CASE …]");
        return ExitCode::FAILURE;
    };
    let wanted: Vec<_> = args.collect();
    let Some(candidate) = busway_tests::all().into_iter().find(|it| it.name() == name) else {
        eprintln!("there is no candidate '{name}'");
        return ExitCode::FAILURE;
    };
    let is_wanted = |case: &Case| {
        wanted.is_empty() || wanted.iter().any(|part| case.name().contains(part.as_str()))
    };
    let cases: Vec<_> = Case::all().filter(is_wanted).collect();
    let runs = times * cases.len();
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                return;
            }
            let case = cases[run % cases.len()];
            if let Verdict::Failed(why) = Suite::new().judge(case, &candidate) {
                failed.fetch_add(1, Ordering::Relaxed);
                println!("{}: {why}\n", case.name());
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let failed = failed.into_inner();
    println!("{runs} runs of {} cases, {failed} failed", cases.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
