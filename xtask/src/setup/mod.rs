//! `cargo xtask setup`: what build and tests need is there, or is installed, or is named; what a
//! few tests can do without is made where that is possible.

mod apt;
mod needs;

use crate::{Outcome, no_arguments, peers};
use needs::NEEDS;
pub(crate) use needs::{CPLUSPLUS, Need, PROTON, VALGRIND};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    ensure(NEEDS)?;
    peers::try_to_have();
    Ok(())
}

/// A chore that cannot be done for want of something: an error under CI, and told elsewhere.
pub(crate) fn skip(why: &str) -> Outcome {
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        return Err(why.to_owned());
    }
    println!("SKIPPED: {why}");
    Ok(())
}

/// Installs what is missing, where that is allowed; an error says exactly what to install.
pub(crate) fn ensure(needs: &[Need]) -> Outcome {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    for need in &missing {
        eprintln!("missing: {} ({})", need.what, need.packages.join(", "));
    }
    let Some(apt) = apt::allowed() else {
        return Err(format!("{}\n\n{}", explain(&missing), apt::by_hand(&packages)));
    };
    apt.install(&packages)?;
    let missing: Vec<&Need> = missing.into_iter().filter(|need| !need.is_met()).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("still {}", explain(&missing))) }
}

fn missing(needs: &[Need]) -> Vec<&Need> {
    needs.iter().filter(|need| !need.is_met()).collect()
}

fn explain(missing: &[&Need]) -> String {
    let lines: Vec<_> = missing
        .iter()
        .map(|need| format!("  {} (`{}` fails)", need.what, need.check.join(" ")))
        .collect();
    format!("missing on this machine:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const THERE: Need = Need { what: "truth", check: &["true"], packages: &["coreutils"] };
    const NOT_THERE: Need = Need { what: "a pigeon", check: &["false"], packages: &["loft"] };

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let needs = [THERE, NOT_THERE];
        let missing: Vec<_> = missing(&needs).into_iter().map(|need| need.what).collect();
        assert_eq!(missing, ["a pigeon"]);
    }

    #[test]
    fn with_everything_there_nothing_is_done() {
        assert_eq!(ensure(&[THERE]), Ok(()));
    }

    #[test]
    fn what_is_missing_is_told_with_the_check_that_failed() {
        assert!(explain(&[&NOT_THERE]).contains("a pigeon (`false` fails)"));
    }

    #[test]
    fn this_machine_builds_so_the_table_is_met() {
        assert!(missing(&NEEDS[..1]).is_empty(), "what linked this test is not found");
    }
}
