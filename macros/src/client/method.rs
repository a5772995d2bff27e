use syn::{Attribute, Error, LitStr, Result, ReturnType, Signature, TraitItemFn, Type};

use super::OWN_FUNCTIONS;
use crate::errors::Errors;
use crate::inputs::Inputs;
use crate::marks::{Cast, Known, Marks};
use crate::parameter::{Borrowing, wire_name};
use crate::signature;

/// One method of a client.
pub(super) struct Method {
    pub(super) attributes: Vec<Attribute>,
    pub(super) signature: Signature,
    /// As a request names it.
    pub(super) wire: LitStr,
    pub(super) inputs: Inputs,
    pub(super) kind: Kind,
}

/// What a method does.
pub(super) enum Kind {
    /// It waits for a result of this type; `None` takes any and drops it.
    Call(Option<Box<Type>>),
    /// It waits for nothing.
    Cast(Cast),
}

impl Method {
    /// Reads a method of the trait, and takes its marks away.
    pub(super) fn read(function: &mut TraitItemFn) -> Result<Self> {
        let mut errors = Errors::default();
        let marks = errors.keep(Marks::take(&mut function.attrs, Known::CLIENT_METHOD));
        let marks = marks.unwrap_or_default();
        errors.keep(signature::check(&function.sig, "an RPC method takes `&self`"));
        errors.keep(check_body(function));
        errors.keep(check_name(&function.sig));
        let kind = errors.keep(kind(&function.sig.output, marks.cast));
        let inputs = errors.keep(Inputs::read(&mut function.sig.inputs, Borrowing::Allowed));
        match (errors.into_result(), inputs, kind) {
            (Ok(()), Some(inputs), Some(kind)) => Ok(Self {
                attributes: function.attrs.clone(),
                wire: wire_name(&function.sig.ident, marks.rename),
                signature: function.sig.clone(),
                inputs,
                kind,
            }),
            (Err(error), ..) => Err(error),
            (Ok(()), ..) => Err(Error::new_spanned(&function.sig, "not an RPC method")),
        }
    }

    /// Whether no `cfg` decides about it.
    pub(super) fn is_unconditional(&self) -> bool {
        !self.attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
    }
}

fn check_body(function: &TraitItemFn) -> Result<()> {
    match &function.default {
        Some(body) => {
            let message = "a client's method has no body: the server's method runs";
            Err(Error::new_spanned(body, message))
        }
        None => Ok(()),
    }
}

fn check_name(signature: &Signature) -> Result<()> {
    let name = signature.ident.to_string();
    if !OWN_FUNCTIONS.contains(&name.as_str()) {
        return Ok(());
    }
    let message = format!(
        "a client has a function `{name}` of its own: take another name and mark it with \
         `#[rename(\"{name}\")]`"
    );
    Err(Error::new_spanned(&signature.ident, message))
}

fn kind(output: &ReturnType, cast: Option<Cast>) -> Result<Kind> {
    match (output, cast) {
        (ReturnType::Default, Some(cast)) => Ok(Kind::Cast(cast)),
        (ReturnType::Type(_, ty), Some(_)) => {
            Err(Error::new_spanned(ty, "a cast has no result: nobody waits for one"))
        }
        (ReturnType::Default, None) => Ok(Kind::Call(None)),
        (ReturnType::Type(_, ty), None) => {
            check_result(ty, output)?;
            Ok(Kind::Call(Some(ty.clone())))
        }
    }
}

fn check_result(ty: &Type, output: &ReturnType) -> Result<()> {
    let message = if signature::returns_result(output) {
        "write the value alone, `-> T`: the client's method returns `busway::Result<T>`, where a \
         failure of the server is an error of kind `Remote`"
    } else {
        match ty {
            Type::Reference(_) => "a result owns its data: `String` instead of `&str`",
            Type::ImplTrait(_) => "a result needs a type by name: a reply carries no type",
            _ => return Ok(()),
        }
    };
    Err(Error::new_spanned(ty, message))
}
