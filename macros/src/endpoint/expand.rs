use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, ItemImpl, parse_quote};

use super::method::{Method, Output};
use crate::inputs::Inputs;
use crate::options::{Crate, EndpointOptions};

/// The `impl Endpoint`.
pub(super) fn endpoint(
    options: &EndpointOptions,
    block: &ItemImpl,
    methods: &[Method],
) -> TokenStream {
    let EndpointOptions { krate, interface, accepts } = options;
    let ty = &block.self_ty;
    let target = interface.apply(krate, &quote!(#krate::Target::default()));
    let generics = bounded(block);
    let (parameters, _, conditions) = generics.split_for_impl();
    let visibilities = methods.iter().map(|method| visibility(krate, method));
    let calls = methods.iter().map(|method| call(krate, method));
    quote! {
        #[automatically_derived]
        #[#krate::__private::async_trait]
        impl #parameters #krate::rpc::Endpoint for #ty #conditions {
            fn target(&self) -> #krate::Target {
                #target #(.with_accepted_namespace(#accepts))*
            }

            fn visibility(&self, method: &str) -> ::core::option::Option<#krate::rpc::Visibility> {
                match method {
                    #(#visibilities)*
                    _ => ::core::option::Option::None,
                }
            }

            async fn call(
                &self,
                method: &str,
                args: #krate::Payload,
                context: #krate::Context,
            ) -> ::core::result::Result<#krate::Payload, #krate::rpc::Failure> {
                let _ = (&args, &context);
                match method {
                    #(#calls)*
                    _ => ::core::result::Result::Err(
                        #krate::RemoteError::no_such_method(method).into(),
                    ),
                }
            }
        }
    }
}

/// The generics of the block; a generic endpoint must be what any endpoint is.
fn bounded(block: &ItemImpl) -> Generics {
    let mut generics = block.generics.clone();
    if generics.params.iter().next().is_some() {
        let ty = &block.self_ty;
        let bound = parse_quote!(#ty: ::core::marker::Send + ::core::marker::Sync + 'static);
        generics.make_where_clause().predicates.push(bound);
    }
    generics
}

fn visibility(krate: &Crate, method: &Method) -> TokenStream {
    let Method { cfgs, wire, .. } = method;
    let visibility = match (method.exposed, wire.value().starts_with('_')) {
        (true, _) => quote!(Exposed),
        (false, true) => quote!(Private),
        (false, false) => quote!(Public),
    };
    quote! {
        #(#cfgs)*
        #wire => ::core::option::Option::Some(#krate::rpc::Visibility::#visibility),
    }
}

fn call(krate: &Crate, method: &Method) -> TokenStream {
    let Method { cfgs, wire, ident, .. } = method;
    let Inputs { context, parameters } = &method.inputs;
    let context = context
        .as_ref()
        .map(|context| if context.by_reference { quote!(&context,) } else { quote!(context,) });
    let names = parameters.iter().map(|parameter| &parameter.wire);
    let values: Vec<_> = (0..parameters.len()).map(|place| format_ident!("arg{place}")).collect();
    // A list of pairs: `(a, (b, ()))`.
    let types = parameters.iter().rev().fold(quote!(()), |rest, parameter| {
        let ty = &parameter.ty;
        quote_spanned!(ty.span()=> (#ty, #rest))
    });
    let pattern = values.iter().rev().fold(quote!(()), |rest, value| quote!((#value, #rest)));
    // What does not fit is to be blamed on the method, not on the attribute.
    let at_name = Span::call_site().located_at(ident.span());
    let output = quote_spanned!(at_name=> Self::#ident(self, #context #(#values),*).await);
    let at_output = Span::call_site().located_at(method.output_span);
    let outcome = match method.output {
        Output::Value => quote_spanned!(at_output=> #krate::__private::reply(&output)),
        Output::Result { expected: false } => {
            quote_spanned!(at_output=> #krate::__private::outcome(output))
        }
        Output::Result { expected: true } => quote_spanned! {at_output=>
            #krate::__private::outcome(#krate::__private::expected(output))
        },
    };
    quote! {
        #(#cfgs)*
        #wire => {
            let #pattern =
                #krate::__private::arguments::<#types>(#wire, &[#(#names),*], &args)?;
            let output = #output;
            #outcome
        }
    }
}
