//! The macros of Busway. Depend on the crate `busway`, which documents and re-exports them:
//! what they write names `::busway`.

mod client;
mod endpoint;
mod errors;
mod inputs;
mod marks;
mod options;
mod parameter;
mod signature;
mod version;

use proc_macro::TokenStream;

use options::{ClientOptions, EndpointOptions};

/// Makes the async methods of an `impl` block the RPC methods of an endpoint.
///
/// See `busway::endpoint`.
#[proc_macro_attribute]
pub fn endpoint(options: TokenStream, item: TokenStream) -> TokenStream {
    let options = syn::parse::<EndpointOptions>(options);
    endpoint::expand(options, &item.into()).into()
}

/// Makes a trait the typed client of an interface.
///
/// See `busway::client`.
#[proc_macro_attribute]
pub fn client(options: TokenStream, item: TokenStream) -> TokenStream {
    let options = syn::parse::<ClientOptions>(options);
    client::expand(options, &item.into()).into()
}
