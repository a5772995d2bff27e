use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::glob::Glob;
use crate::notify::Priority;
use crate::notify::sink::{Known, Sink};
use crate::{Error, ErrorKind, Result};

/// The rules of a file: groups of sinks, each with what it accepts.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

/// What one sink of one group accepts.
#[derive(Debug)]
struct Rule {
    name: String,
    sink: Arc<dyn Sink>,
    accepted_events: Option<Vec<Glob>>,
    rejected_events: Vec<Glob>,
    accepted_priorities: Option<Vec<Glob>>,
    rejected_priorities: Vec<Glob>,
}

/// A rule as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    accepted_events: Option<Vec<String>>,
    rejected_events: Option<Vec<String>>,
    accepted_priorities: Option<Vec<String>>,
    rejected_priorities: Option<Vec<String>>,
}

type WrittenGroups = BTreeMap<String, Option<BTreeMap<String, Option<Written>>>>;

impl Rules {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] names the file and the place.
    pub(super) fn parse(text: &str, path: &Path, known: &Known) -> Result<Self> {
        let error = |message: String| {
            Error::new(ErrorKind::Configuration, message).with("file", path.display())
        };
        let groups: Option<WrittenGroups> = yaml_serde::from_str(text)
            .map_err(|cause| error(format!("the routing rules cannot be read: {cause}")))?;
        let mut rules = Vec::new();
        for (group, sinks) in groups.unwrap_or_default() {
            for (name, written) in sinks.unwrap_or_default() {
                let rule = Rule::new(&name, written.unwrap_or_default(), known);
                rules.push(rule.map_err(|cause| {
                    error(cause.message().to_owned()).with("group", &group).with("sink", &name)
                })?);
            }
        }
        Ok(Self(rules))
    }

    /// The sinks that accept such a notification, each once, by name.
    pub(super) fn sinks_for(
        &self,
        event_type: &str,
        priority: Priority,
    ) -> impl Iterator<Item = (&str, &Arc<dyn Sink>)> {
        let accepting = self.0.iter().filter(|rule| rule.accepts(event_type, priority));
        accepting.map(|rule| (&*rule.name, &rule.sink)).collect::<BTreeMap<_, _>>().into_iter()
    }
}

impl Rule {
    fn new(name: &str, written: Written, known: &Known) -> Result<Self> {
        let events = |patterns: Vec<String>| {
            patterns.iter().map(|pattern| Glob::new(pattern)).collect::<Result<Vec<_>>>()
        };
        let priorities = |patterns: Vec<String>| {
            events(patterns.iter().map(|pattern| pattern.to_lowercase()).collect())
        };
        Ok(Self {
            name: name.to_owned(),
            sink: known.find(name)?,
            accepted_events: written.accepted_events.map(events).transpose()?,
            rejected_events: events(written.rejected_events.unwrap_or_default())?,
            accepted_priorities: written.accepted_priorities.map(priorities).transpose()?,
            rejected_priorities: priorities(written.rejected_priorities.unwrap_or_default())?,
        })
    }

    fn accepts(&self, event_type: &str, priority: Priority) -> bool {
        let any = |globs: &[Glob], text| globs.iter().any(|glob| glob.matches(text));
        let accepted =
            |globs: &Option<Vec<Glob>>, text| globs.as_deref().is_none_or(|globs| any(globs, text));
        accepted(&self.accepted_events, event_type)
            && !any(&self.rejected_events, event_type)
            && accepted(&self.accepted_priorities, priority.as_str())
            && !any(&self.rejected_priorities, priority.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::sink::{NoopSink, TestSink};

    fn parse(text: &str) -> Result<Rules> {
        let mut known = Known::default();
        known.insert("noop", Arc::new(NoopSink));
        known.insert("test", Arc::new(TestSink::new()));
        Rules::parse(text, Path::new("rules.yaml"), &known)
    }

    fn chosen(rules: &Rules, event_type: &str, priority: Priority) -> Vec<String> {
        rules.sinks_for(event_type, priority).map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn a_sink_gets_what_any_of_its_groups_accepts_once() {
        let rules = parse(
            "
            one:
              noop: { accepted_events: ['compute.*'], accepted_priorities: [INFO, 'err*'] }
              test:
            two:
              noop: { accepted_events: ['volume.*'] }
              test: {}
            ",
        )
        .expect("rules");
        assert_eq!(chosen(&rules, "compute.a", Priority::Info), ["noop", "test"]);
        assert_eq!(chosen(&rules, "compute.a", Priority::Error), ["noop", "test"]);
        assert_eq!(chosen(&rules, "compute.a", Priority::Warn), ["test"]);
        assert_eq!(chosen(&rules, "volume.a", Priority::Warn), ["noop", "test"]);
    }

    #[test]
    fn what_is_rejected_goes_before_what_is_accepted() {
        let rules = parse(
            "g: { noop: { accepted_events: ['a.*'], rejected_events: ['a.b.*'],
                          rejected_priorities: [debug] } }",
        )
        .expect("rules");
        assert_eq!(chosen(&rules, "a.c", Priority::Info), ["noop"]);
        assert!(chosen(&rules, "a.b.c", Priority::Info).is_empty());
        assert!(chosen(&rules, "a.c", Priority::Debug).is_empty());
    }

    #[test]
    fn an_empty_list_accepts_nothing_and_an_empty_file_chooses_nobody() {
        let rules = parse("g: { noop: { accepted_events: [] } }").expect("rules");
        assert!(chosen(&rules, "a", Priority::Info).is_empty());
        assert!(chosen(&parse("").expect("no rules"), "a", Priority::Info).is_empty());
    }

    #[test]
    fn a_bad_file_is_named_with_the_place() {
        for (text, place) in [
            ("g:\n  noop: { acepted_events: [a] }", "line 2"),
            ("g:\n  noop:\n    accepted_events: a", "line 3"),
            ("g: [", "line "),
            ("g: { nop: {} }", "unknown sink 'nop': there are noop, test"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.message().contains(place), "{error}");
            assert_eq!(error.get("file"), Some("rules.yaml"));
        }
    }
}
