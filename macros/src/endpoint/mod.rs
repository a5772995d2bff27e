//! `#[endpoint]`: an `impl` block stays as it is and becomes an `Endpoint` beside.

mod expand;
mod method;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, GenericParam, ImplItem, Item, ItemImpl, Result};

use crate::errors::Errors;
use crate::options::EndpointOptions;
use crate::parameter::check_unique;
use method::Method;

/// The `impl` block and its `Endpoint`, with compile errors for what is wrong.
pub(crate) fn expand(options: Result<EndpointOptions>, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = errors.keep(options).unwrap_or_default();
    let mut block = match inherent_impl(item) {
        Ok(block) => block,
        Err(error) => {
            errors.add(error);
            let errors = errors.into_compile_errors();
            return quote!(#errors #item);
        }
    };
    let owned = errors.keep(check_lifetimes(&block));
    let methods = read_methods(&mut block, &mut errors);
    let endpoint = owned.map(|()| expand::endpoint(&options, &block, &methods));
    let errors = errors.into_compile_errors();
    quote! {
        #errors
        // What an RPC method owes: to be async, to take `&self` and values.
        #[allow(clippy::unused_async, clippy::unused_self, clippy::needless_pass_by_value)]
        #block
        #endpoint
    }
}

fn inherent_impl(item: &TokenStream) -> Result<ItemImpl> {
    const EXPECTED: &str = "#[endpoint] goes on an `impl Type { … }` block, whose async methods \
                            become RPC methods";
    match syn::parse2(item.clone())? {
        Item::Impl(ItemImpl { trait_: Some((_, path, _)), .. }) => {
            let message = "#[endpoint] goes on an `impl Type { … }` block, not on that of a trait";
            Err(Error::new_spanned(path, message))
        }
        Item::Impl(block) => Ok(block),
        Item::Struct(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        Item::Enum(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        Item::Trait(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        Item::Fn(item) => Err(Error::new_spanned(item.sig.ident, EXPECTED)),
        Item::Mod(item) => Err(Error::new_spanned(item.ident, EXPECTED)),
        item => Err(Error::new_spanned(item, EXPECTED)),
    }
}

fn check_lifetimes(block: &ItemImpl) -> Result<()> {
    let mut parameters = block.generics.params.iter();
    match parameters.find(|parameter| matches!(parameter, GenericParam::Lifetime(_))) {
        Some(lifetime) => {
            let message = "an endpoint borrows nothing: its server outlives the scope it was \
                           made in";
            Err(Error::new_spanned(lifetime, message))
        }
        None => Ok(()),
    }
}

fn read_methods(block: &mut ItemImpl, errors: &mut Errors) -> Vec<Method> {
    let mut methods = Vec::new();
    let mut refused = false;
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item {
            match Method::read(function) {
                Ok(method) => methods.extend(method),
                Err(error) => {
                    refused = true;
                    errors.add(error);
                }
            }
        }
    }
    // Of two with the same name, `cfg` may leave one.
    let always = methods.iter().filter(|method| method.cfgs.is_empty());
    check_unique(always.map(|method| &method.wire), "methods", errors);
    if methods.is_empty() && !refused {
        let message = "an endpoint needs an RPC method: an `async fn` that takes `&self`";
        errors.add(Error::new_spanned(&block.self_ty, message));
    }
    methods
}
