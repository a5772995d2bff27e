//! One messaging API, many buses.

#[doc(hidden)]
pub use busway_core::__private;
pub use busway_core::rpc::{
    AccessPolicy, Endpoint, Failure, Prepared, RpcClient, RpcClientBuilder, RpcServer,
    RpcServerBuilder, Visibility,
};
pub use busway_core::{
    Config, Context, ContextSerializer, Error, ErrorKind, Format, Limits, MASK, Payload,
    RemoteError, RemoteKind, Result, Secret, TRACEPARENT, Target, Transport, TransportBuilder,
    TransportUrl, Value, Version, async_trait,
};
pub use busway_core::{codec, config, driver, error, notify, rpc, url};
pub use busway_macros::{client, endpoint};
