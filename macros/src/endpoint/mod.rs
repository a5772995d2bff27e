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

#[cfg(test)]
mod tests {
    use syn::{File, parse_quote, parse2};

    use super::*;

    fn expanded(options: EndpointOptions, item: &TokenStream) -> File {
        parse2(expand(Ok(options), item)).expect("Rust")
    }

    #[test]
    fn the_block_stays_as_it_is_but_for_the_marks() {
        let file = expanded(
            EndpointOptions::default(),
            &quote! {
                /// Of the block.
                impl Shop {
                    /// Of the method.
                    #[expose]
                    #[inline]
                    pub async fn order(&self, #[rename("class")] item: String) -> u8 { 1 }
                    const ANSWER: u8 = 42;
                }
            },
        );
        let expected: ItemImpl = parse_quote! {
            #[allow(clippy::unused_async, clippy::unused_self, clippy::needless_pass_by_value)]
            /// Of the block.
            impl Shop {
                /// Of the method.
                #[inline]
                pub async fn order(&self, item: String) -> u8 { 1 }
                const ANSWER: u8 = 42;
            }
        };
        let block = &file.items[0];
        assert_eq!(quote!(#block).to_string(), quote!(#expected).to_string());
    }

    #[test]
    fn another_crate_takes_the_place_of_the_facade() {
        let options = parse_quote!(crate = other, namespace = "n", version = "1.0", accepts(None));
        let file = expanded(
            options,
            &quote! {
                impl Shop {
                    #[expected]
                    async fn order(&self, context: &Context, item: String) -> Result<u8> { Ok(1) }
                    async fn _look(&self) {}
                }
            },
        );
        let text = quote!(#file).to_string();
        assert!(text.contains("other ::") && !text.contains("busway"), "{text}");
    }
}
