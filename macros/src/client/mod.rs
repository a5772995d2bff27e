//! `#[client]`: a trait becomes a struct whose methods call and cast.

mod expand;
mod method;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Item, ItemTrait, Result, TraitItem};

use crate::errors::Errors;
use crate::options::ClientOptions;
use crate::parameter::check_unique;
use method::Method;

/// The functions that every client has.
const OWN_FUNCTIONS: [&str; 3] = ["new", "from_client", "with"];

/// The client, with compile errors for what is wrong.
pub(crate) fn expand(options: Result<ClientOptions>, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = errors.keep(options).unwrap_or_default();
    let mut interface = match read_trait(item) {
        Ok(interface) => interface,
        Err(error) => {
            errors.add(error);
            let errors = errors.into_compile_errors();
            return quote!(#errors #item);
        }
    };
    errors.keep(check_head(&interface));
    let methods = read_methods(&mut interface, &mut errors);
    let name = options.name.clone().unwrap_or_else(|| default_name(&interface.ident));
    let client = expand::client(&options, &name, &interface, &methods);
    let errors = errors.into_compile_errors();
    quote!(#errors #client)
}

fn default_name(interface: &Ident) -> Ident {
    format_ident!("{interface}Client")
}

fn read_trait(item: &TokenStream) -> Result<ItemTrait> {
    const EXPECTED: &str = "#[client] goes on a `trait`, whose async methods say what the \
                            interface has";
    match syn::parse2(item.clone())? {
        Item::Trait(interface) => Ok(interface),
        Item::Impl(item) => Err(Error::new_spanned(item.self_ty, EXPECTED)),
        Item::Struct(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        Item::Enum(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        Item::Fn(item) => Err(Error::new_spanned(item.sig.ident, EXPECTED)),
        Item::Mod(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        item => Err(Error::new_spanned(item, EXPECTED)),
    }
}

fn check_head(interface: &ItemTrait) -> Result<()> {
    let mut errors = Errors::default();
    if !interface.generics.params.is_empty() {
        let message = "an interface has no type parameters: a request names a method, not its \
                       types";
        errors.add(Error::new_spanned(&interface.generics, message));
    }
    if !interface.supertraits.is_empty() {
        let message = "the client is a struct and inherits nothing";
        errors.add(Error::new_spanned(&interface.supertraits, message));
    }
    errors.into_result()
}

fn read_methods(interface: &mut ItemTrait, errors: &mut Errors) -> Vec<Method> {
    let mut methods = Vec::new();
    for item in &mut interface.items {
        match item {
            TraitItem::Fn(function) => methods.extend(errors.keep(Method::read(function))),
            other => {
                let message = "an interface has methods alone";
                errors.add(Error::new_spanned(other, message));
            }
        }
    }
    let always = methods.iter().filter(|method| method.is_unconditional());
    check_unique(always.map(|method| &method.wire), "methods", errors);
    methods
}
