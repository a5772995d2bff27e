use syn::visit::Visit;
use syn::{
    Error, Ident, Lifetime, LitStr, Pat, PatIdent, PatType, Result, Type, TypeImplTrait,
    TypeReference,
};

use crate::errors::Errors;
use crate::marks::{Known, Marks};

/// One argument of an RPC method.
pub(crate) struct Parameter {
    /// As the method names it.
    pub(crate) ident: Ident,
    /// As the request names it.
    pub(crate) wire: LitStr,
    pub(crate) ty: Type,
}

/// Whether a type may hold references: what is sent may, what is received may not.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Borrowing {
    Allowed,
    Refused,
}

impl Parameter {
    /// Reads a parameter, and takes its marks away.
    pub(crate) fn read(parameter: &mut PatType, borrowing: Borrowing) -> Result<Self> {
        let marks = Marks::take(&mut parameter.attrs, Known::PARAMETER)?;
        let ident = plain_name(&parameter.pat)?;
        check_type(&parameter.ty, borrowing)?;
        let wire = wire_name(&ident, marks.rename);
        Ok(Self { ident, wire, ty: (*parameter.ty).clone() })
    }
}

/// The name that was given, or that of the Rust item.
pub(crate) fn wire_name(ident: &Ident, rename: Option<LitStr>) -> LitStr {
    rename.unwrap_or_else(|| {
        let name = ident.to_string();
        LitStr::new(name.strip_prefix("r#").unwrap_or(&name), ident.span())
    })
}

/// Adds an error for each name that stands twice.
pub(crate) fn check_unique<'a>(
    names: impl IntoIterator<Item = &'a LitStr>,
    what: &str,
    errors: &mut Errors,
) {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name.value()) {
            let message = format!("two {what} have the name \"{}\" on the wire", name.value());
            errors.add(Error::new(name.span(), message));
        }
    }
}

fn plain_name(pattern: &Pat) -> Result<Ident> {
    if let Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) = pattern {
        return Ok(ident.clone());
    }
    let message = "an argument needs a plain name, under which it travels: \
                   take the pattern apart in the body";
    Err(Error::new_spanned(pattern, message))
}

fn check_type(ty: &Type, borrowing: Borrowing) -> Result<()> {
    let mut checker = Checker { borrowing, errors: Errors::default() };
    checker.visit_type(ty);
    checker.errors.into_result()
}

struct Checker {
    borrowing: Borrowing,
    errors: Errors,
}

impl Checker {
    fn borrows(&mut self, what: &impl quote::ToTokens) {
        if self.borrowing == Borrowing::Refused {
            let message = "an argument owns its data, which outlives the message it came in: \
                           `String` instead of `&str`, `Vec<T>` instead of `&[T]`";
            self.errors.add(Error::new_spanned(what, message));
        }
    }
}

impl Visit<'_> for Checker {
    fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
        let message = "an argument needs a type by name: a request carries no type";
        self.errors.add(Error::new_spanned(ty, message));
    }

    fn visit_type_reference(&mut self, ty: &TypeReference) {
        self.borrows(ty);
        if self.borrowing == Borrowing::Allowed {
            self.visit_type(&ty.elem);
        }
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        if lifetime.ident != "static" {
            self.borrows(lifetime);
        }
    }
}
