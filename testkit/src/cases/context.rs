//! Contexts: what travels beside a request.

use std::sync::Arc;

use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Context, ContextSerializer, Error, ErrorKind, Result, Target};
use futures_util::future::try_join_all;
use serde_json::{Map, Value, json};

use crate::Harness;
use crate::stage::{Journal, PATIENCE, Service, caster, client, open, serve};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    a_context_reaches_the_handler_of_a_call;
    a_context_reaches_the_handler_of_a_cast;
    a_context_reaches_every_server_of_a_fan_out needs Fanout;
    the_trace_context_reaches_the_handler;
    each_of_many_calls_at_once_has_its_own_context;
    a_context_serializer_sees_both_ends;
    a_context_that_cannot_be_serialized_is_not_sent;
    a_context_that_cannot_be_read_is_a_remote_failure;
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn rich() -> Map<String, Value> {
    let values = json!({
        "user_id": "u-1",
        "is_admin": true,
        "nothing": null,
        "count": u64::MAX,
        "ratio": -0.25,
        "roles": ["member", "žlutý 🐎"],
        "nested": { "a": { "b": [{}, []] } },
        "": "the empty key",
        "_private": 1,
        "method": "not the method",
        "args": { "it": "not the arguments" },
        "version": "9.9",
        "namespace": "nowhere",
        "_reply_q": "not a queue",
        "_timeout": "not a timeout",
        "_unique_id": "not an id",
    });
    values.as_object().cloned().unwrap_or_default()
}

/// A service whose method `values` returns and writes down the context's values.
fn telling(journal: &Journal<Map<String, Value>>) -> Service {
    let journal = journal.clone();
    Service::new().method("values", move |_: Value, context: Context| {
        journal.write(context.values().clone());
        async move { Ok(context.into_values()) }
    })
}

async fn a_context_reaches_the_handler_of_a_call(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", telling(&Journal::new())).await?;
    let client = client(&transport, "topic");
    let values: Map<String, Value> =
        client.prepare().context(rich().into()).call("values", ()).await?;
    assert_eq!(values, rich());
    let values: Map<String, Value> = client.call("values", ()).await?;
    assert_eq!(values, Map::new(), "without a context");
    Ok(())
}

async fn a_context_reaches_the_handler_of_a_cast(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _server = serve(&transport, "topic", "server", telling(&journal)).await?;
    let caster = caster(&transport, "topic");
    caster.prepare().context(rich().into()).cast("values", ()).await?;
    assert_eq!(journal.next().await, rich());
    Ok(())
}

async fn a_context_reaches_every_server_of_a_fan_out(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _one = serve(&transport, "topic", "one", telling(&journal)).await?;
    let _two = serve(&transport, "topic", "two", telling(&journal)).await?;
    let everybody = caster(&transport, "topic").prepare().fanout(true);
    everybody.context(rich().into()).cast("values", ()).await?;
    assert_eq!(journal.take(2).await, [rich(), rich()]);
    Ok(())
}

async fn the_trace_context_reaches_the_handler(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::new().method("trace", |_: Value, context: Context| async move {
        Ok(context.traceparent().map(str::to_owned))
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let traced = client(&transport, "topic").prepare();
    let traced = traced.context(Context::new().with_traceparent(TRACE));
    let trace: Option<String> = traced.call("trace", ()).await?;
    assert_eq!(trace.as_deref(), Some(TRACE));
    Ok(())
}

async fn each_of_many_calls_at_once_has_its_own_context(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", telling(&Journal::new())).await?;
    let client = client(&transport, "topic");
    let calls = (0..50).map(|n| {
        let prepared = client.prepare().context(Context::new().with("n", n));
        async move { prepared.call::<_, Value>("values", ()).await }
    });
    for (n, values) in try_join_all(calls).await?.into_iter().enumerate() {
        assert_eq!(values, json!({ "n": n }));
    }
    Ok(())
}

/// Marks what it serializes and what it deserializes; refuses what is marked `refused`.
#[derive(Debug)]
struct Marking;

impl ContextSerializer for Marking {
    fn serialize(&self, context: &Context) -> Result<Map<String, Value>> {
        refuse("refused here", context.get("refuse"), "serialize")?;
        Ok(context.clone().with("serialized", true).into_values())
    }

    fn deserialize(&self, values: Map<String, Value>) -> Result<Context> {
        refuse("refused there", values.get("refuse"), "deserialize")?;
        Ok(Context::from(values).with("deserialized", true))
    }
}

fn refuse(message: &str, asked: Option<&Value>, at: &str) -> Result<()> {
    if asked.and_then(Value::as_str) == Some(at) {
        return Err(Error::new(ErrorKind::Serialization, message));
    }
    Ok(())
}

async fn marked(
    harness: &dyn Harness,
    journal: &Journal<Map<String, Value>>,
) -> CaseResult<(RpcServer, RpcClient)> {
    let transport = open(harness).await?;
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(telling(journal));
    let server = server.context_serializer(Arc::new(Marking)).start().await?;
    let client = RpcClient::builder(&transport, Target::new("topic")).timeout(PATIENCE);
    Ok((server, client.context_serializer(Arc::new(Marking)).build()))
}

async fn a_context_serializer_sees_both_ends(harness: &dyn Harness) -> CaseResult {
    let (_server, client) = marked(harness, &Journal::new()).await?;
    let prepared = client.prepare().context(Context::new().with("a", 1));
    let values: Value = prepared.call("values", ()).await?;
    assert_eq!(values, json!({ "a": 1, "serialized": true, "deserialized": true }));
    Ok(())
}

async fn a_context_that_cannot_be_serialized_is_not_sent(harness: &dyn Harness) -> CaseResult {
    let journal = Journal::new();
    let (_server, client) = marked(harness, &journal).await?;
    let bad = client.prepare().context(Context::new().with("refuse", "serialize"));
    let error = bad.call::<_, Value>("values", ()).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Serialization);
    let error = bad.cast("values", ()).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Serialization);
    client.call::<_, Value>("values", ()).await?;
    assert_eq!(journal.rest().await.len(), 1);
    Ok(())
}

async fn a_context_that_cannot_be_read_is_a_remote_failure(harness: &dyn Harness) -> CaseResult {
    let journal = Journal::new();
    let (_server, client) = marked(harness, &journal).await?;
    let bad = client.prepare().context(Context::new().with("refuse", "deserialize"));
    let error = bad.call::<_, Value>("values", ()).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert!(error.remote().is_some_and(|it| it.message.contains("refused there")), "{error}");
    client.call::<_, Value>("values", ()).await?;
    assert_eq!(journal.rest().await.len(), 1);
    Ok(())
}
