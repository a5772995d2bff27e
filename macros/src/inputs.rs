use syn::punctuated::Punctuated;
use syn::{Error, FnArg, PatType, Result, Token, Type};

use crate::errors::Errors;
use crate::parameter::{Borrowing, Parameter, check_unique};
use crate::signature::last_segment_is;

/// What a method takes after `&self`.
pub(crate) struct Inputs {
    pub(crate) context: Option<Context>,
    pub(crate) parameters: Vec<Parameter>,
}

/// The context, when the method takes it, and whether by reference.
pub(crate) struct Context {
    pub(crate) parameter: PatType,
    pub(crate) by_reference: bool,
}

impl Inputs {
    /// Reads the parameters, and takes their marks away.
    pub(crate) fn read(
        inputs: &mut Punctuated<FnArg, Token![,]>,
        borrowing: Borrowing,
    ) -> Result<Self> {
        let mut errors = Errors::default();
        let mut read = Self { context: None, parameters: Vec::new() };
        let typed = inputs.iter_mut().filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(parameter),
            FnArg::Receiver(_) => None,
        });
        for (place, parameter) in typed.enumerate() {
            if is_context(&parameter.ty) {
                read.context = errors.keep(Context::read(parameter, place));
            } else {
                read.parameters.extend(errors.keep(Parameter::read(parameter, borrowing)));
            }
        }
        let names = read.parameters.iter().map(|parameter| &parameter.wire);
        check_unique(names, "arguments", &mut errors);
        errors.into_result().map(|()| read)
    }
}

impl Context {
    fn read(parameter: &PatType, place: usize) -> Result<Self> {
        if place > 0 {
            let message = "the context comes first, after `&self`";
            return Err(Error::new_spanned(parameter, message));
        }
        let by_reference = match &*parameter.ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                let message = "the context comes as `Context` or `&Context`";
                return Err(Error::new_spanned(reference, message));
            }
            Type::Reference(_) => true,
            _ => false,
        };
        Ok(Self { parameter: parameter.clone(), by_reference })
    }
}

fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_context(&reference.elem),
        ty => last_segment_is(ty, "Context"),
    }
}
