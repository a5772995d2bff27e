//! Options from files.

use std::fs;
use std::path::Path;

use figment::providers::{Format, Json, Toml};
use figment::value::{Dict, Value};

use super::layer::{DEFAULT, Layer, section_name};
use super::yaml::Yaml;
use super::{Origin, ini};

/// Reads a file in the format that its name tells.
///
/// An error says what is wrong and where, and shows nothing of the file, which may hold secrets.
pub(super) fn read(path: &Path) -> Result<Layer, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let parse: fn(&str) -> Result<(bool, Dict), String> =
        match extension.to_ascii_lowercase().as_str() {
            "conf" | "ini" => |text| Ok((true, from_ini(text)?)),
            "toml" => |text| {
                let wrong = |error: <Toml as Format>::Error| match error.span() {
                    Some(span) => format!("{} at {}", error.message(), place(text, span.start)),
                    None => error.message().to_owned(),
                };
                Ok((false, sections(Toml::from_str(text).map_err(wrong)?)?))
            },
            "yaml" | "yml" => |text| {
                let wrong = |error: <Yaml as Format>::Error| match error.location() {
                    Some(at) => format!("no YAML at line {}, column {}", at.line(), at.column()),
                    None => "no YAML".to_owned(),
                };
                Ok((false, sections(Yaml::from_str(text).map_err(wrong)?)?))
            },
            "json" => |text| {
                let wrong = |error: <Json as Format>::Error| {
                    format!("no JSON at line {}, column {}", error.line(), error.column())
                };
                Ok((false, sections(Json::from_str(text).map_err(wrong)?)?))
            },
            _ => {
                let known = ".conf, .ini, .toml, .yaml, .yml or .json";
                return Err(format!("the name of a configuration file ends with {known}"));
            }
        };
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let (texts, sections) = parse(&text)?;
    Ok(Layer { origin: Origin::File(path.to_owned()), texts, sections })
}

/// Every value as the list of all that was said under its key.
fn from_ini(text: &str) -> Result<Dict, String> {
    let mut sections = Dict::new();
    for (name, said) in ini::read(text)? {
        let section = table(&mut sections, section_name(&name));
        for (key, value) in said {
            let all = section.entry(key).or_insert_with(|| Value::from(Vec::<String>::new()));
            if let Value::Array(_, all) = all {
                all.push(value.into());
            }
        }
    }
    Ok(sections)
}

/// The tables of a document as sections; what stands outside of a table is in `[DEFAULT]`.
fn sections(document: Value) -> Result<Dict, String> {
    let document = match document {
        Value::Dict(_, document) => document,
        Value::Empty(..) => Dict::new(),
        _ => return Err("a configuration file holds sections with keys and values".to_owned()),
    };
    let mut sections = Dict::new();
    for (name, value) in document {
        match value {
            Value::Dict(_, said) => table(&mut sections, section_name(&name)).extend(said),
            value => {
                table(&mut sections, DEFAULT.to_owned()).insert(name, value);
            }
        }
    }
    Ok(sections)
}

fn table(sections: &mut Dict, name: String) -> &mut Dict {
    let section = sections.entry(name).or_insert_with(|| Value::from(Dict::new()));
    let Value::Dict(_, section) = section else {
        unreachable!("a section is made as a table here and nowhere else")
    };
    section
}

/// The line and the column of a byte, counted from 1.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}
