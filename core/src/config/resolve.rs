//! How a section becomes its options struct.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::coerce::{from_texts, from_typed};
use super::interpolate::{Unresolved, expand};
use super::layer::{DEFAULT, Raw, Said};
use super::nearest::misspelled;
use super::view::View;
use super::{OptionInfo, Options, Origin};
use crate::Error;

/// How much of a bad value an error shows, in characters.
const SHOWN: usize = 60;

/// Checks the section of an options struct whose type is known here alone.
#[derive(Clone, Copy)]
pub(super) struct Checker(fn(&View<'_>) -> Vec<Error>);

impl Checker {
    pub(super) fn of<T: Options>() -> Self {
        Self(|view| view.read::<T>(BTreeMap::new()).err().unwrap_or_default())
    }

    /// All that is wrong with the section.
    pub(super) fn check(self, view: &View<'_>) -> Vec<Error> {
        (self.0)(view)
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checker")
    }
}

impl PartialEq for Checker {
    /// It belongs to the type that an option is of, which the rest of the option tells.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The value of an option, and whether it must not be shown.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) value: Value,
    pub(super) secret: bool,
}

impl View<'_> {
    /// The options of a section, with what else was said on top.
    pub(super) fn read<T: Options>(&self, on_top: BTreeMap<String, Said>) -> Result<T, Vec<Error>> {
        let mut said = self.said_in(T::SECTION).cloned().unwrap_or_default();
        said.extend(on_top);
        let (mut values, mut errors) = (Map::new(), Vec::new());
        for (key, said) in &said {
            match self.known.find(T::SECTION, key) {
                Some(option) => match self.value_said(option, said) {
                    Ok(resolved) => _ = values.insert(key.clone(), resolved.value),
                    Err(error) => errors.push(error),
                },
                None => errors.extend(self.unknown(T::SECTION, key, &said.origin)),
            }
        }
        let unsaid = self.known.of_section(T::SECTION).filter(|it| !said.contains_key(&it.name));
        for option in unsaid {
            match self.default_value(option) {
                Ok(Some(resolved)) => _ = values.insert(option.name.clone(), resolved.value),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let origin = |key: &str| said.get(key).map_or(&Origin::Default, |said| &said.origin);
        let problem = |key: &str, message| self.problem(T::SECTION, key, origin(key), message);
        let options: T = serde_json::from_value(Value::Object(values.clone()))
            .map_err(|error| self.ill_typed::<T>(values, &error, problem))?;
        match options.check() {
            Ok(()) => Ok(options),
            Err((key, message)) => {
                Err(vec![problem(key, format!("the value of {key} is no good: {message}"))])
            }
        }
    }

    /// The errors of the values that a struct does not take, one by one.
    fn ill_typed<T: Options>(
        &self,
        values: Map<String, Value>,
        whole: &serde_json::Error,
        problem: impl Fn(&str, String) -> Error,
    ) -> Vec<Error> {
        let mut errors = Vec::new();
        for (key, value) in values {
            let alone = Value::Object(Map::from_iter([(key.clone(), value)]));
            if let Err(error) = serde_json::from_value::<T>(alone) {
                let secret = self.known.find(T::SECTION, &key).is_some_and(|it| it.secret);
                let why = if secret { String::new() } else { format!(": {error}") };
                errors.push(problem(&key, format!("the value of {key} is no good{why}")));
            }
        }
        if errors.is_empty() {
            errors.push(problem("", format!("the section cannot be read: {whole}")));
        }
        errors
    }

    /// The value that was said of an option.
    pub(super) fn value_said(&self, option: &OptionInfo, said: &Said) -> Result<Resolved, Error> {
        let problem =
            |message: String| self.problem(option.section, &option.name, &said.origin, message);
        let mut secret = option.secret;
        let raw = if said.has_references() {
            self.expand_raw(option, &said.value, &mut secret).map_err(problem)?
        } else {
            said.value.clone()
        };
        let value = match &raw {
            Raw::Texts(all) => from_texts(&option.shape, all),
            Raw::Typed(value) => from_typed(&option.shape, value),
        };
        let value = value.map_err(|expected| {
            // What stands in the file, not what it refers to, which may be a secret.
            let found = if option.secret { String::new() } else { shown(&said.value) };
            problem(format!("the value of {}{found} is no good: expected {expected}", option.name))
        })?;
        Ok(Resolved { value, secret })
    }

    /// The default of an option, when it refers to another option.
    pub(super) fn default_value(&self, option: &OptionInfo) -> Result<Option<Resolved>, Error> {
        let Some(text) = option.default.as_ref().filter(|text| text.contains('$')) else {
            return Ok(None);
        };
        let raw = Raw::Texts(vec![text.clone()]);
        let origin = Origin::Default;
        let problem = |message| self.problem(option.section, &option.name, &origin, message);
        let mut secret = option.secret;
        let raw = self.expand_raw(option, &raw, &mut secret).map_err(problem)?;
        let Raw::Texts(texts) = raw else { return Ok(None) };
        let value = from_texts(&option.shape, &texts).map_err(|expected| {
            problem(format!("the default of {} is no good: expected {expected}", option.name))
        })?;
        Ok(Some(Resolved { value, secret }))
    }

    /// A value with its references followed.
    fn expand_raw(&self, option: &OptionInfo, raw: &Raw, secret: &mut bool) -> Result<Raw, String> {
        let mut text = |text: &str| {
            let expanded = expand(self, option.section, &option.name, text)
                .map_err(|error| unresolved(option, error))?;
            *secret |= expanded.secret;
            Ok(expanded.text)
        };
        match raw {
            Raw::Texts(all) => {
                all.iter().map(|it| text(it)).collect::<Result<_, _>>().map(Raw::Texts)
            }
            Raw::Typed(value) => expand_json(value, &mut text).map(Raw::Typed),
        }
    }

    /// The error of a key that is no option: always in a section of ours. `[DEFAULT]` is shared
    /// with other programs, so a file may say there what is none of ours, unless it looks like a
    /// misspelling.
    fn unknown(&self, section: &str, key: &str, origin: &Origin) -> Option<Error> {
        let names = || self.known.of_section(section).map(|option| option.name.as_str());
        let shared = section == DEFAULT && matches!(origin, Origin::File(_));
        if shared && misspelled(key, names()).is_none() {
            return None;
        }
        let message = format!("there is no option {key}{}", self.known.hint(section, key));
        Some(self.problem(section, key, origin, message))
    }
}

fn expand_json(
    value: &Value,
    text: &mut impl FnMut(&str) -> Result<String, String>,
) -> Result<Value, String> {
    match value {
        Value::String(it) => text(it).map(Value::String),
        Value::Array(items) => items.iter().map(|it| expand_json(it, text)).collect(),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, it)| Ok((key.clone(), expand_json(it, text)?)));
            pairs.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        value => Ok(value.clone()),
    }
}

fn unresolved(option: &OptionInfo, error: Unresolved) -> String {
    let name = &option.name;
    match error {
        // What follows a '$' of a password may be the password.
        Unresolved::Unknown(_) if option.secret => {
            format!("{name} refers to an option that is not there; a dollar sign is written $$")
        }
        Unresolved::Unknown(unknown) => {
            let rule = "a dollar sign is written $$";
            format!("{name} refers to an option that is not there, {unknown}; {rule}")
        }
        Unresolved::Cycle(path) => format!("{name} comes to refer to itself: {path}"),
        Unresolved::TooMuch => format!("the references of {name} come to too much"),
    }
}

/// A bad value, to say after its name.
fn shown(raw: &Raw) -> String {
    let text = match raw {
        Raw::Texts(all) => all.last().cloned().unwrap_or_default(),
        Raw::Typed(Value::String(text)) => text.clone(),
        Raw::Typed(value) => value.to_string(),
    };
    let printable = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut shown: String = printable.take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!(", '{shown}',")
}
