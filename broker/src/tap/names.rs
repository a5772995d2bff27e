//! Links of the same name in both directions of a session.
//!
//! A name is a link's own only together with its direction (AMQP 1.0, part 2.6.1), and Proton's
//! clients use one for both. The engine knows links by their names alone: of two links, the second
//! one goes by another name inside, of the same length, which only the tap has seen.

use std::collections::HashMap;

/// What stands first in a name that is used inside alone: no name of a sane peer begins with it.
const INSIDE: std::ops::RangeInclusive<u8> = 1..=31;

/// The links of a connection by the peer's channel and the name used inside.
#[derive(Debug, Default)]
pub(super) struct Names {
    inside: HashMap<(u16, Vec<u8>), Named>,
}

#[derive(Debug)]
struct Named {
    /// How the peer's name begins.
    first: u8,
    /// Whether the peer receives on the link.
    receiver: bool,
}

impl Names {
    pub(super) fn count(&self) -> usize {
        self.inside.len()
    }

    /// Takes a name for a link: gives the one to be used inside, of the same length. None if there
    /// is no such name.
    pub(super) fn take(&mut self, channel: u16, name: &[u8], receiver: bool) -> Option<Vec<u8>> {
        let (&first, rest) = name.split_first()?;
        let others = INSIDE.filter(|_| first.is_ascii()).map(|other| [&[other], rest].concat());
        for inside in std::iter::once(name.to_vec()).chain(others) {
            match self.inside.get(&(channel, inside.clone())) {
                // Another link of this name and direction: it steals the first one's place.
                Some(named) if named.first == first && named.receiver == receiver => {
                    return Some(inside);
                }
                Some(_) => {}
                None => {
                    self.inside.insert((channel, inside.clone()), Named { first, receiver });
                    return Some(inside);
                }
            }
        }
        None
    }

    /// How the peer's name for a link begins.
    pub(super) fn first(&self, channel: u16, inside: &[u8]) -> Option<u8> {
        self.inside.get(&(channel, inside.to_vec())).map(|named| named.first)
    }

    /// Gives a name back.
    pub(super) fn give_back(&mut self, channel: u16, inside: &[u8]) {
        self.inside.remove(&(channel, inside.to_vec()));
    }

    /// Gives back all names of a session.
    pub(super) fn end(&mut self, channel: u16) {
        self.inside.retain(|(of, _), _| *of != channel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_inside_as_it_is_unless_the_other_direction_has_it() {
        let mut names = Names::default();
        assert_eq!(names.take(0, b"same", true).as_deref(), Some(&b"same"[..]));
        let inside = names.take(0, b"same", false).expect("a name");
        assert_eq!((inside.len(), &inside[1..]), (4, &b"ame"[..]));
        assert_ne!(inside, b"same");
        assert_eq!(names.first(0, &inside), Some(b's'));
        // Of another session, or once it is free again, it is as it is.
        assert_eq!(names.take(1, b"same", false).as_deref(), Some(&b"same"[..]));
        names.give_back(0, b"same");
        assert_eq!(names.take(0, b"same", true).as_deref(), Some(&b"same"[..]));
    }

    #[test]
    fn a_link_that_takes_the_place_of_another_has_its_name_inside() {
        let mut names = Names::default();
        names.take(0, b"same", true).expect("a name");
        let inside = names.take(0, b"same", false).expect("a name");
        assert_eq!(names.take(0, b"same", false), Some(inside));
        assert_eq!(names.count(), 2);
    }

    #[test]
    fn names_that_differ_in_their_beginnings_stay_apart() {
        let mut names = Names::default();
        let mut all = Vec::new();
        for name in [b"same", b"game", b"fame"] {
            all.push(names.take(0, name, true).expect("a name"));
            all.push(names.take(0, name, false).expect("a name"));
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
    }
}
