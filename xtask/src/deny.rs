//! `cargo xtask deny`: what we depend on has licences, sources and no advisories that we refuse.

use crate::{Outcome, no_arguments, run};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    if !run::succeeds(&["cargo", "deny", "--version"]) {
        println!("SKIPPED: cargo-deny is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    run::loudly(&["cargo", "deny", "check", "licenses", "bans", "sources"])?;
    if !run::succeeds(&["cargo", "deny", "fetch", "db"]) {
        println!("SKIPPED: advisories, as the advisory database cannot be fetched from here");
        return Ok(());
    }
    run::loudly(&["cargo", "deny", "check", "--disable-fetch", "advisories"])
}
