use syn::parse::Parser;
use syn::{Attribute, Error, Ident, LitStr, Meta, Result};

use crate::errors::Errors;

/// What the attributes on a method say. They are read and taken away: the compiler knows none.
#[derive(Default)]
pub(crate) struct Marks {
    /// `#[expose]`.
    pub(crate) expose: Option<Attribute>,
    /// `#[expected]`.
    pub(crate) expected: Option<Attribute>,
    /// `#[rename("…")]`.
    pub(crate) rename: Option<LitStr>,
    /// `#[endpoint(skip)]`.
    pub(crate) skip: Option<Attribute>,
    /// `#[cast]` or `#[cast(fanout)]`.
    pub(crate) cast: Option<Cast>,
}

/// A method that waits for no reply.
#[derive(Default)]
pub(crate) struct Cast {
    /// To every server.
    pub(crate) fanout: bool,
}

/// The marks that make sense on one kind of item.
#[derive(Clone, Copy)]
pub(crate) struct Known(&'static [&'static str]);

impl Known {
    pub(crate) const ENDPOINT_METHOD: Self = Self(&["expose", "expected", "rename", "endpoint"]);
    pub(crate) const CLIENT_METHOD: Self = Self(&["rename", "cast"]);
    pub(crate) const PARAMETER: Self = Self(&["rename"]);
}

impl Marks {
    /// Takes the known marks out of the attributes.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, known: Known) -> Result<Self> {
        let mut marks = Self::default();
        let mut errors = Errors::default();
        let is_mark = |attribute: &mut Attribute| {
            let name = attribute.path().segments.last().map(|last| last.ident.to_string());
            name.is_some_and(|name| known.0.contains(&name.as_str()))
        };
        for attribute in attributes.extract_if(.., is_mark) {
            errors.keep(marks.read(attribute));
        }
        errors.into_result().map(|()| marks)
    }

    fn read(&mut self, attribute: Attribute) -> Result<()> {
        match attribute.path().segments.last() {
            Some(last) if last.ident == "expose" => self.expose = Some(bare(attribute)?),
            Some(last) if last.ident == "expected" => self.expected = Some(bare(attribute)?),
            Some(last) if last.ident == "rename" => self.rename = Some(rename(&attribute)?),
            Some(last) if last.ident == "cast" => self.cast = Some(cast(&attribute)?),
            _ => {
                word(&attribute, "skip")?;
                self.skip = Some(attribute);
            }
        }
        Ok(())
    }
}

fn bare(attribute: Attribute) -> Result<Attribute> {
    if let Meta::Path(_) = attribute.meta {
        return Ok(attribute);
    }
    let message = "expected the word alone, without a value";
    Err(Error::new_spanned(attribute, message))
}

fn rename(attribute: &Attribute) -> Result<LitStr> {
    const EXPECTED: &str = "expected the name on the wire: `#[rename(\"name\")]`";
    let Meta::List(list) = &attribute.meta else {
        return Err(Error::new_spanned(attribute, EXPECTED));
    };
    let name: LitStr = list.parse_args().map_err(|_| Error::new_spanned(attribute, EXPECTED))?;
    if name.value().is_empty() {
        return Err(Error::new(name.span(), "the name on the wire is empty"));
    }
    Ok(name)
}

fn cast(attribute: &Attribute) -> Result<Cast> {
    if let Meta::Path(_) = attribute.meta {
        return Ok(Cast { fanout: false });
    }
    word(attribute, "fanout").map(|()| Cast { fanout: true })
}

/// The attribute has this one word in its parentheses.
fn word(attribute: &Attribute, word: &str) -> Result<()> {
    let name = attribute.path().segments.last().map(|last| last.ident.to_string());
    let expected = format!("expected `#[{}({word})]` here", name.unwrap_or_default());
    let Meta::List(list) = &attribute.meta else {
        return Err(Error::new_spanned(attribute, expected));
    };
    let found = Parser::parse2(<Ident as syn::parse::Parse>::parse, list.tokens.clone());
    match found {
        Ok(found) if found == word => Ok(()),
        _ => Err(Error::new_spanned(attribute, expected)),
    }
}
