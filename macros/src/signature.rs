use syn::{Error, GenericParam, Receiver, Result, ReturnType, Signature, Type};

use crate::errors::Errors;

/// Checks what every RPC method owes: async, `&self`, no type parameters.
pub(crate) fn check(signature: &Signature, without_self: &str) -> Result<()> {
    let mut errors = Errors::default();
    if signature.asyncness.is_none() {
        let message = "an RPC method is async: write `async fn`";
        errors.add(Error::new_spanned(signature.fn_token, message));
    }
    match signature.receiver() {
        Some(receiver) => {
            errors.keep(check_receiver(receiver));
        }
        None => errors.add(Error::new_spanned(&signature.ident, without_self)),
    }
    for parameter in &signature.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            let message = "an RPC method has no type parameters: a request names a method, \
                           not its types";
            errors.add(Error::new_spanned(parameter, message));
        }
    }
    errors.into_result()
}

fn check_receiver(receiver: &Receiver) -> Result<()> {
    if receiver.mutability.is_some() && receiver.reference.is_some() {
        let message = "an RPC method takes `&self`, since many calls run at a time: \
                       keep what changes in a lock or an atomic";
        return Err(Error::new_spanned(receiver, message));
    }
    if receiver.reference.is_none() {
        return Err(Error::new_spanned(receiver, "an RPC method takes `&self`"));
    }
    Ok(())
}

/// Whether a method returns a `Result`, under whatever path, as far as its text tells.
pub(crate) fn returns_result(output: &ReturnType) -> bool {
    match output {
        ReturnType::Type(_, ty) => last_segment_is(ty, "Result"),
        ReturnType::Default => false,
    }
}

/// Whether a type is a path that ends with that name.
pub(crate) fn last_segment_is(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        Type::Group(group) => last_segment_is(&group.elem, name),
        Type::Paren(paren) => last_segment_is(&paren.elem, name),
        _ => false,
    }
}
