use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::Error as Missing;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use super::problems::Problems;
use crate::{Payload, RemoteError};

/// The arguments of one method, as a list of pairs: `(A, (B, ()))`.
pub trait Arguments: Sized {
    /// A place for each value.
    type Slots: Default;

    /// Reads the value of the argument at this place.
    ///
    /// # Errors
    /// What the deserializer says; a value that was there already.
    fn read<'de, D: Deserializer<'de>>(
        slots: &mut Self::Slots,
        place: usize,
        value: D,
    ) -> Result<(), D::Error>;

    /// Whether there is a value at this place, or none is needed.
    fn has(slots: &Self::Slots, place: usize) -> bool;

    /// The values, when none is missing. A type that makes something of a missing value, as
    /// `Option` does, need not be given.
    fn finish(slots: Self::Slots) -> Option<Self>;
}

impl Arguments for () {
    type Slots = ();

    fn read<'de, D: Deserializer<'de>>((): &mut (), _: usize, _: D) -> Result<(), D::Error> {
        Err(D::Error::custom("no such argument"))
    }

    fn has((): &(), _: usize) -> bool {
        true
    }

    fn finish((): ()) -> Option<Self> {
        Some(())
    }
}

impl<H: DeserializeOwned, T: Arguments> Arguments for (H, T) {
    type Slots = (Option<H>, T::Slots);

    fn read<'de, D: Deserializer<'de>>(
        (head, tail): &mut Self::Slots,
        place: usize,
        value: D,
    ) -> Result<(), D::Error> {
        match place.checked_sub(1) {
            Some(place) => T::read(tail, place, value),
            None if head.is_some() => Err(D::Error::custom("given twice")),
            None => {
                *head = Some(H::deserialize(value)?);
                Ok(())
            }
        }
    }

    fn has((head, tail): &Self::Slots, place: usize) -> bool {
        match place.checked_sub(1) {
            Some(place) => T::has(tail, place),
            None => head.is_some() || H::deserialize(Nothing).is_ok(),
        }
    }

    fn finish((head, tail): Self::Slots) -> Option<Self> {
        let head = head.or_else(|| H::deserialize(Nothing).ok())?;
        Some((head, T::finish(tail)?))
    }
}

/// Reads the arguments of a method by name, straight from the JSON text.
///
/// # Errors
/// [`RemoteError::invalid_arguments`] names the method and each argument that is missing, unknown
/// or ill-typed.
pub fn arguments<A: Arguments>(
    method: &str,
    names: &'static [&'static str],
    args: &Payload,
) -> Result<A, RemoteError> {
    read::<A>(names, args).and_then(A::finish).ok_or_else(|| explain::<A>(method, names, args))
}

/// The quick way: one pass, no copies, no word on what is wrong.
fn read<A: Arguments>(names: &'static [&'static str], args: &Payload) -> Option<A::Slots> {
    if args.is_null() {
        return Some(A::Slots::default());
    }
    let mut json = serde_json::Deserializer::from_str(args.as_json());
    json.deserialize_map(Object::<A>(names, PhantomData)).ok()
}

/// The thorough way, for arguments that do not fit: everything that is wrong with them.
fn explain<A: Arguments>(
    method: &str,
    names: &'static [&'static str],
    args: &Payload,
) -> RemoteError {
    let mut problems = Problems::new(method, names);
    let members =
        if args.is_null() { Ok(Members::default()) } else { args.borrow::<Members<'_>>() };
    let Ok(Members(members)) = members else {
        problems.add("the arguments are no JSON object");
        return problems.into();
    };
    let mut slots = A::Slots::default();
    let mut given = vec![false; names.len()];
    for (name, value) in members {
        let Some(place) = names.iter().position(|known| *known == name) else {
            problems.unknown(&name);
            continue;
        };
        given[place] = true;
        let mut value = serde_json::Deserializer::from_str(value.get());
        if let Err(error) = A::read(&mut slots, place, &mut value) {
            problems.ill_typed(names[place], &error);
        }
    }
    for (place, name) in names.iter().enumerate() {
        if !given[place] && !A::has(&slots, place) {
            problems.missing(name);
        }
    }
    problems.into()
}

struct Object<A>(&'static [&'static str], PhantomData<A>);

