use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Ident, ImplItemFn, LitStr, Result, ReturnType};

use crate::errors::Errors;
use crate::inputs::Inputs;
use crate::marks::{Known, Marks};
use crate::parameter::{Borrowing, wire_name};
use crate::signature;

/// One RPC method of an endpoint.
pub(super) struct Method {
    pub(super) ident: Ident,
    /// As a request names it.
    pub(super) wire: LitStr,
    /// The conditions under which it is there.
    pub(super) cfgs: Vec<Attribute>,
    pub(super) exposed: bool,
    pub(super) inputs: Inputs,
    pub(super) output: Output,
    /// Where the type stands that it returns.
    pub(super) output_span: Span,
}

/// What a method returns.
#[derive(Clone, Copy)]
pub(super) enum Output {
    Value,
    Result { expected: bool },
}

impl Method {
    /// Reads a function of the block, and takes its marks away; `None` for one that is no RPC
    /// method.
    pub(super) fn read(function: &mut ImplItemFn) -> Result<Option<Self>> {
        let marks = Marks::take(&mut function.attrs, Known::ENDPOINT_METHOD)?;
        let marked = marks.expose.is_some() || marks.expected.is_some() || marks.rename.is_some();
        if marks.skip.is_some() || (function.sig.asyncness.is_none() && !marked) {
            return Ok(None);
        }
        let mut errors = Errors::default();
        errors.keep(signature::check(
            &function.sig,
            "an RPC method takes `&self`: mark a function that is none with `#[endpoint(skip)]`",
        ));
        let output = errors.keep(output(function, &marks));
        let inputs = errors.keep(Inputs::read(&mut function.sig.inputs, Borrowing::Refused));
        errors.into_result()?;
        Ok(inputs.zip(output).map(|(inputs, output)| Self {
            ident: function.sig.ident.clone(),
            wire: wire_name(&function.sig.ident, marks.rename),
            cfgs: cfgs(&function.attrs),
            exposed: marks.expose.is_some(),
            inputs,
            output,
            output_span: match &function.sig.output {
                ReturnType::Type(_, ty) => ty.span(),
                ReturnType::Default => function.sig.ident.span(),
            },
        }))
    }
}

fn output(function: &ImplItemFn, marks: &Marks) -> Result<Output> {
    let returns_result = signature::returns_result(&function.sig.output);
    match &marks.expected {
        Some(expected) if !returns_result => {
            let message = "only a method that returns a `Result` can fail as expected";
            Err(Error::new_spanned(expected, message))
        }
        expected if returns_result => Ok(Output::Result { expected: expected.is_some() }),
        _ => Ok(Output::Value),
    }
}

fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}
