use std::fmt;
use std::str::FromStr;

use super::{Step, Trouble};

/// Steps in their order, as text: `open 0.1; cast 0 once; sever; heal`.
///
/// ```
/// use busway_testkit::model::Script;
///
/// let script: Script = "open 0.1; call 0 slow; stop 0.1".parse()?;
/// assert_eq!(script.steps().len(), 3);
/// assert_eq!(script.to_string(), "open 0.1; call 0 slow; stop 0.1");
/// # Ok::<_, String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Script(Vec<Step>);

impl Script {
    /// These steps.
    #[must_use]
    pub fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether everybody on the bus feels what is done.
    #[must_use]
    pub fn is_of_the_whole_bus(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Step::Trouble(Trouble::Block | Trouble::Restart)))
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "; " };
            write!(f, "{between}{step}")?;
        }
        Ok(())
    }
}

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let steps = text.split(';').map(str::trim).filter(|step| !step.is_empty());
        steps.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_its_text() {
        let text = "open 0.1; stop 1.0; call 0; call 0.1 once slow short; call nobody; \
                    cast 1 short; fanout 0 once; listen 0.0; unlisten 2.1; notify; \
                    notify requeue; sever; stall; block; restart; heal; pause; wait";
        let script: Script = text.parse().unwrap();
        assert_eq!(script.steps().len(), 18);
        assert_eq!(script.to_string(), text);
    }

    #[test]
    fn what_is_no_step_is_named() {
        for (text, named) in [
            ("dance", "'dance'"),
            ("open 1", "'1'"),
            ("call", "a topic is missing"),
            ("wait; cast 0 thrice", "'thrice'"),
        ] {
            let error = text.parse::<Script>().unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
