//! What `call` and `cast` have in common.

use std::time::Duration;

use busway::driver::Retry;
use busway::rpc::{Prepared, RpcClient};
use busway::{Payload, Target, Transport, Version};
use clap::Args;

use crate::problem::Outcome;
use crate::values;

// Where a request goes and how it is sent.
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// The topic: the interface that is called.
    pub(crate) topic: String,
    /// The method.
    pub(crate) method: String,
    /// The arguments: key=value each, or one JSON object, or - for one on the standard input.
    ///
    /// A value is JSON if it is JSON, and a string otherwise: n=1 is a number, name=Ada and
    /// zip=01234 are strings, n='"1"' is a string, list='[1, 2]' a list.
    #[arg(value_name = "KEY=VALUE | JSON | -", allow_negative_numbers = true)]
    pub(crate) arguments: Vec<String>,
    /// The one server of the topic that the request goes to; any of them otherwise.
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// The namespace of the method.
    #[arg(long)]
    pub(crate) namespace: Option<String>,
    /// The version of the interface, such as 1.2; 1.0 otherwise.
    #[arg(long, value_name = "MAJOR.MINOR")]
    pub(crate) version: Option<Version>,
    /// The exchange; the configuration's `control_exchange` (openstack) otherwise.
    #[arg(long)]
    pub(crate) exchange: Option<String>,
    /// When to give up: seconds, or with a unit (500ms, 2s, 1m).
    ///
    /// Otherwise `rpc_response_timeout` of the configuration (60 s).
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(crate) timeout: Option<Duration>,
    /// How often a failed send is tried again: -1 for ever, 0 never, or a count.
    ///
    /// With 0 the request runs at most once; otherwise it may run twice after a lost
    /// connection.
    #[arg(long, value_name = "N", value_parser = values::retry, allow_negative_numbers = true)]
    pub(crate) retry: Option<Retry>,
    /// What travels in the request's context; may be repeated. The value is read as an
    /// argument's is.
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::pair)]
    pub(crate) context: Vec<(String, Payload)>,
}

impl RequestArgs {
    /// The arguments of the method.
    pub(crate) fn payload(&self) -> Outcome<Payload> {
        values::arguments(&self.arguments)
    }

    /// The request, all but its method and arguments.
    pub(crate) fn prepare(&self, transport: &Transport) -> Outcome<Prepared> {
        let client = RpcClient::new(transport, self.target());
        let mut prepared = client.prepare().context(values::context(&self.context)?);
        if let Some(timeout) = self.timeout {
            prepared = prepared.timeout(timeout);
        }
        if let Some(retry) = self.retry {
            prepared = prepared.retry(retry);
        }
        Ok(prepared)
    }

    fn target(&self) -> Target {
        let mut target = Target::new(self.topic.as_str());
        if let Some(exchange) = &self.exchange {
            target = target.with_exchange(exchange.as_str());
        }
        if let Some(server) = &self.server {
            target = target.with_server(server.as_str());
        }
        if let Some(namespace) = &self.namespace {
            target = target.with_namespace(namespace.as_str());
        }
        match self.version {
            Some(version) => target.with_version(version),
            None => target,
        }
    }
}
