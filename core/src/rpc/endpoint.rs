use std::sync::Arc;

use async_trait::async_trait;

use super::Failure;
use crate::{Context, Payload, Target};

/// The methods of one interface, served under a namespace and a version.
///
/// Mostly written by the attribute `#[endpoint]` of the crate `busway`; by hand it is this:
///
/// ```
/// use busway_core::rpc::{Endpoint, Failure, Visibility};
/// use busway_core::{Context, Payload, async_trait};
///
/// struct Echo;
///
/// #[async_trait]
/// impl Endpoint for Echo {
///     fn visibility(&self, method: &str) -> Option<Visibility> {
///         (method == "echo").then_some(Visibility::Public)
///     }
///
///     async fn call(&self, _: &str, args: Payload, _: Context) -> Result<Payload, Failure> {
///         Ok(args)
///     }
/// }
/// ```
#[async_trait]
pub trait Endpoint: Send + Sync + 'static {
    /// The namespace, version and accepted namespaces it answers to; the null namespace and
    /// version 1.0 by default.
    fn target(&self) -> Target {
        Target::default()
    }

    /// Whether it has the method, and who may call it.
    fn visibility(&self, method: &str) -> Option<Visibility>;

    /// Runs a method that [`visibility`](Self::visibility) knows. The context carries the
    /// caller's values and the deadline after which nobody waits for the result.
    ///
    /// # Errors
    /// What goes back to the caller.
    async fn call(&self, method: &str, args: Payload, context: Context)
    -> Result<Payload, Failure>;
}

#[async_trait]
impl<E: Endpoint + ?Sized> Endpoint for Arc<E> {
    fn target(&self) -> Target {
        (**self).target()
    }

    fn visibility(&self, method: &str) -> Option<Visibility> {
        (**self).visibility(method)
    }

    async fn call(
        &self,
        method: &str,
        args: Payload,
        context: Context,
    ) -> Result<Payload, Failure> {
        (**self).call(method, args, context).await
    }
}

/// Who may call a method, as far as an [`AccessPolicy`] looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Marked as exposed (`#[expose]`): open under every policy.
    Exposed,
    /// A method like any other: closed under the explicit policy.
    Public,
    /// Its name starts with an underscore: open under the legacy policy only.
    Private,
}

/// Which methods of the endpoints a server lets callers reach: oslo.messaging's access policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessPolicy {
    /// All but those whose name starts with an underscore.
    #[default]
    Default,
    /// Only those marked as exposed.
    Explicit,
    /// All.
    Legacy,
}

impl AccessPolicy {
    /// Whether a method of that visibility may be called.
    #[must_use]
    pub fn allows(self, visibility: Visibility) -> bool {
        match self {
            Self::Default => visibility != Visibility::Private,
            Self::Explicit => visibility == Visibility::Exposed,
            Self::Legacy => true,
        }
    }
}
