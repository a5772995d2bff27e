use std::path::PathBuf;

use crate::BoxError;

const RUNS: usize = 5;

/// What a comparison is told on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// How often each side runs.
    pub(super) runs: usize,
    /// Where the results go as JSON.
    pub(super) file: Option<PathBuf>,
    /// What the names of the patterns begin with.
    pub(super) chosen: String,
}

impl Options {
    pub(super) fn read(words: &[&str]) -> Result<Self, BoxError> {
        let (mut runs, mut file, mut words) = (RUNS, None, words);
        loop {
            words = match words {
                ["--runs", number, rest @ ..] => {
                    runs = number.parse()?;
                    rest
                }
                ["--json", path, rest @ ..] => {
                    file = Some(PathBuf::from(path));
                    rest
                }
                _ => return Ok(Self { runs: runs.max(1), file, chosen: words.join(" ") }),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_pattern() {
        let options = |words: &[&str]| Options::read(words).ok();
        let all = Options { runs: RUNS, file: None, chosen: String::new() };
        assert_eq!(options(&[]), Some(all));
        let some = Options { runs: 2, file: Some("a.json".into()), chosen: "calls 5".to_owned() };
        assert_eq!(options(&["--runs", "2", "--json", "a.json", "calls", "5"]), Some(some));
        assert_eq!(options(&["--runs", "many"]), None);
    }
}
