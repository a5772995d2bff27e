use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Path, Result, Token, parenthesized};

use crate::version::Version;

/// What stands in `#[endpoint(…)]`.
#[derive(Default)]
pub(crate) struct EndpointOptions {
    pub(crate) krate: Crate,
    pub(crate) interface: Interface,
    pub(crate) accepts: Vec<Namespace>,
}

/// What stands in `#[client(…)]`.
#[derive(Default)]
pub(crate) struct ClientOptions {
    pub(crate) krate: Crate,
    pub(crate) interface: Interface,
    pub(crate) name: Option<Ident>,
}

/// The namespace and version of an interface.
#[derive(Default)]
pub(crate) struct Interface {
    pub(crate) namespace: Option<LitStr>,
    pub(crate) version: Option<Version>,
}

/// A namespace, or `None`: the null namespace.
pub(crate) struct Namespace(Option<LitStr>);

/// The crate that the generated code names: `::busway` unless another is given.
#[derive(Default)]
pub(crate) struct Crate(Option<Path>);

impl ToTokens for Crate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => tokens.extend(quote!(::busway)),
        }
    }
}

impl ToTokens for Namespace {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(if let Some(namespace) = &self.0 {
            quote!(::core::option::Option::Some(#namespace))
        } else {
            quote!(::core::option::Option::None)
        });
    }
}

impl Parse for Namespace {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Some).map(Self);
        }
        match input.parse::<Ident>() {
            Ok(none) if none == "None" => Ok(Self(None)),
            Ok(other) => Err(Error::new(other.span(), NAMESPACE_EXPECTED)),
            Err(_) => Err(input.error(NAMESPACE_EXPECTED)),
        }
    }
}

const NAMESPACE_EXPECTED: &str =
    "expected a namespace in quotes, or `None` for calls that name no namespace";

impl Interface {
    /// Sets what it is on a target, given as an expression.
    pub(crate) fn apply(&self, krate: &Crate, target: &TokenStream) -> TokenStream {
        let namespace = self.namespace.iter();
        let version = self.version.iter().map(|version| version.construct(krate));
        quote!(#target #(.with_namespace(#namespace))* #(.with_version(#version))*)
    }
}

impl Parse for EndpointOptions {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| match key(&meta).as_str() {
            "namespace" => once(&meta, &mut options.interface.namespace),
            "version" => once(&meta, &mut options.interface.version),
            "crate" => once(&meta, &mut options.krate.0),
            "accepts" => {
                let list;
                parenthesized!(list in meta.input);
                let accepts = Punctuated::<Namespace, Token![,]>::parse_terminated(&list)?;
                options.accepts.extend(accepts);
                Ok(())
            }
            _ => Err(unknown(&meta, "namespace, version, accepts, crate")),
        });
        syn::parse::Parser::parse2(parser, input.parse()?)?;
        Ok(options)
    }
}

impl Parse for ClientOptions {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| match key(&meta).as_str() {
            "namespace" => once(&meta, &mut options.interface.namespace),
            "version" => once(&meta, &mut options.interface.version),
            "name" => once(&meta, &mut options.name),
            "crate" => once(&meta, &mut options.krate.0),
            _ => Err(unknown(&meta, "namespace, version, name, crate")),
        });
        syn::parse::Parser::parse2(parser, input.parse()?)?;
        Ok(options)
    }
}

fn key(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

fn once<T: Parse>(meta: &ParseNestedMeta<'_>, option: &mut Option<T>) -> Result<()> {
    if option.is_some() {
        return Err(meta.error(format!("`{}` is given twice", key(meta))));
    }
    let value = meta.value().map_err(|_| {
        let name = key(meta);
        meta.error(format!("expected a value: `{name} = …`"))
    })?;
    *option = Some(value.parse()?);
    Ok(())
}

fn unknown(meta: &ParseNestedMeta<'_>, known: &str) -> Error {
    let name = meta.path.to_token_stream().to_string();
    meta.error(format!("unknown option `{name}`: expected one of {known}"))
}
