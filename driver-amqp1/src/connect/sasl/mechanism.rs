//! The mechanisms there are, and which of them is used.

use std::fmt;

use super::scram::Hash;

/// How we prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connect) enum Mechanism {
    External,
    ScramSha512,
    ScramSha256,
    ScramSha1,
    Plain,
    Anonymous,
}

use Mechanism::{Anonymous, External, Plain, ScramSha1, ScramSha256, ScramSha512};

/// Best first.
const ALL: [Mechanism; 6] = [External, ScramSha512, ScramSha256, ScramSha1, Plain, Anonymous];

impl Mechanism {
    pub(super) fn name(self) -> &'static str {
        match self {
            External => "EXTERNAL",
            ScramSha512 => "SCRAM-SHA-512",
            ScramSha256 => "SCRAM-SHA-256",
            ScramSha1 => "SCRAM-SHA-1",
            Plain => "PLAIN",
            Anonymous => "ANONYMOUS",
        }
    }

    /// The hash function, if it is SCRAM.
    pub(super) fn hash(self) -> Option<Hash> {
        match self {
            ScramSha512 => Some(Hash::Sha512),
            ScramSha256 => Some(Hash::Sha256),
            ScramSha1 => Some(Hash::Sha1),
            External | Plain | Anonymous => None,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the option `sasl_mechanisms` allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) enum Allowed {
    /// What suits the credentials.
    Any,
    /// These alone.
    These(Vec<Mechanism>),
}

impl Allowed {
    /// Reads the option; gives too what it names and we do not know.
    pub(in crate::connect) fn read(option: &str) -> (Self, Vec<String>) {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for word in option.split([' ', ',']).filter(|word| !word.is_empty()) {
            match ALL.iter().find(|it| it.name().eq_ignore_ascii_case(word)) {
                Some(mechanism) => known.push(*mechanism),
                None => unknown.push(word.to_owned()),
            }
        }
        let any = known.is_empty() && unknown.is_empty();
        (if any { Self::Any } else { Self::These(known) }, unknown)
    }

    /// What may be used, best first, by who has credentials or a client certificate.
    ///
    /// Who has credentials means to use them: only when the option names it is another way taken.
    pub(super) fn usable(&self, credentials: bool, certificate: bool) -> Vec<Mechanism> {
        let usable = |mechanism: &Mechanism| match (self, mechanism) {
            (Self::These(these), it) if !these.contains(it) => false,
            (_, External) => certificate && (!credentials || *self != Self::Any),
            (_, Anonymous) => !credentials || *self != Self::Any,
            (_, ScramSha512 | ScramSha256 | ScramSha1 | Plain) => credentials,
        };
        ALL.into_iter().filter(usable).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_suits_what_there_is_to_show() {
        let any = Allowed::Any;
        assert_eq!(any.usable(false, false), [Anonymous]);
        assert_eq!(any.usable(false, true), [External, Anonymous]);
        let by_password = [ScramSha512, ScramSha256, ScramSha1, Plain];
        assert_eq!(any.usable(true, false), by_password);
        assert_eq!(any.usable(true, true), by_password);
    }

    #[test]
    fn the_option_restricts() {
        let (allowed, unknown) = Allowed::read("PLAIN  external,GSSAPI");
        assert_eq!(unknown, ["GSSAPI"]);
        assert_eq!(allowed, Allowed::These(vec![Plain, External]));
        assert_eq!(allowed.usable(true, true), [External, Plain]);
        assert_eq!(allowed.usable(true, false), [Plain]);
        assert_eq!(allowed.usable(false, false), []);
        let (anonymous, _) = Allowed::read("ANONYMOUS");
        assert_eq!(anonymous.usable(true, false), [Anonymous]);
        assert_eq!(Allowed::read(" ").0, Allowed::Any);
        assert_eq!(Allowed::read("GSSAPI").0, Allowed::These(vec![]));
    }
}
