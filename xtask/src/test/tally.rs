//! Counting what test programs print.

use std::collections::BTreeMap;
use std::fmt;

/// What came of the tests, as far as their programs have told.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// How many tests were ignored, by the reason they gave.
    reasons: BTreeMap<String, u64>,
    failures: Vec<String>,
}

impl Tally {
    /// Takes in a line of a test program: of the standard harness or of one that prints the same.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.add_result(result);
        } else if let Some((name, outcome)) =
            line.strip_prefix("test ").and_then(|test| test.rsplit_once(" ... "))
        {
            self.add_test(name.trim(), outcome);
        }
    }

    /// Whether any test was run.
    pub(crate) fn ran(&self) -> bool {
        self.passed + self.failed > 0
    }

    /// Whether any test failed.
    pub(crate) fn failed(&self) -> bool {
        self.failed > 0
    }

    fn add_result(&mut self, result: &str) {
        // "ok. 5 passed; 0 failed; 1 ignored; 0 measured; …"
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let Some(Ok(count)) = words.next().map(str::parse::<u64>) else { continue };
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed") => self.failed += count,
                Some("ignored") => self.ignored += count,
                _ => {}
            }
        }
    }

    fn add_test(&mut self, name: &str, outcome: &str) {
        if outcome == "FAILED" {
            self.failures.push(name.to_owned());
        } else if let Some(reason) = outcome.strip_prefix("ignored") {
            // ", reason" of the standard harness, " (reason)" of libtest-mimic.
            let reason = reason.trim_start_matches([',', ' ', '(']).trim_end_matches(')');
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (reason, count) in &self.reasons {
            writeln!(f, "ignored: {count} × {reason}")?;
        }
        for name in &self.failures {
            writeln!(f, "FAILED: {name}")?;
        }
        let Self { passed, failed, ignored, .. } = self;
        write!(f, "tests: {passed} passed, {failed} failed, {ignored} ignored")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(text: &str) -> Tally {
        let mut tally = Tally::default();
        text.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn the_results_of_all_programs_add_up() {
        let tally = tally(
            "running 3 tests\n\
             test a::b ... ok\n\
             test a::c ... FAILED\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
             test core/src/lib.rs - x (line 3) ... ok\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; \
             finished in 0.01s\n",
        );
        assert!(tally.ran() && tally.failed());
        assert_eq!(tally.to_string(), "FAILED: a::c\ntests: 2 passed, 1 failed, 0 ignored");
    }

    #[test]
    fn reasons_of_ignored_tests_are_counted() {
        let tally = tally(
            "test a ... ignored, needs RabbitMQ\n\
             test b ... ignored (needs RabbitMQ)\n\
             test c ... ignored\n\
             test result: ok. 0 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out\n",
        );
        let expected = "ignored: 2 × needs RabbitMQ\nignored: 1 × no reason given\n\
                        tests: 0 passed, 0 failed, 3 ignored";
        assert_eq!(tally.to_string(), expected);
        assert!(!tally.ran());
    }

    #[test]
    fn what_tests_print_is_not_counted() {
        let tally = tally("testing the waters\ntest result pending\n12 passed; 3 failed\n");
        assert_eq!(tally.to_string(), "tests: 0 passed, 0 failed, 0 ignored");
    }
}
