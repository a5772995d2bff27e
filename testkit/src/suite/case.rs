use std::fmt;

use futures_util::future::LocalBoxFuture;

use super::{CaseResult, Need};
use crate::Harness;

/// One case of the suite: a sentence about a bus, and the function that checks it.
#[derive(Clone, Copy)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) run: for<'a> fn(&'a dyn Harness) -> LocalBoxFuture<'a, CaseResult>,
}

impl Case {
    /// Every case of the suite, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        crate::cases::ALL.iter().flat_map(|room| room.cases.iter().copied())
    }

    /// The case of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|case| case.name == name)
    }

    /// The sentence, with underscores for spaces.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The sentence in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.name.replace('_', " ")
    }

    /// What a candidate must declare for the case to be run.
    #[must_use]
    pub fn needs(&self) -> &'static [Need] {
        self.needs
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("needs", &self.needs)
            .finish_non_exhaustive()
    }
}

/// The table of a group of cases: what all of them need, then each function, with what it needs
/// besides.
macro_rules! cases {
    ($common:tt $($name:ident $(needs $($need:ident),+)?;)*) => {
        pub(super) const CASES: &[$crate::suite::Case] = &[$(
            $crate::suite::Case {
                name: stringify!($name),
                needs: $crate::suite::needs!($common $($($need)+)?),
                run: |harness| Box::pin($name(harness)),
            },
        )*];
    };
}

macro_rules! needs {
    ([$($common:ident),*] $($need:ident)*) => {
        &[$($crate::suite::Need::$common,)* $($crate::suite::Need::$need,)*]
    };
}

pub(crate) use {cases, needs};
