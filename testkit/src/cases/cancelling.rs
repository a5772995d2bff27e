//! Cancelling: a future that is dropped at any await leaves everything usable.

use busway_core::{Config, Transport};
use serde_json::{Value, json};

use super::telling::{TOPIC, listen, notifier};
use crate::Harness;
use crate::stage::{Cut, Gate, Journal, Service, caster, client, open, polled, serve, soon, until};
use crate::suite::{CaseResult, Failed, cases};

/// More awaits than any operation has.
const MANY: usize = 200;

cases! {
    []
    opening_may_be_cut_at_any_await needs Rpc;
    a_call_may_be_cut_at_any_await needs Rpc;
    a_call_that_waits_may_be_cut needs Rpc;
    a_cast_may_be_cut_at_any_await needs Rpc;
    a_fan_out_may_be_cut_at_any_await needs Rpc, Fanout;
    a_start_of_a_server_may_be_cut_at_any_await needs Rpc;
    a_stop_of_a_server_may_be_cut_at_any_await needs Rpc;
    a_wait_for_a_server_may_be_cut_at_any_await needs Rpc;
    closing_may_be_cut_at_any_await needs Rpc;
    a_notification_may_be_cut_at_any_await needs Notifications;
    a_start_of_a_listener_may_be_cut_at_any_await needs Notifications;
    a_stop_of_a_listener_may_be_cut_at_any_await needs Notifications;
    what_is_cut_is_not_held needs Rpc, Count;
    what_is_cut_while_the_bus_is_away_is_not_sent_later needs Rpc, Notifications, Sever;
}

/// Makes the future anew for each await it has, cuts it there, and checks what is left; ends once
/// it has come to its own end.
async fn cut_at_every_await<T, Made, Checked>(
    make: impl Fn() -> Made,
    check: impl Fn() -> Checked,
) -> CaseResult
where
    Made: Future<Output = Result<T, Failed>>,
    Checked: Future<Output = CaseResult>,
{
    for awaits in 1..MANY {
        let cut = soon(polled(awaits, make())).await;
        check().await?;
        if let Cut::Ended(ended) = cut {
            ended?;
            return Ok(());
        }
    }
    Err(Failed::new(format!("the operation did not end within {MANY} polls")))
}

/// A call goes through.
async fn usable(transport: &Transport) -> CaseResult {
    let reply: Value = client(transport, "topic").call("echo", json!({ "sane": true })).await?;
    assert_eq!(reply, json!({ "sane": true }));
    Ok(())
}

async fn opening_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let opening = || async { Ok(harness.open(Config::new()).await?) };
    let opened = || async { usable(&open(harness).await?).await };
    cut_at_every_await(opening, opened).await
}

async fn a_call_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let client = client(&transport, "topic");
    let calling = || async { Ok(client.call::<_, Value>("echo", json!({ "cut": true })).await?) };
    cut_at_every_await(calling, || usable(&transport)).await
}

async fn a_call_that_waits_may_be_cut(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::echo().waiting(&gate)).await?;
    let client = client(&transport, "topic");
    for round in 1..20 {
        tokio::select! {
            reply = client.call::<_, ()>("wait", ()) => panic!("the gate is shut: {reply:?}"),
            () = gate.entered(round) => {}
        }
        usable(&transport).await?;
    }
    // The replies come now, and nobody is there for them.
    gate.open();
    gate.left(19).await;
    usable(&transport).await
}

async fn a_cast_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<u64>::new();
    let service = Service::echo().noting(&journal);
    let _server = serve(&transport, "topic", "server", service).await?;
    let caster = caster(&transport, "topic");
    let casting = || async { Ok(caster.cast("note", json!({ "it": 1 })).await?) };
    cut_at_every_await(casting, || usable(&transport)).await?;
    assert_eq!(journal.next().await, 1);
    Ok(())
}

async fn a_fan_out_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<u64>::new();
    let _one = serve(&transport, "topic", "one", Service::echo().noting(&journal)).await?;
    let _two = serve(&transport, "topic", "two", Service::echo().noting(&journal)).await?;
    let everybody = caster(&transport, "topic").prepare().fanout(true);
    let casting = || async { Ok(everybody.cast("note", json!({ "it": 1 })).await?) };
    cut_at_every_await(casting, || usable(&transport)).await?;
    assert_eq!(journal.take(2).await, [1, 1]);
    Ok(())
}

async fn a_start_of_a_server_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let starting = || async { Ok(serve(&transport, "topic", "server", Service::echo()).await?) };
    // Nothing that was cut takes requests: each call is answered by the server that was started.
    let check = || async {
        let server = serve(&transport, "topic", "server", Service::echo()).await?;
        for _ in 0..4 {
            usable(&transport).await?;
        }
        soon(server.stop()).await?;
        Ok(())
    };
    cut_at_every_await(starting, check).await
}

