//! Which cases catch which sins of a broken driver, and which cases catch none:
//! `cargo run -p busway-tests --example sins [SIN…]`.

use std::collections::BTreeSet;

use busway_testkit::broken::Sin;
use busway_testkit::{Case, Verdict};
use busway_tests::confess;

fn main() {
    let asked: Vec<_> = std::env::args().skip(1).collect();
    let mut silent: BTreeSet<_> = Case::all().map(|case| case.name()).collect();
    for sin in Sin::ALL {
        let name = format!("{sin:?}");
        if !asked.is_empty() && !asked.contains(&name) {
            continue;
        }
        println!("{name}");
        for case in Case::all() {
            let why = match confess(case, *sin) {
                Some(Verdict::Failed(why)) => why,
                Some(_) => continue,
                None => "HANGS".to_owned(),
            };
            silent.remove(case.name());
            println!("    {}: {}", case.name(), why.lines().next().unwrap_or_default());
        }
    }
    println!("caught nothing");
    for case in silent {
        println!("    {case}");
    }
}
