//! Described values that have come as a whole and are made of what most are made of, which are
//! nearly all: looked at in one go.

use super::{DESCRIBED, width};

/// The constructor of a descriptor that is a small number.
const SMALL_NUMBER: u8 = 0x53;
/// How deep lists and maps stand in one another in such a value.
const DEEPEST: usize = 4;

/// How long the described value is that these bytes begin with. None of one that is not there as a
/// whole, that is made of anything else, or that does not hold what it says.
pub(super) fn described(bytes: &[u8]) -> Option<usize> {
    let [DESCRIBED, SMALL_NUMBER, _, bytes @ ..] = bytes else { return None };
    Some(3 + value(bytes, DEEPEST)?)
}

#[inline]
fn value(bytes: &[u8], levels: usize) -> Option<usize> {
    match small(bytes) {
        Some(size) => Some(size),
        None => large(bytes, levels),
    }
}

/// How long a number, a truth or a short text is.
#[inline]
fn small(bytes: &[u8]) -> Option<usize> {
    let size = match *bytes {
        [0xa0..=0xaf, length, ..] => 1 + 1 + usize::from(length),
        [code, ..] => 1 + usize::try_from(width(code)?).ok()?,
        [] => return None,
    };
    (size <= bytes.len()).then_some(size)
}

fn large(bytes: &[u8], levels: usize) -> Option<usize> {
    let (code, rest) = bytes.split_first()?;
    let content = match code >> 4 {
        0xb => 4 + number(rest)?,
        0xc => {
            let [size, count, ..] = *rest else { return None };
            let content = rest[2..].get(..usize::from(size).checked_sub(1)?)?;
            values(content, count.into(), *code, levels)?;
            1 + usize::from(size)
        }
        0xd => {
            let (size, count) = (number(rest)?, number(rest.get(4..)?)?);
            let content = rest[8..].get(..size.checked_sub(4)?)?;
            values(content, count, *code, levels)?;
            4 + size
        }
        _ => return None,
    };
    (content <= rest.len()).then_some(1 + content)
}

/// Whether these bytes are so many values, which are in what has this constructor.
fn values(mut bytes: &[u8], count: usize, code: u8, levels: usize) -> Option<()> {
    let levels = levels.checked_sub(1)?;
    for _ in 0..count {
        bytes = &bytes[value(bytes, levels)?..];
    }
    // A map has a value for each key.
    let is_even = code & 0xf != 1 || count.is_multiple_of(2);
    (bytes.is_empty() && is_even).then_some(())
}

fn number(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()
}
