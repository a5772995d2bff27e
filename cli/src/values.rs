//! Values on the command line: secrets, times, `key=value`.

use std::io::Read;
use std::time::Duration;

use busway::driver::Retry;
use busway::{Context, Limits, Payload, Value};
use serde::{Serialize, Serializer};

use crate::exit::Exit;
use crate::problem::{Outcome, Problem};
use crate::text::one_line;

/// A time: seconds such as `2` or `0.5`, or with a unit: `500ms`, `2s`, `1m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(digits.len());
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("'{unit}' is no unit of time: ms, s, m, h")),
    };
    let number: f64 =
        number.parse().map_err(|_| "expected seconds, such as 2 or 0.5, or 500ms, 1m")?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

/// A number of attempts as oslo.messaging writes it: -1 for ever, 0 never again, or a count.
pub(crate) fn retry(text: &str) -> Result<Retry, String> {
    let number = text.parse().map_err(|_| "expected -1 (for ever), 0 (never) or a count")?;
    Retry::from_config(number).map_err(|error| error.message().to_owned())
}

/// `key=value`: the value is JSON if it is JSON, and a string otherwise.
pub(crate) fn pair(text: &str) -> Result<(String, Payload), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), json_or_text(value))),
        _ => Err("expected key=value".to_owned()),
    }
}

/// The text as JSON if it is JSON, and as a string otherwise.
pub(crate) fn json_or_text(text: &str) -> Payload {
    Payload::from_json(text, &Limits::default()).or_else(|_| Payload::of(text)).unwrap_or_default()
}

/// The arguments of a method: `key=value` each, or one JSON object, or `-` for one on the
/// standard input.
pub(crate) fn arguments(given: &[String]) -> Outcome<Payload> {
    match given {
        [only] if only == "-" => object(&standard_input()?),
        [only] if only.trim_start().starts_with('{') => object(only),
        _ => pairs(given),
    }
}

fn object(text: &str) -> Outcome<Payload> {
    let limits = Limits { max_size: usize::MAX, ..Limits::default() };
    let payload = Payload::from_json(text.trim(), &limits).map_err(|error| {
        let shown = one_line(text, 60);
        Problem::new(Exit::Usage, format!("the arguments are no JSON: {}", error.message()))
            .hint(format!("got: {shown}"))
    })?;
    if payload.is_object() {
        return Ok(payload);
    }
    Err(Problem::new(Exit::Usage, "the arguments are JSON, but no object: they travel by name"))
}

fn pairs(given: &[String]) -> Outcome<Payload> {
    let mut members: Vec<(String, Payload)> = Vec::with_capacity(given.len());
    for text in given {
        let (key, value) = pair(text).map_err(|_| {
            let text = one_line(text, 60);
            Problem::new(Exit::Usage, format!("'{text}' is no argument of a method")).hint(
                "arguments are key=value each, or one JSON object: name=Ada '{\"name\": \"Ada\"}'",
            )
        })?;
        if members.iter().any(|(known, _)| *known == key) {
            let message = format!("the argument '{key}' is given twice");
            return Err(Problem::new(Exit::Usage, message));
        }
        members.push((key, value));
    }
    Ok(Payload::of(&Members(members))?)
}

/// The standard input as text, all of it.
pub(crate) fn standard_input() -> Outcome<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Problem::new(Exit::Failure, format!("the standard input cannot be read: {error}"))
    })?;
    Ok(text)
}

/// A context of `--context key=value`.
pub(crate) fn context(pairs: &[(String, Payload)]) -> Outcome<Context> {
    let mut context = Context::new();
    for (key, value) in pairs {
        context.insert(key, value.to::<Value>()?);
    }
    Ok(context)
}

/// The members of an object, in the order in which they were given.
struct Members(Vec<(String, Payload)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Outcome<Payload> {
        super::arguments(&arguments.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_value_is_json_if_it_is_json_and_a_string_otherwise() {
        let payload = given(&["n=1", "s=Ada", "z=007", "l=[1,\"x\"]", "q=\"1\"", "e=", "a=b=c"]);
        assert_eq!(
            payload.expect("arguments").as_json(),
            r#"{"n":1,"s":"Ada","z":"007","l":[1,"x"],"q":"1","e":"","a":"b=c"}"#
        );
    }

    #[test]
    fn one_json_object_is_the_arguments() {
        let payload = given(&[r#" {"n": 1e400} "#]).expect("arguments");
        assert_eq!(payload.as_json(), r#"{"n": 1e400}"#);
        assert_eq!(given(&[]).expect("none").as_json(), "{}");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for bad in [&["x"][..], &["=1"], &["{"], &["a=1", "a=2"], &["a=1", "{}"]] {
            assert_eq!(given(bad).expect_err("bad").exit(), Exit::Usage, "{bad:?}");
        }
    }

    #[test]
    fn times_have_units() {
        let times = [("2", 2000), ("0.5", 500), ("250ms", 250), ("3s", 3000), ("1m", 60_000)];
        for (text, millis) in times {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)));
        }
        for bad in ["", "x", "-1", "1d", "NaN", "1e99h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
