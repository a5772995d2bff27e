use std::fmt;

use crate::driver::Request;
use crate::rpc::{AccessPolicy, Endpoint};
use crate::{RemoteError, Target};

/// Finds the endpoint of a request, by the rules of oslo.messaging's `RPCDispatcher`.
pub(super) struct Dispatcher {
    endpoints: Vec<(Target, Box<dyn Endpoint>)>,
    policy: AccessPolicy,
}

impl Dispatcher {
    pub(super) fn new(endpoints: Vec<Box<dyn Endpoint>>, policy: AccessPolicy) -> Self {
        let endpoints = endpoints.into_iter().map(|it| (it.target(), it)).collect();
        Self { endpoints, policy }
    }

    /// The first endpoint that serves the request's namespace and version and has its method.
    ///
    /// `NoSuchMethod` when some endpoint serves namespace and version, `UnsupportedVersion` when
    /// none does. A method that the policy closes is none.
    pub(super) fn find(&self, request: &Request) -> Result<&dyn Endpoint, RemoteError> {
        let version = request.version.unwrap_or_default();
        let mut served = false;
        for (target, endpoint) in &self.endpoints {
            if !target.accepts_namespace(request.namespace.as_deref())
                || !target.version().unwrap_or_default().serves(version)
            {
                continue;
            }
            served = true;
            let visibility = endpoint.visibility(&request.method);
            if visibility.is_some_and(|visibility| self.policy.allows(visibility)) {
                return Ok(endpoint.as_ref());
            }
        }
        Err(if served {
            RemoteError::no_such_method(&request.method)
        } else {
            RemoteError::unsupported_version(&version.to_string(), &request.method)
        })
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.endpoints.iter().map(|(target, _)| target)).finish()
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::rpc::{Failure, Visibility};
    use crate::{Context, Payload, RemoteKind, Version};

    struct Fixed(Target, &'static [(&'static str, Visibility)]);

    #[async_trait]
    impl Endpoint for Fixed {
        fn target(&self) -> Target {
            self.0.clone()
        }

        fn visibility(&self, method: &str) -> Option<Visibility> {
            self.1.iter().find(|(name, _)| *name == method).map(|(_, visibility)| *visibility)
        }

        async fn call(&self, _: &str, _: Payload, _: Context) -> Result<Payload, Failure> {
            Ok(Payload::of(&self.0.to_string())?)
        }
    }

    fn request(method: &str, version: Option<Version>, namespace: Option<&str>) -> Request {
        Request {
            method: method.into(),
            args: Payload::empty_object(),
            version,
            namespace: namespace.map(Into::into),
            context: Context::new(),
        }
    }

    fn dispatcher(policy: AccessPolicy) -> Dispatcher {
        let public = |target, methods| Box::new(Fixed(target, methods)) as Box<dyn Endpoint>;
        let version = |minor| Target::default().with_version(Version::new(1, minor));
        let methods = &[
            ("old", Visibility::Public),
            ("_hidden", Visibility::Private),
            ("open", Visibility::Exposed),
        ];
        let endpoints = vec![
            public(version(1), methods),
            public(version(3), &[("old", Visibility::Public), ("new", Visibility::Public)]),
            public(version(0).with_namespace("admin"), &[("reset", Visibility::Public)]),
        ];
        Dispatcher::new(endpoints, policy)
    }

    fn kind(dispatcher: &Dispatcher, request: &Request) -> Result<Target, RemoteKind> {
        dispatcher.find(request).map(Endpoint::target).map_err(|failure| failure.kind())
    }

    #[test]
    fn the_first_endpoint_that_fits_gets_the_request() {
        let dispatcher = dispatcher(AccessPolicy::Default);
        let found = |request| kind(&dispatcher, &request).map(|target| target.version());
        assert_eq!(found(request("old", None, None)), Ok(Some(Version::new(1, 1))));
        let newer = Some(Version::new(1, 2));
        assert_eq!(found(request("old", newer, None)), Ok(Some(Version::new(1, 3))));
        assert_eq!(found(request("new", None, None)), Ok(Some(Version::new(1, 3))));
        assert_eq!(found(request("reset", None, Some("admin"))), Ok(Some(Version::ONE)));
    }

    #[test]
    fn an_unknown_method_differs_from_an_unserved_version() {
        let dispatcher = dispatcher(AccessPolicy::Default);
        let unknown = |request| kind(&dispatcher, &request).expect_err("not served");
        assert_eq!(unknown(request("missing", None, None)), RemoteKind::NoSuchMethod);
        let version = Some(Version::new(1, 4));
        assert_eq!(unknown(request("old", version, None)), RemoteKind::UnsupportedVersion);
        let version = Some(Version::new(2, 0));
        assert_eq!(unknown(request("old", version, None)), RemoteKind::UnsupportedVersion);
        assert_eq!(unknown(request("old", None, Some("x"))), RemoteKind::UnsupportedVersion);
        assert_eq!(unknown(request("reset", None, None)), RemoteKind::NoSuchMethod);
    }

    #[test]
    fn a_policy_closes_methods() {
        let allowed = |policy| {
            let dispatcher = dispatcher(policy);
            ["old", "_hidden", "open"]
                .map(|method| kind(&dispatcher, &request(method, None, None)).is_ok())
        };
        assert_eq!(allowed(AccessPolicy::Default), [true, false, true]);
        assert_eq!(allowed(AccessPolicy::Explicit), [false, false, true]);
        assert_eq!(allowed(AccessPolicy::Legacy), [true, true, true]);
    }
}
