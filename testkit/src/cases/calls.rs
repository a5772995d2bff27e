//! Calls and casts: typed and dynamic, one and many, and what is wrong with them before they leave.

use busway_core::driver::Retry;
use busway_core::rpc::RpcClient;
use busway_core::{ErrorKind, Target};
use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Journal, Service, caster, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    a_typed_call_returns_what_its_handler_returned;
    a_dynamic_call_returns_what_its_handler_returned;
    a_call_without_arguments_passes_an_empty_object;
    a_null_result_is_a_result;
    a_result_of_another_type_is_a_serialization_error;
    arguments_that_are_no_object_do_not_leave;
    a_call_without_a_topic_is_an_invalid_target;
    a_call_cannot_fan_out;
    a_method_without_a_name_is_an_invalid_argument;
    a_cast_runs_its_method;
    a_call_to_a_target_nobody_serves_is_undeliverable needs Mandatory;
    a_cast_to_a_target_nobody_serves_is_undeliverable needs Mandatory;
    a_handler_may_call_another_server;
    a_handler_may_call_its_own_topic;
    each_of_many_calls_at_once_gets_its_own_reply;
    a_client_may_be_used_by_many_tasks;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
    price: Option<f64>,
    tags: Vec<String>,
}

async fn a_typed_call_returns_what_its_handler_returned(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::new().method("doubled", |mut order: Order, _| async move {
        order.count *= 2;
        order.tags.push("doubled".to_owned());
        Ok(order)
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let order = Order { item: "tea".to_owned(), count: 21, price: Some(1.5), tags: vec![] };
    let doubled: Order = client(&transport, "topic").call("doubled", order.clone()).await?;
    assert_eq!(doubled, Order { count: 42, tags: vec!["doubled".to_owned()], ..order });
    Ok(())
}

async fn a_dynamic_call_returns_what_its_handler_returned(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let args = json!({ "a": [1, null, true, { "b": "c" }], "d": {}, "e": [], "f": -1.5 });
    let reply: Value = client(&transport, "topic").call("echo", &args).await?;
    assert_eq!(reply, args);
    Ok(())
}

async fn a_call_without_arguments_passes_an_empty_object(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let client = client(&transport, "topic");
    assert_eq!(client.call::<_, Value>("echo", ()).await?, json!({}));
    assert_eq!(client.call::<_, Value>("echo", json!({})).await?, json!({}));
    Ok(())
}

async fn a_null_result_is_a_result(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::new().method("nothing", |_: Value, _| async { Ok(Value::Null) });
    let _server = serve(&transport, "topic", "server", service).await?;
    let client = client(&transport, "topic");
    client.call::<_, ()>("nothing", ()).await?;
    assert_eq!(client.call::<_, Value>("nothing", ()).await?, Value::Null);
    assert_eq!(client.call::<_, Option<u8>>("nothing", ()).await?, None);
    Ok(())
}

async fn a_result_of_another_type_is_a_serialization_error(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::named("text")).await?;
    let client = client(&transport, "topic");
    let error = client.call::<_, u64>("name", ()).await.expect_err("no number");
    assert_eq!(error.kind(), ErrorKind::Serialization);
    assert_eq!(client.call::<_, String>("name", ()).await?, "text");
    Ok(())
}

async fn arguments_that_are_no_object_do_not_leave(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = client(&transport, "topic");
    for args in [json!(1), json!("text"), json!([1, 2]), json!(true)] {
        let error = client.call::<_, ()>("m", &args).await.expect_err("no object");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{args}");
        let error = client.cast("m", &args).await.expect_err("no object");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{args}");
    }
    Ok(())
}

async fn a_call_without_a_topic_is_an_invalid_target(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    for topic in [None, Some("")] {
        let target = topic.map_or_else(Target::default, Target::new);
        let client = RpcClient::new(&transport, target);
        let error = client.call::<_, ()>("m", ()).await.expect_err("no topic");
        assert_eq!(error.kind(), ErrorKind::InvalidTarget);
        let error = client.cast("m", ()).await.expect_err("no topic");
        assert_eq!(error.kind(), ErrorKind::InvalidTarget);
    }
    Ok(())
}

async fn a_call_cannot_fan_out(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let everybody = client(&transport, "topic").prepare().fanout(true);
    let error = everybody.call::<_, ()>("m", ()).await.expect_err("one reply of many");
    assert_eq!(error.kind(), ErrorKind::InvalidTarget);
    Ok(())
}

async fn a_method_without_a_name_is_an_invalid_argument(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let error = client(&transport, "topic").call::<_, ()>("", ()).await.expect_err("no name");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    Ok(())
}

async fn a_cast_runs_its_method(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<u64>::new();
    let _server = serve(&transport, "topic", "server", Service::new().noting(&journal)).await?;
    let expiring = client(&transport, "topic");
    caster(&transport, "topic").cast("note", json!({ "it": 1 })).await?;
    assert_eq!(journal.next().await, 1);
    expiring.cast("note", json!({ "it": 2 })).await?;
    assert_eq!(journal.next().await, 2);
    expiring.call::<_, ()>("note", json!({ "it": 3 })).await?;
    assert_eq!(journal.rest().await, [3], "each ran once");
    Ok(())
}

async fn a_call_to_a_target_nobody_serves_is_undeliverable(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = RpcClient::new(&transport, harness.unserved());
    for retry in [Retry::NEVER, Retry::Times(2), Retry::Forever] {
        let error = soon(client.prepare().retry(retry).call::<_, ()>("m", ())).await;
        let error = error.expect_err("nobody serves it");
        assert_eq!(error.kind(), ErrorKind::Undeliverable, "{retry:?}");
        assert_eq!(error.operation(), Some("call"));
    }
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let elsewhere = client.prepare().topic("topic").server("another");
    let error = soon(elsewhere.call::<_, ()>("echo", ())).await.expect_err("another server");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    Ok(())
}

async fn a_cast_to_a_target_nobody_serves_is_undeliverable(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = RpcClient::new(&transport, harness.unserved());
    for retry in [Retry::NEVER, Retry::Times(2), Retry::Forever] {
        let error = soon(client.prepare().retry(retry).cast("m", ())).await;
        let error = error.expect_err("nobody serves it");
        assert_eq!(error.kind(), ErrorKind::Undeliverable, "{retry:?}");
        assert_eq!(error.operation(), Some("cast"));
    }
    Ok(())
}

async fn a_handler_may_call_another_server(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let inner = client(&transport, "inner");
    let outer = Service::new().method("relay", move |args: Value, _| {
        let inner = inner.clone();
        async move { Ok(inner.call::<_, Value>("echo", args).await?) }
    });
    let _inner = serve(&transport, "inner", "server", Service::echo()).await?;
    let _outer = serve(&transport, "outer", "server", outer).await?;
    let reply: Value = client(&transport, "outer").call("relay", json!({ "a": 1 })).await?;
    assert_eq!(reply, json!({ "a": 1 }));
    Ok(())
}

async fn a_handler_may_call_its_own_topic(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let own = client(&transport, "topic");
    let service = Service::new().method("sum", move |args: Value, _| {
        let own = own.clone();
        async move {
            let up_to = args["up_to"].as_u64().unwrap_or_default();
            if up_to == 0 {
                return Ok(0);
            }
            let rest: u64 = own.call("sum", json!({ "up_to": up_to - 1 })).await?;
            Ok(up_to + rest)
        }
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let sum: u64 = soon(client(&transport, "topic").call("sum", json!({ "up_to": 10 }))).await?;
    assert_eq!(sum, 55);
    Ok(())
}

async fn each_of_many_calls_at_once_gets_its_own_reply(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let client = client(&transport, "topic");
    let calls = (0..300).map(|n| client.call::<_, Value>("echo", json!({ "n": n })));
    for (n, reply) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!(reply?, json!({ "n": n }));
    }
    Ok(())
}

async fn a_client_may_be_used_by_many_tasks(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let client = client(&transport, "topic");
    let tasks = (0..16).map(|n| {
        let client = client.clone();
        tokio::spawn(async move {
            for _ in 0..8 {
                let reply: Value = client.call("echo", json!({ "n": n })).await?;
                assert_eq!(reply, json!({ "n": n }));
            }
            Ok::<_, busway_core::Error>(())
        })
    });
    for ended in soon(try_join_all(tasks)).await? {
        ended?;
    }
    Ok(())
}