async fn a_stop_of_a_server_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let stopping = || async {
        let server = serve(&transport, "topic", "server", Service::echo()).await?;
        Ok(server.stop().await?)
    };
    let check = || async {
        let _server = serve(&transport, "topic", "server", Service::echo()).await?;
        usable(&transport).await
    };
    cut_at_every_await(stopping, check).await
}

async fn a_wait_for_a_server_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let mut server = serve(&transport, "topic", "server", Service::echo()).await?;
    for _ in 0..5 {
        assert_eq!(polled(1, server.wait()).await.ended().map(|it| it.is_ok()), None);
        usable(&transport).await?;
    }
    soon(transport.close()).await?;
    soon(server.wait()).await?;
    Ok(())
}

async fn closing_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let other = open(harness).await?;
    let _server = serve(&other, "topic", "server", Service::echo()).await?;
    let closing = || async {
        let transport = open(harness).await?;
        usable(&transport).await?;
        let closed = transport.close().await;
        Ok::<_, Failed>(closed?)
    };
    cut_at_every_await(closing, || usable(&other)).await?;
    // A close that was cut can be finished.
    for awaits in 1..10 {
        let transport = open(harness).await?;
        soon(polled(awaits, transport.close())).await;
        soon(transport.close()).await?;
    }
    usable(&other).await
}

async fn a_notification_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let notifier = notifier(&transport)?;
    let telling = || async { Ok(notifier.info("cut", json!({})).await?) };
    let check = || async {
        notifier.info("whole", json!({})).await?;
        while journal.next().await.event_type != "whole" {}
        Ok(())
    };
    cut_at_every_await(telling, check).await
}

async fn a_start_of_a_listener_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let notifier = notifier(&transport)?;
    let nobody = Journal::new();
    let starting = || async {
        let listener = listen(&transport, TOPIC, &nobody).await?;
        Ok(soon(listener.stop()).await?)
    };
    // Nothing that was cut takes notifications, or keeps what it took.
    let check = || async {
        let listener = listen(&transport, TOPIC, &journal).await?;
        for _ in 0..4 {
            notifier.info("event", json!({})).await?;
            journal.next().await;
        }
        Ok(soon(listener.stop()).await?)
    };
    cut_at_every_await(starting, check).await
}

async fn a_stop_of_a_listener_may_be_cut_at_any_await(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let notifier = notifier(&transport)?;
    let nobody = Journal::new();
    let stopping = || async {
        let listener = listen(&transport, TOPIC, &nobody).await?;
        Ok::<_, Failed>(listener.stop().await?)
    };
    let check = || async {
        notifier.info("event", json!({})).await?;
        let listener = listen(&transport, TOPIC, &journal).await?;
        // Unless the listener that is being cut has it.
        notifier.info("event", json!({})).await?;
        journal.next().await;
        Ok(soon(listener.stop()).await?)
    };
    cut_at_every_await(stopping, check).await
}

async fn what_is_cut_is_not_held(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::echo().waiting(&gate)).await?;
    let client = client(&transport, "topic");
    usable(&transport).await?;
    let before = harness.held().await?;
    for round in 1..50 {
        tokio::select! {
            reply = client.call::<_, ()>("wait", ()) => panic!("the gate is shut: {reply:?}"),
            () = gate.entered(round) => {}
        }
    }
    gate.open();
    gate.left(49).await;
    soon(until(async || Ok(harness.held().await? <= before))).await
}

async fn what_is_cut_while_the_bus_is_away_is_not_sent_later(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let (ran, told) = (Journal::<u64>::new(), Journal::new());
    let _server = serve(&theirs, "topic", "server", Service::echo().noting(&ran)).await?;
    let _listener = listen(&theirs, TOPIC, &told).await?;
    usable(&ours).await?;
    let (client, notifier) = (client(&ours, "topic"), notifier(&ours)?);
    harness.sever().await?;
    assert!(polled(1, client.call::<_, ()>("note", json!({ "it": 1 }))).await.ended().is_none());
    assert!(polled(1, client.cast("note", json!({ "it": 2 }))).await.ended().is_none());
    assert!(polled(1, notifier.info("cut", json!({}))).await.ended().is_none());
    harness.heal().await?;
    for _ in 0..5 {
        usable(&ours).await?;
        notifier.info("whole", json!({})).await?;
        assert_eq!(told.next().await.event_type, "whole");
    }
    assert_eq!(ran.rest().await, [0_u64; 0]);
    Ok(())
}
