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

#[cfg(test)]
mod tests {
    use syn::{File, ImplItem, parse_quote, parse2};

    use super::*;

    fn expanded(options: ClientOptions, item: &TokenStream) -> File {
        parse2(expand(Ok(options), item)).expect("Rust")
    }

    fn docs(attributes: &[syn::Attribute]) -> Vec<String> {
        let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
        docs.map(|doc| quote!(#doc).to_string()).collect()
    }

    #[test]
    fn documentation_is_kept() {
        let file = expanded(
            ClientOptions::default(),
            &quote! {
                /// Of the trait.
                trait Shop {
                    /// Of the method.
                    async fn order(&self);
                }
            },
        );
        let [Item::Struct(client), Item::Impl(block)] = &file.items[..] else {
            panic!("expected a struct and its methods");
        };
        assert_eq!(docs(&client.attrs), [r#"# [doc = r" Of the trait."]"#]);
        let order = block.items.iter().find_map(|item| match item {
            ImplItem::Fn(function) if function.sig.ident == "order" => Some(function),
            _ => None,
        });
        assert_eq!(docs(&order.expect("the method").attrs), [r#"# [doc = r" Of the method."]"#]);
    }

    #[test]
    fn another_crate_takes_the_place_of_the_facade() {
        let options: ClientOptions = parse_quote!(crate = other, namespace = "n", version = "1.0");
        let file = expanded(
            options,
            &quote! {
                trait Shop {
                    async fn order(&self, context: Context, item: &str) -> u8;
                    async fn look(&self);
                    #[cast(fanout)]
                    async fn reload(&self);
                }
            },
        );
        let text = quote!(#file).to_string();
        assert!(text.contains("other ::") && !text.contains("busway"), "{text}");
    }
}
