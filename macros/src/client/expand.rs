use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ItemTrait, Pat, Visibility, parse_quote};

use super::method::{Kind, Method};
use crate::inputs::Inputs;
use crate::options::{ClientOptions, Crate};

/// The struct and its methods.
pub(super) fn client(
    options: &ClientOptions,
    name: &Ident,
    interface: &ItemTrait,
    methods: &[Method],
) -> TokenStream {
    let ClientOptions { krate, interface: side, .. } = options;
    let ItemTrait { attrs, vis, .. } = interface;
    let namespace = side.namespace.iter();
    let version = side.version.iter().map(|version| version.construct(krate));
    let methods = methods.iter().map(|method| define(krate, vis, method));
    quote! {
        #(#attrs)*
        #[derive(Clone, Debug)]
        #vis struct #name {
            calls: #krate::rpc::Prepared,
        }

        // What may fail, and why, stands at `RpcClient::call`.
        #[allow(clippy::missing_errors_doc, clippy::unused_async)]
        impl #name {
            /// A client of this interface at a target, with its namespace and version.
            #[must_use]
            #[allow(dead_code)]
            #vis fn new(transport: &#krate::Transport, target: #krate::Target) -> Self {
                Self::from_client(&#krate::rpc::RpcClient::new(transport, target))
            }

            /// A client of this interface with the settings of another client, but for
            /// namespace and version.
            #[must_use]
            #[allow(dead_code)]
            #vis fn from_client(client: &#krate::rpc::RpcClient) -> Self {
                let calls = client.prepare() #(.namespace(#namespace))* #(.version(#version))*;
                Self { calls }
            }

            /// The same client with other settings: server, timeout, retry, context and more.
            #[must_use]
            #[allow(dead_code)]
            #vis fn with(
                &self,
                settings: impl ::core::ops::FnOnce(#krate::rpc::Prepared) -> #krate::rpc::Prepared,
            ) -> Self {
                let calls = settings(::core::clone::Clone::clone(&self.calls));
                Self { calls }
            }

            #(#methods)*
        }
    }
}

fn define(krate: &Crate, vis: &Visibility, method: &Method) -> TokenStream {
    let Method { attributes, wire, kind, inputs, .. } = method;
    let mut signature = method.signature.clone();
    signature.output = match kind {
        Kind::Call(Some(ty)) => parse_quote!(-> #krate::Result<#ty>),
        _ => parse_quote!(-> #krate::Result<()>),
    };
    let calls = calls(kind, inputs);
    // What does not fit is to be blamed on the method, not on the attribute.
    let at_name = Span::call_site().located_at(method.signature.ident.span());
    // A list: `("a", &a, ("b", &b, ()))`.
    let fields = inputs.parameters.iter().rev().fold(quote!(()), |rest, parameter| {
        let (ident, wire) = (&parameter.ident, &parameter.wire);
        quote_spanned!(at_name=> (#wire, &#ident, #rest))
    });
    let args = quote_spanned!(at_name=> #krate::__private::Named(#fields));
    let body = match kind {
        Kind::Call(Some(ty)) => quote_spanned! {at_name=>
            #calls.call::<_, #ty>(#wire, #args).await
        },
        Kind::Call(None) => quote_spanned! {at_name=>
            #calls.call::<_, #krate::__private::serde::de::IgnoredAny>(#wire, #args).await?;
            ::core::result::Result::Ok(())
        },
        Kind::Cast(_) => quote_spanned!(at_name=> #calls.cast(#wire, #args).await),
    };
    quote! {
        #(#attributes)*
        #vis #signature {
            #body
        }
    }
}

/// What to call on, with the settings that the method brings.
fn calls(kind: &Kind, inputs: &Inputs) -> TokenStream {
    let context = inputs.context.as_ref().map(|context| {
        let name: &Pat = &context.parameter.pat;
        if context.by_reference {
            quote!(.context(::core::clone::Clone::clone(#name)))
        } else {
            quote!(.context(#name))
        }
    });
    let fanout = matches!(kind, Kind::Cast(cast) if cast.fanout).then(|| quote!(.fanout(true)));
    if context.is_none() && fanout.is_none() {
        return quote!(self.calls);
    }
    quote!(::core::clone::Clone::clone(&self.calls) #context #fanout)
}