impl<'de, A: Arguments> Visitor<'de> for Object<A> {
    type Value = A::Slots;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<A::Slots, M::Error> {
        let mut slots = A::Slots::default();
        while let Some(place) = map.next_key_seed(Name(self.0))? {
            map.next_value_seed(Value::<A> { slots: &mut slots, place })?;
        }
        Ok(slots)
    }
}

/// The name of an argument, as its place.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<usize, D::Error> {
        name.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an argument")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let place = self.0.iter().position(|known| *known == name);
        place.ok_or_else(|| E::custom("unknown argument"))
    }
}

/// The value of the argument at a place.
struct Value<'a, A: Arguments> {
    slots: &'a mut A::Slots,
    place: usize,
}

impl<'de, A: Arguments> DeserializeSeed<'de> for Value<'_, A> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        A::read(self.slots, self.place, value)
    }
}

/// The members of an object, unread.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

/// What stands where an argument was not given: fit for an `Option` alone.
struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = Missing;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Missing> {
        Err(Missing::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Missing> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, RemoteKind};

    type Hello = (String, (u8, (Option<bool>, ())));

    const NAMES: &[&str] = &["name", "count", "loud"];

    fn hello(json: &str) -> Result<Hello, RemoteError> {
        let args = Payload::from_json(json, &Limits::default()).expect("JSON");
        arguments::<Hello>("hello", NAMES, &args)
    }

    fn problem(json: &str) -> String {
        let error = hello(json).expect_err(json);
        assert_eq!(error.kind(), RemoteKind::InvalidArguments);
        error.message
    }

    #[test]
    fn arguments_come_by_name_in_any_order() {
        let args = hello(r#"{"count": 2, "loud": true, "name": "x"}"#).expect("arguments");
        assert_eq!(args, ("x".to_owned(), (2, (Some(true), ()))));
    }

    #[test]
    fn an_option_may_be_left_out_or_null() {
        for json in [r#"{"count":2,"name":"x"}"#, r#"{"count":2,"name":"x","loud":null}"#] {
            let (_, (_, (loud, ()))) = hello(json).expect(json);
            assert_eq!(loud, None);
        }
    }

    #[test]
    fn a_missing_argument_is_named() {
        assert_eq!(problem(r#"{"count":2}"#), "hello: missing argument 'name'");
    }

    #[test]
    fn an_unknown_argument_is_named_with_those_there_are() {
        assert_eq!(
            problem(r#"{"count":2,"name":"x","nmae":1}"#),
            "hello: unknown argument 'nmae', expected one of name, count, loud"
        );
    }

    #[test]
    fn an_ill_typed_argument_is_named_with_what_was_expected() {
        assert_eq!(
            problem(r#"{"count":2,"name":1}"#),
            "hello: argument 'name': invalid type: integer `1`, expected a string"
        );
        assert_eq!(
            problem(r#"{"count":256,"name":"x"}"#),
            "hello: argument 'count': invalid value: integer `256`, expected u8"
        );
    }

    #[test]
    fn all_problems_are_told_at_once() {
        assert_eq!(
            problem(r#"{"a":{"b":[]},"count":"2"}"#),
            "hello: unknown argument 'a', expected one of name, count, loud; \
             argument 'count': invalid type: string \"2\", expected u8; missing argument 'name'"
        );
    }

    #[test]
    fn an_argument_that_is_given_twice_is_refused() {
        assert_eq!(
            problem(r#"{"count":2,"count":3,"name":"x"}"#),
            "hello: argument 'count': given twice"
        );
    }

    #[test]
    fn arguments_that_are_no_object_are_refused() {
        for json in ["[]", "1", "\"x\""] {
            assert_eq!(problem(json), "hello: the arguments are no JSON object");
        }
    }

    #[test]
    fn null_is_no_arguments() {
        arguments::<()>("ping", &[], &Payload::null()).expect("no arguments");
        assert_eq!(problem("null"), "hello: missing argument 'name'; missing argument 'count'");
    }

    #[test]
    fn what_a_caller_sends_does_not_swell_the_answer() {
        let long = "x".repeat(10_000);
        let mut args = serde_json::Map::new();
        args.insert("count".to_owned(), long.clone().into());
        for i in 0..100 {
            args.insert(format!("{i}{long}"), i.into());
        }
        let args = Payload::of(&args).expect("JSON");
        let error = arguments::<Hello>("hello", NAMES, &args).expect_err("problems");
        assert!(error.message.len() < 4000, "{} bytes", error.message.len());
        assert!(error.message.ends_with("and 92 more"), "{}", error.message);
    }
}
