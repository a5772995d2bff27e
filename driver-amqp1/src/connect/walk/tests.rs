//! What passes, and what does not.

use proptest::prelude::*;
use serde_amqp::described::Described;
use serde_amqp::descriptor::Descriptor;
use serde_amqp::primitives::{Array, OrderedMap};
use serde_amqp::{Value, from_slice, to_vec};

use super::*;

/// Before each value, to be one that is described.
const DESCRIPTOR: &[u8] = &[DESCRIBED, 0x53, 9];

/// Whether bytes are one value, and how many of them are.
fn walked<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(usize, bool), Malformed> {
    let mut walk = Walk::over(1, 1_000_000);
    walk.feed(DESCRIPTOR)?;
    let mut fed = 0;
    for piece in pieces {
        fed += walk.feed(piece)?;
    }
    Ok((fed, walk.is_done()))
}

fn is_value(bytes: &[u8]) -> bool {
    walked([bytes]) == Ok((bytes.len(), true))
}

fn value() -> impl Strategy<Value = Value> {
    let symbol = |text: String| Value::Symbol(text.as_str().into());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u8>().prop_map(Value::Ubyte),
        any::<u16>().prop_map(Value::Ushort),
        any::<u32>().prop_map(Value::Uint),
        any::<u64>().prop_map(Value::Ulong),
        any::<i64>().prop_map(Value::Long),
        any::<char>().prop_map(Value::Char),
        any::<[u8; 16]>().prop_map(|uuid| Value::Uuid(uuid.into())),
        "[a-z]{0,300}".prop_map(Value::String),
        "[a-z]{0,20}".prop_map(symbol),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|it| Value::Binary(it.into())),
    ];
    // In lists and maps the library writes wrongly what follows an array.
    let arrays = prop_oneof![
        prop::collection::vec(any::<u32>().prop_map(Value::Uint), 1..5),
        prop::collection::vec("[a-z]{1,9}".prop_map(symbol), 1..5),
    ];
    let arrays = arrays.prop_map(|it| Value::Array(Array::from(it)));
    let others = leaf.prop_recursive(4, 40, 5, |inner| {
        let map = prop::collection::vec((inner.clone(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            map.prop_map(|it| Value::Map(it.into_iter().collect::<OrderedMap<_, _>>())),
            (any::<u64>(), inner).prop_map(|(code, value)| {
                let value = if matches!(value, Value::Described(_)) { Value::Null } else { value };
                Value::Described(Box::new(Described { descriptor: Descriptor::Code(code), value }))
            }),
        ]
    });
    prop_oneof![5 => others, 1 => arrays]
}

fn bent(mut bytes: Vec<u8>, bends: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (at, byte) in bends {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes
}

proptest! {
    #[test]
    fn values_are_values_however_their_bytes_come(
        value in value(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let bytes = to_vec(&value).expect("encoded");
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        prop_assert_eq!(walked(pieces), Ok((bytes.len(), true)));
        // What follows is left alone.
        let followed = [&bytes[..], b"more"].concat();
        prop_assert_eq!(walked([&followed[..]]), Ok((bytes.len(), true)));
        // What is cut off is not done.
        let cut = &bytes[..bytes.len() - 1];
        prop_assert_eq!(walked([cut]), Ok((cut.len(), false)));
    }

    #[test]
    fn what_is_there_as_a_whole_is_what_it_is_byte_by_byte(
        values in prop::collection::vec(value(), 1..4),
        bends in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        limit in prop_oneof![Just(1_000_000_u64), 0..400_u64],
    ) {
        let described = values.iter().flat_map(|value| {
            [DESCRIPTOR, &to_vec(value).expect("encoded")].concat()
        });
        let bytes = bent(described.collect(), &bends);
        let most = values.len() as u64 + 1;
        let (mut whole, mut bytewise) = (Walk::over(most, limit), Walk::over(most, limit));
        let fed = whole.feed(&bytes).ok();
        let mut walked = Some(0);
        for byte in bytes.chunks(1) {
            walked = walked.and_then(|walked| Some(walked + bytewise.feed(byte).ok()?));
        }
        prop_assert_eq!(fed, walked);
        prop_assert_eq!(fed.map(|_| whole.at), fed.map(|_| bytewise.at));
        prop_assert_eq!(fed.map(|_| whole.levels.len()), fed.map(|_| bytewise.levels.len()));
    }

    #[test]
    fn what_passes_is_read_without_a_panic(
        value in value(),
        bends in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let bytes = bent(to_vec(&value).expect("encoded"), &bends);
        if is_value(&bytes) {
            let _ = from_slice::<Value>(&bytes);
        }
    }
}

#[test]
fn what_does_not_hold_together_is_none() {
    let none: &[(&str, &[u8])] = &[
        ("no type", &[0x01]),
        ("a list of more values than it has bytes", &[0xc0, 3, 9, 0x40, 0x40]),
        ("a list of 2^32 - 1", &[0xd0, 0, 0, 0, 5, 255, 255, 255, 255, 0x40]),
        ("a list that is longer than its values", &[0xc0, 3, 1, 0x40, 0x40]),
        ("a list too short for its count", &[0xd0, 0, 0, 0, 3, 0, 0, 0, 0]),
        ("a list longer than the list that it is in", &[0xc0, 4, 1, 0xc0, 2, 1, 0x40]),
        ("a text longer than the list that it is in", &[0xc0, 3, 1, 0xa1, 2, 65, 65]),
        ("a number longer than the list that it is in", &[0xc0, 3, 1, 0x70, 0, 0, 0, 0]),
        ("a head longer than the list that it is in", &[0xc0, 2, 1, 0xb1, 0, 0, 0, 0]),
        ("a map with a key alone", &[0xc1, 2, 1, 0x40]),
        ("a text as a descriptor", &[0, 0xa1, 1, 65, 0x40]),
        ("a described descriptor", &[0, 0, 0x53, 1, 0x53, 1, 0x40]),
        ("too many descriptors", &[0, 0x53, 1, 0, 0x53, 1, 0x40]),
        ("nulls without end", &[0xf0, 0, 0, 0, 5, 255, 255, 255, 255, 0x40]),
        ("an array longer than its elements", &[0xe0, 5, 1, 0x50, 1, 2, 3]),
        ("an array shorter than its elements", &[0xe0, 3, 4, 0x50, 1, 2]),
        ("an array of no type", &[0xe0, 3, 1, 0x01, 1]),
        ("an array of nothing, not even a type", &[0xe0, 1, 0]),
        ("an array of nothing that has something", &[0xe0, 3, 0, 0xa1, 1]),
        ("an array of nulls that has something", &[0xe0, 3, 2, 0x40, 0x40]),
        ("an array of lists", &[0xe0, 6, 2, 0xc0, 1, 0, 1, 0]),
        ("an array of arrays", &[0xf0, 0, 0, 0, 9, 0, 0, 0, 1, 0xe0, 3, 1, 0x50, 1]),
        ("longer than anything", &[0xb1, 255, 255, 255, 255]),
    ];
    for (what, bytes) in none {
        assert!(walked([*bytes]).is_err(), "{what}");
        let described = [DESCRIPTOR, bytes].concat();
        assert!(Walk::over(1, 1_000_000).feed(&described).is_err(), "{what}, as a whole");
    }
    // It is told before the size is there as a whole.
    for begun in [&[0xb1, 255][..], &[0xd0, 255], &[0xd0, 0, 0, 0, 9, 1], &[0xf0, 1]] {
        assert!(walked(begun.chunks(1)).is_err(), "{begun:?}");
    }
    let at = |bytes: &[u8]| walked([bytes]).map_err(|malformed| malformed.at);
    assert_eq!(at(&[0xc0, 5, 3, 0x40, 0xa1, 9, 65]), Err(4));
    assert_eq!(at(&[0xc0, 3, 1, 0x40, 0x40]), Err(4));
}

#[test]
fn arrays_are_values() {
    let arrays: &[(&str, &[u8])] = &[
        ("of nothing", &[0xe0, 2, 0, 0xa1]),
        ("of nulls", &[0xe0, 2, 7, 0x40]),
        ("of numbers", &[0xe0, 4, 2, 0x50, 1, 2]),
        ("of texts", &[0xe0, 5, 2, 0xa1, 0, 1, 65]),
        ("of described numbers", &[0xe0, 6, 1, 0, 0x53, 9, 0x50, 1]),
    ];
    for (what, bytes) in arrays {
        assert!(is_value(bytes), "{what}");
    }
}

#[test]
fn what_is_as_deep_as_can_be_is_read() {
    let nested = |depth: usize| {
        (0..depth).fold(vec![0x40], |inside, _| {
            let size = u32::try_from(inside.len() + 4).expect("small");
            let list = [&[0xd0][..], &size.to_be_bytes(), &[0, 0, 0, 1], &inside].concat();
            [DESCRIPTOR, DESCRIPTOR, &list].concat()
        })
    };
    let walked = |bytes: &[u8]| Walk::over(1, 1_000_000).feed(bytes);
    assert_eq!(walked(&nested(DEEPEST)), Ok(nested(DEEPEST).len()));
    assert!(walked(&nested(DEEPEST + 1)).is_err());
    from_slice::<Value>(&nested(DEEPEST)).expect("the stack suffices");
}

#[test]
fn what_is_not_described_is_no_section() {
    for bytes in [&[0x53, 0x10, 0xc0, 1, 0][..], &[0x40], &[0xa1, 1, 65]] {
        assert_eq!(Walk::over(1, 100).feed(bytes), Err(Malformed { at: 0, rest: Rest::default() }));
    }
}
