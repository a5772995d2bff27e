use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use busway_core::rpc::{Endpoint, Failure, Visibility};
use busway_core::{Context, Payload, Target};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Gate, Journal};

type Method =
    Box<dyn Fn(Payload, Context) -> BoxFuture<'static, Result<Payload, Failure>> + Send + Sync>;

/// An endpoint made of closures.
///
/// ```
/// use busway_testkit::stage::Service;
///
/// #[derive(serde::Deserialize)]
/// struct Pair {
///     a: i64,
///     b: i64,
/// }
///
/// let adder = Service::new().method("add", |pair: Pair, _| async move { Ok(pair.a + pair.b) });
/// ```
#[derive(Default)]
pub struct Service {
    target: Target,
    methods: BTreeMap<&'static str, (Visibility, Method)>,
}

impl Service {
    /// A service without methods, in the null namespace and version 1.0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A service with a method `echo` that returns its arguments.
    #[must_use]
    pub fn echo() -> Self {
        Self::new().method("echo", |args: Value, _| async { Ok(args) })
    }

    /// A service with a method `name` that returns this name.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self::new().method("name", move |_: Value, _| async move { Ok(name) })
    }

    /// Sets its namespace, version and accepted namespaces.
    #[must_use]
    pub fn at(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Adds a method; one whose name starts with an underscore is private.
    #[must_use]
    pub fn method<A, R, F, Running>(self, name: &'static str, run: F) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        F: Fn(A, Context) -> Running + Send + Sync + 'static,
        Running: Future<Output = Result<R, Failure>> + Send + 'static,
    {
        let private = name.starts_with('_');
        let visibility = if private { Visibility::Private } else { Visibility::Public };
        self.visible(name, visibility, run)
    }

    /// Adds a method of this visibility.
    #[must_use]
    pub fn visible<A, R, F, Running>(
        mut self,
        name: &'static str,
        visibility: Visibility,
        run: F,
    ) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        F: Fn(A, Context) -> Running + Send + Sync + 'static,
        Running: Future<Output = Result<R, Failure>> + Send + 'static,
    {
        let method: Method = Box::new(move |args, context| match args.to::<A>() {
            Ok(args) => run(args, context).map(|result| Ok(Payload::of(&result?)?)).boxed(),
            Err(error) => async { Err(error.into()) }.boxed(),
        });
        self.methods.insert(name, (visibility, method));
        self
    }

    /// Adds a method `note` that writes its argument `it` into the journal.
    #[must_use]
    pub fn noting<T>(self, journal: &Journal<T>) -> Self
    where
        T: DeserializeOwned + Send + 'static,
    {
        let journal = journal.clone();
        self.method("note", move |note: Note<T>, _| {
            journal.write(note.it);
            async { Ok(()) }
        })
    }

    /// Adds a method `wait` that waits at the gate.
    #[must_use]
    pub fn waiting(self, gate: &Gate) -> Self {
        let gate = gate.clone();
        self.method("wait", move |_: Value, _| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Ok(())
            }
        })
    }
}

#[derive(serde::Deserialize)]
struct Note<T> {
    it: T,
}

#[async_trait]
impl Endpoint for Service {
    fn target(&self) -> Target {
        self.target.clone()
    }

    fn visibility(&self, method: &str) -> Option<Visibility> {
        self.methods.get(method).map(|(visibility, _)| *visibility)
    }

    async fn call(
        &self,
        method: &str,
        args: Payload,
        context: Context,
    ) -> Result<Payload, Failure> {
        let Some((_, run)) = self.methods.get(method) else {
            let message = format!("the dispatcher let through a method there is not: {method}");
            return Err(Failure::new("Dispatcher", "busway_testkit", message));
        };
        run(args, context).await
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("target", &self.target)
            .field("methods", &self.methods.keys())
            .finish_non_exhaustive()
    }
}
