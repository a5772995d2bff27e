use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitStr, Result};

use crate::options::Crate;

/// A version as the attributes say it: `"1.2"`, checked while compiling.
///
/// The rule is that of `busway::Version`, which this crate cannot name.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    revision: Option<u32>,
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        let numbers: Vec<_> = text.split('.').map(number).collect::<Option<_>>()?;
        match *numbers {
            [major, minor] => Some(Self { major, minor, revision: None }),
            [major, minor, revision] => Some(Self { major, minor, revision: Some(revision) }),
            _ => None,
        }
    }

    /// An expression that makes the library's version.
    pub(crate) fn construct(&self, krate: &Crate) -> TokenStream {
        let Self { major, minor, revision } = self;
        let revision = revision.iter();
        quote!(#krate::Version::new(#major, #minor) #(.with_revision(#revision))*)
    }
}

fn number(part: &str) -> Option<u32> {
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

impl Parse for Version {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let literal: LitStr = input
            .parse()
            .map_err(|error| Error::new(error.span(), "expected a version in quotes: \"1.0\""))?;
        let text = literal.value();
        Self::read(&text).ok_or_else(|| {
            let message =
                format!("\"{text}\" is no version: expected \"MAJOR.MINOR\", such as \"1.0\"");
            Error::new(literal.span(), message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_two_or_three_numbers() {
        let version = |major, minor, revision| Some(Version { major, minor, revision });
        assert_eq!(Version::read("1.0"), version(1, 0, None));
        assert_eq!(Version::read("2.13"), version(2, 13, None));
        assert_eq!(Version::read("1.2.3"), version(1, 2, Some(3)));
    }

    #[test]
    fn what_the_library_would_refuse_is_no_version() {
        for text in ["", "1", "1.", "a.b", "1.0.0.0", "1.-1", "+1.0", "1.99999999999"] {
            assert_eq!(Version::read(text), None, "{text}");
        }
    }
}
