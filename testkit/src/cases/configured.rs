//! What a configuration says and a driver has to heed.

use busway_core::notify::{NotificationListener, Notifier, Priority};
use busway_core::rpc::PING_METHOD;
use busway_core::{Config, ErrorKind, Limits, RemoteError, RemoteKind, Target};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::telling::hearing;
use crate::Harness;
use crate::stage::{Gate, Journal, Service, caster, client, open, open_with, serve, soon};
use crate::suite::{CaseResult, cases};

cases! {
    []
    a_ping_is_answered_where_it_is_enabled needs Rpc;
    a_ping_is_no_method_where_it_is_not_enabled needs Rpc;
    the_configured_timeout_bounds_a_call needs Rpc;
    the_configured_exchange_is_the_scope_of_topics needs Rpc, ExchangesApart;
    the_configured_pool_size_bounds_a_server needs Rpc;
    the_configured_limits_bound_what_is_sent needs Rpc;
    the_configured_topics_are_told_and_heard needs Notifications;
}

async fn a_ping_is_answered_where_it_is_enabled(harness: &dyn Harness) -> CaseResult {
    let transport = open_with(harness, &[("rpc_ping_enabled", "true")]).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let client = client(&transport, "topic");
    assert_eq!(client.call::<_, String>(PING_METHOD, ()).await?, "pong");
    let direct = client.prepare().server("server");
    assert_eq!(direct.call::<_, String>(PING_METHOD, json!({ "any": 1 })).await?, "pong");
    Ok(())
}

async fn a_ping_is_no_method_where_it_is_not_enabled(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let error = client(&transport, "topic").call::<_, String>(PING_METHOD, ()).await;
    let error = error.expect_err("not enabled");
    assert_eq!(error.remote().map(RemoteError::kind), Some(RemoteKind::NoSuchMethod));
    Ok(())
}

async fn the_configured_timeout_bounds_a_call(harness: &dyn Harness) -> CaseResult {
    let transport = open_with(harness, &[("rpc_response_timeout", "0.2")]).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::new().waiting(&gate)).await?;
    let error = soon(caster(&transport, "topic").call::<_, ()>("wait", ())).await;
    assert_eq!(error.expect_err("nobody answered").kind(), ErrorKind::Timeout);
    Ok(())
}

async fn the_configured_exchange_is_the_scope_of_topics(harness: &dyn Harness) -> CaseResult {
    let ours = open_with(harness, &[("control_exchange", "ours")]).await?;
    let theirs = open_with(harness, &[("control_exchange", "theirs")]).await?;
    let _ours = serve(&ours, "topic", "server", Service::named("ours")).await?;
    let _theirs = serve(&theirs, "topic", "server", Service::named("theirs")).await?;
    for (transport, other, name) in [(&ours, "theirs", "ours"), (&theirs, "ours", "theirs")] {
        let client = client(transport, "topic");
        for _ in 0..3 {
            assert_eq!(client.call::<_, String>("name", ()).await?, name);
        }
        let elsewhere = client.prepare().exchange(other);
        assert_eq!(elsewhere.call::<_, String>("name", ()).await?, other);
    }
    Ok(())
}

async fn the_configured_pool_size_bounds_a_server(harness: &dyn Harness) -> CaseResult {
    let transport = open_with(harness, &[("executor_thread_pool_size", "2")]).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::new().waiting(&gate)).await?;
    let client = client(&transport, "topic");
    let calls = try_join_all((0..10).map(|_| client.call::<_, ()>("wait", ())));
    let letting = async {
        for passed in 0..8 {
            gate.entered(passed + 2).await;
            gate.let_pass(1);
        }
        gate.open();
    };
    let (calls, ()) = soon(async { tokio::join!(calls, letting) }).await;
    calls?;
    assert_eq!(gate.most_inside(), 2);
    Ok(())
}

async fn the_configured_limits_bound_what_is_sent(harness: &dyn Harness) -> CaseResult {
    let options = [("max_body_size", "1000"), ("max_body_depth", "4")];
    let transport = open_with(harness, &options).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let shallow = client(&transport, "topic");
    for fits in [json!("x".repeat(800)), json!([[[]]])] {
        let args = json!({ "it": fits });
        assert_eq!(shallow.call::<_, Value>("echo", &args).await?, args);
    }
    for over in [json!("x".repeat(1000)), json!([[[[]]]])] {
        let error = shallow.call::<_, Value>("echo", json!({ "it": over })).await;
        assert_eq!(error.expect_err("over the limit").kind(), ErrorKind::LimitExceeded);
    }

    // The deepest that can be configured; what a driver wraps around it does not count.
    let deepest = Limits::DEEPEST;
    let transport = open_with(harness, &[("max_body_depth", &deepest.to_string())]).await?;
    let _server = serve(&transport, "deep", "server", Service::echo()).await?;
    let deep = client(&transport, "deep");
    // One level is the arguments'.
    let args = json!({ "it": nested(deepest - 1) });
    assert_eq!(deep.call::<_, Value>("echo", &args).await?, args);
    let error = deep.call::<_, Value>("echo", json!({ "it": nested(deepest) })).await;
    assert_eq!(error.expect_err("over the limit").kind(), ErrorKind::LimitExceeded);
    Ok(())
}

/// Arrays in arrays, so many.
fn nested(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, _| json!([inner]))
}

async fn the_configured_topics_are_told_and_heard(harness: &dyn Harness) -> CaseResult {
    let config = Config::builder()
        .set("oslo_messaging_notifications", "topics", "first,second")
        .set("oslo_messaging_notifications", "driver", "messagingv2")
        .build()?;
    let transport = harness.open(config).await?;
    let (heard, second) = (Journal::new(), Journal::new());
    let listener = NotificationListener::builder(&transport).endpoint(hearing(&heard));
    let listener = listener.start().await?;
    let notifier = Notifier::new(&transport, "suite.host")?;
    notifier.notify(Priority::Info, "event", json!({})).await?;
    let came = heard.take(2).await;
    assert_eq!(came[0].message_id, came[1].message_id, "a copy of each topic");
    soon(listener.stop()).await?;

    let target = Target::new("second");
    let listener = NotificationListener::builder(&transport).target(target);
    let _listener = listener.endpoint(hearing(&second)).start().await?;
    notifier.notify(Priority::Info, "of the second topic", json!({})).await?;
    assert_eq!(second.next().await.event_type, "of the second topic");
    Ok(())
}
