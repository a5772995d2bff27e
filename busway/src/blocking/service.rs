use std::collections::HashMap;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::runtime::synchronously;
use crate::{
    Context, Endpoint, Error, ErrorKind, Failure, Payload, RemoteError, Result, Target, Visibility,
    async_trait,
};

type Handler = dyn Fn(Payload, Context) -> Result<Payload, Failure> + Send + Sync;

/// An endpoint of synchronous methods: each request runs on a thread of its own, where it may
/// wait, compute, and call others by [`busway::blocking`](super). See [`service()`].
#[derive(Clone, Default)]
pub struct Service {
    target: Target,
    methods: HashMap<String, Arc<Handler>>,
}

/// Makes an endpoint of a method by name and a function of its arguments and context.
///
/// The arguments are a type that deserializes from a JSON object; what they lack goes back to the
/// caller as [`RemoteKind::InvalidArguments`](crate::RemoteKind::InvalidArguments). Any error
/// becomes a [`Failure`] by `?`. A panic goes back, too, and the server lives on. A caller that no longer waits, and a server that is dropped,
/// do not end a function that runs.
///
/// ```
/// use busway::Target;
/// use busway::blocking::{RpcClient, RpcServer, Transport, service};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Numbers {
///     a: f64,
///     b: f64,
/// }
///
/// let calculator = service("divide", |Numbers { a, b }, _| {
///     if b == 0.0 {
///         return Err(std::io::Error::other("divided by zero").into());
///     }
///     Ok(a / b)
/// })
/// .method("double", |Numbers { a, .. }, _| Ok(a * 2.0));
///
/// let transport = Transport::open("fake://blocking-service")?;
/// let target = Target::new("calculator");
/// let server = RpcServer::builder(&transport, target.clone().with_server("s1"))
///     .endpoint(calculator)
///     .start()?;
/// let client = RpcClient::new(&transport, target);
/// let half: f64 = client.call("divide", serde_json::json!({ "a": 1, "b": 2 }))?;
/// assert_eq!(half, 0.5);
/// server.stop()?;
/// # Ok::<(), busway::Error>(())
/// ```
pub fn service<A, T>(
    method: impl Into<String>,
    function: impl Fn(A, Context) -> Result<T, Failure> + Send + Sync + 'static,
) -> Service
where
    A: DeserializeOwned,
    T: Serialize,
{
    Service::default().method(method, function)
}

impl Service {
    /// Adds a method, or replaces that of the same name.
    #[must_use]
    pub fn method<A, T>(
        mut self,
        method: impl Into<String>,
        function: impl Fn(A, Context) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned,
        T: Serialize,
    {
        let method = method.into();
        let name = method.clone();
        let handler = move |args: Payload, context: Context| {
            let args = args.to().map_err(|error| {
                RemoteError::invalid_arguments(format!("{name}: {}", error.message()))
            })?;
            let value = function(args, context)?;
            Ok(Payload::of(&value)?)
        };
        self.methods.insert(method, Arc::new(handler));
        self
    }

    /// Sets the namespace, version and accepted namespaces that it answers to.
    #[must_use]
    pub fn with_target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }
}

#[async_trait]
impl Endpoint for Service {
    fn target(&self) -> Target {
        self.target.clone()
    }

    fn visibility(&self, method: &str) -> Option<Visibility> {
        let private = method.starts_with('_');
        let visibility = if private { Visibility::Private } else { Visibility::Public };
        self.methods.contains_key(method).then_some(visibility)
    }

    async fn call(
        &self,
        method: &str,
        args: Payload,
        context: Context,
    ) -> Result<Payload, Failure> {
        let Some(handler) = self.methods.get(method).cloned() else {
            return Err(RemoteError::no_such_method(method).into());
        };
        let running = tokio::task::spawn_blocking(move || synchronously(|| handler(args, context)));
        running.await.unwrap_or_else(|error| match error.try_into_panic() {
            // The server answers a panic of a handler, whichever thread it was on.
            Ok(panic) => resume_unwind(panic),
            Err(error) => {
                let message = "the runtime ended before the handler";
                Err(Error::new(ErrorKind::Closed, message).because(error).into())
            }
        })
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("target", &self.target)
            .field("methods", &self.methods.keys())
            .finish()
    }
}
