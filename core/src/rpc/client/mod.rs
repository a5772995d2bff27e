//! Clients: they call and wait for the reply, or cast and do not.

mod builder;
mod prepared;
mod settings;

use std::pin::pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use builder::RpcClientBuilder;
pub use prepared::Prepared;
use settings::Settings;

use super::trace;
use crate::deadline::after;
use crate::driver::{CallOptions, Request, SendOptions};
use crate::{ContextSerializer, Payload, Result, Target, Transport, Version, spans};

/// Calls the methods of remote servers: oslo.messaging's `RPCClient`. Cheap to clone and share.
///
/// Arguments are anything that serializes to a JSON object (or `()` for none), results anything
/// that deserializes; with [`Value`](crate::Value) both are dynamic.
///
/// ```no_run
/// use busway_core::rpc::RpcClient;
/// use busway_core::{Target, Transport, Value};
/// use serde_json::json;
///
/// # async fn example(transport: Transport) -> busway_core::Result<()> {
/// let client = RpcClient::new(&transport, Target::new("greetings"));
/// let greeting: String = client.call("hello", json!({ "name": "Ada" })).await?;
/// let dynamic: Value = client.prepare().server("host-1").call("status", ()).await?;
/// client.cast("wake_up", ()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RpcClient {
    shared: Arc<Shared>,
    settings: Settings,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    serializer: Option<Arc<dyn ContextSerializer>>,
}

impl RpcClient {
    /// A client of this target, with the configuration's defaults.
    #[must_use]
    pub fn new(transport: &Transport, target: Target) -> Self {
        Self::builder(transport, target).build()
    }

    /// A client of this target, with defaults of its own.
    pub fn builder(transport: &Transport, target: Target) -> RpcClientBuilder {
        RpcClientBuilder::new(transport.clone(), target)
    }

    /// The target that calls go to unless they are prepared otherwise.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.settings.target
    }

    /// A call with settings of its own: another server, a shorter timeout, fan-out. Cheap.
    pub fn prepare(&self) -> Prepared {
        Prepared::new(self.shared.clone(), self.settings.clone())
    }

    /// Calls a method and waits for its result, [`rpc_response_timeout`] at most.
    ///
    /// [`rpc_response_timeout`]: crate::config::CoreOptions::rpc_response_timeout
    ///
    /// # Errors
    /// - [`ErrorKind::Remote`](crate::ErrorKind::Remote): the server answered with a failure;
    ///   [`Error::remote`](crate::Error::remote) has it.
    /// - [`ErrorKind::Undeliverable`](crate::ErrorKind::Undeliverable): nobody serves the target.
    /// - [`ErrorKind::Timeout`](crate::ErrorKind::Timeout): no reply came in time.
    /// - [`ErrorKind::InDoubt`](crate::ErrorKind::InDoubt): the connection was lost after the
    ///   request may have left.
    /// - [`ErrorKind::InvalidTarget`](crate::ErrorKind::InvalidTarget),
    ///   [`VersionCap`](crate::ErrorKind::VersionCap),
    ///   [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    ///   [`Serialization`](crate::ErrorKind::Serialization),
    ///   [`LimitExceeded`](crate::ErrorKind::LimitExceeded): the call itself is wrong, or its
    ///   result is not of the expected type.
    /// - What the driver says when the bus cannot be reached.
    pub fn call<A: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        args: A,
    ) -> impl Future<Output = Result<R>> + Send + use<'_, A, R> {
        self.shared.call(&self.settings, method, args)
    }

    /// Sends a request and returns when the bus has it; nobody waits for a result.
    ///
    /// # Errors
    /// As [`call`](Self::call), but for those of a reply. With fan-out, that nobody listens is no
    /// error.
    pub fn cast<A: Serialize>(
        &self,
        method: &str,
        args: A,
    ) -> impl Future<Output = Result<()>> + Send + use<'_, A> {
        self.shared.cast(&self.settings, method, args)
    }

    /// Whether this version is within the version cap; always, without one.
    #[must_use]
    pub fn can_send_version(&self, version: Version) -> bool {
        self.settings.can_send_version(version)
    }
}

impl Shared {
    fn call<'a, A: Serialize, R: DeserializeOwned>(
        &'a self,
        settings: &'a Settings,
        method: &str,
        args: A,
    ) -> impl Future<Output = Result<R>> + Send + use<'a, A, R> {
        // The arguments are written before the first await: they need not be `Send`.
        let prepared =
            settings.check_for_call().and_then(|()| self.request(settings, method, args));
        let target = &settings.target;
        let timeout =
            settings.timeout.unwrap_or(*self.transport.config().core().rpc_response_timeout);
        let (retry, call_monitor_timeout) = (settings.retry, settings.call_monitor_timeout);
        async move {
            let request = prepared.map_err(|error| error.attempted("call"))?;
            let deadline = after(timeout);
            let options = CallOptions { deadline, retry, call_monitor_timeout };
            let span = trace::send_span(self.transport.system(), "call", target, &request);
            let method = request.method.clone();
            // Pinned here, so that it is not moved from place to place.
            let calling = pin!(async {
                let reply = self.transport.call(target, request, options).await;
                reply.and_then(|payload| payload.to())
            });
            let result = spans::sending(&span, calling).await;
            result.map_err(|error| describe(error, "call", target, &method))
        }
    }

    fn cast<'a, A: Serialize>(
        &'a self,
        settings: &'a Settings,
        method: &str,
        args: A,
    ) -> impl Future<Output = Result<()>> + Send + use<'a, A> {
        let prepared =
            settings.check_for_cast().and_then(|()| self.request(settings, method, args));
        let target = &settings.target;
        let default = self.transport.timeouts().cast;
        let default = default.unwrap_or(*self.transport.config().core().rpc_response_timeout);
        let (timeout, retry) = (settings.timeout, settings.retry);
        async move {
            let request = prepared.map_err(|error| error.attempted("cast"))?;
            let deadline = after(timeout.unwrap_or(default));
            let options = SendOptions { deadline, expiry: timeout.map(|_| deadline), retry };
            let span = trace::send_span(self.transport.system(), "cast", target, &request);
            let method = request.method.clone();
            let casting = self.transport.cast(target, request, options);
            let result = spans::sending(&span, casting).await;
            result.map_err(|error| describe(error, "cast", target, &method))
        }
    }

    fn request<A: Serialize>(&self, settings: &Settings, method: &str, args: A) -> Result<Request> {
        let context = match &self.serializer {
            None => settings.context.clone(),
            Some(serializer) => serializer.serialize(&settings.context)?.into(),
        };
        Ok(Request {
            method: settings::checked_method(method)?,
            args: settings::checked_args(Payload::of(&args)?, &self.transport.config().limits())?,
            version: settings.target.version(),
            namespace: settings.target.shared_namespace(),
            context,
        })
    }
}

fn describe(
    error: crate::Error,
    operation: &'static str,
    target: &Target,
    method: &str,
) -> crate::Error {
    if error.get("method").is_some() {
        return error.attempted(operation);
    }
    error.attempted(operation).with("target", target).with("method", method)
}
