//! What was said where: each source is a provider of figment, which puts them over one another.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Num, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde_json::{Number, Value as Json};

use super::Origin;
use super::deprecated::{RENAMED, Renamed};

/// The section of the core's own options, which other programs share.
pub(super) const DEFAULT: &str = "DEFAULT";

/// A section's name as oslo.config compares it.
pub(super) fn section_name(name: &str) -> String {
    let name = name.trim().to_lowercase();
    if name == "default" { DEFAULT.to_owned() } else { name }
}

/// One source of options: a file, a variable, a value set in code.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    /// Whether each value is the list of all texts that were said under its key, as in an INI
    /// file.
    pub(super) texts: bool,
    /// The sections with their keys.
    pub(super) sections: Dict,
}

impl Layer {
    /// A source that says one thing.
    pub(super) fn of_one(origin: Origin, section: &str, key: &str, value: Value) -> Self {
        let said = Value::from(Dict::from([(key.to_owned(), value)]));
        Self { origin, texts: false, sections: Dict::from([(section.to_owned(), said)]) }
    }

    /// Moves what stands under an old name to the new one, unless that is said as well, and
    /// returns what was renamed.
    pub(super) fn rename(&mut self) -> Vec<Renamed> {
        let mut found = Vec::new();
        for renamed in RENAMED {
            let ((old_section, old_key), (section, key)) = (renamed.old, renamed.new);
            let Some(Value::Dict(_, old)) = self.sections.get_mut(old_section) else { continue };
            let Some(value) = old.remove(old_key) else { continue };
            let new = self.sections.entry(section.to_owned());
            if let Value::Dict(_, new) = new.or_insert_with(|| Value::from(Dict::new())) {
                new.entry(key.to_owned()).or_insert(value);
            }
            found.push(renamed);
        }
        found
    }
}

/// A layer as figment takes it, known again by its number.
struct Numbered<'a>(usize, &'a Layer);

impl Provider for Numbered<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.1.sections.clone())]))
    }
}

/// What was said of one option.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) value: Raw,
    pub(super) origin: Origin,
}

/// A value as it was said.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// A text; all of them when the key was repeated.
    Texts(Vec<String>),
    /// A typed value.
    Typed(Json),
}

impl Said {
    /// Whether `$name` in it refers to another option: in files only, since what comes from the
    /// environment, a URL or code was put together there.
    pub(super) fn has_references(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }
}

/// What was said in each section: of each option, what the highest source says.
pub(super) type Sections = BTreeMap<String, BTreeMap<String, Said>>;

/// Puts the sources over one another, from the lowest to the highest.
pub(super) fn merge(layers: &[Layer]) -> Sections {
    let numbered = layers.iter().enumerate().map(|(i, layer)| Numbered(i, layer));
    let figment = numbered.fold(Figment::new(), Figment::merge);
    let layer_of = |tag| {
        let number: usize = figment.get_metadata(tag)?.name.parse().ok()?;
        layers.get(number)
    };
    let mut sections = Sections::new();
    let merged = figment.data().expect("no layer fails: each was read before");
    for (name, section) in merged.into_values().flatten() {
        let Value::Dict(_, section) = section else { continue };
        let said = section.into_iter().filter_map(|(key, value)| {
            let layer = layer_of(value.tag())?;
            let value = if layer.texts { Raw::Texts(texts(value)) } else { typed(value)? };
            Some((key, Said { value, origin: layer.origin.clone() }))
        });
        sections.insert(name, said.collect());
    }
    sections
}

fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(_, all) => all.into_iter().flat_map(texts).collect(),
        value => value.into_string().into_iter().collect(),
    }
}

/// A typed value; `None` where it is null, which says nothing.
fn typed(value: Value) -> Option<Raw> {
    match to_json(value) {
        Json::Null => None,
        value => Some(Raw::Typed(value)),
    }
}

fn to_json(value: Value) -> Json {
    match value {
        Value::String(_, text) => Json::String(text),
        Value::Char(_, c) => Json::String(c.to_string()),
        Value::Bool(_, boolean) => Json::Bool(boolean),
        Value::Num(_, number) => number_to_json(number),
        Value::Empty(..) => Json::Null,
        Value::Dict(_, pairs) => {
            Json::Object(pairs.into_iter().map(|(key, value)| (key, to_json(value))).collect())
        }
        Value::Array(_, items) => Json::Array(items.into_iter().map(to_json).collect()),
    }
}

/// A number; as a text where JSON has none like it (`nan`, `inf`), for no option to take it.
fn number_to_json(number: Num) -> Json {
    let (json, text) = match (number.to_f64(), number.to_i128()) {
        (Some(float), _) => (Number::from_f64(float), float.to_string()),
        (None, Some(signed)) => (Number::from_i128(signed), signed.to_string()),
        (None, None) => {
            let unsigned = number.to_u128().unwrap_or_default();
            (Number::from_u128(unsigned), unsigned.to_string())
        }
    };
    json.map_or(Json::String(text), Json::Number)
}
