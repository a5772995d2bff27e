//! Filters: which notifications an endpoint wants.

use busway_core::Context;
use busway_core::notify::{
    Handled, NotificationFilter, NotificationListener, Notifier, Priority, endpoint_fn,
};
use serde_json::{Value, json};

use super::telling::{TOPIC, notifier};
use crate::Harness;
use crate::stage::{Journal, open};
use crate::suite::{CaseResult, cases};

cases! {
    [Notifications]
    an_endpoint_gets_only_the_event_types_it_wants;
    an_endpoint_gets_only_the_publishers_it_wants;
    an_endpoint_gets_only_the_payloads_it_wants;
    an_endpoint_gets_only_the_contexts_it_wants;
    what_no_endpoint_wants_is_done_with;
}

/// What an endpoint with this filter gets of what is told.
async fn wanted<Told>(
    harness: &dyn Harness,
    filter: NotificationFilter,
    told: impl FnOnce(Notifier) -> Told,
) -> CaseResult<Vec<String>>
where
    Told: Future<Output = CaseResult>,
{
    let transport = open(harness).await?;
    let (journal, all) = (Journal::new(), Journal::new());
    let endpoint = |journal: &Journal<String>| {
        let journal = journal.clone();
        endpoint_fn(Priority::ALL, move |notification| {
            journal.write(notification.event_type.clone());
            async { Ok(Handled::Done) }
        })
    };
    let listener = NotificationListener::builder(&transport).topic(TOPIC).concurrency(1);
    let _listener = listener
        .endpoint(endpoint(&journal).with_filter(filter))
        .endpoint(endpoint(&all))
        .start()
        .await?;
    let notifier = notifier(&transport)?;
    told(notifier.clone()).await?;
    // Endpoints come in turn: once the last one has it, the first one had it.
    notifier.info("the end", json!({})).await?;
    let mut ended = false;
    while !ended {
        ended = all.next().await == "the end";
    }
    let mut wanted = journal.rest().await;
    wanted.sort();
    Ok(wanted)
}

async fn an_endpoint_gets_only_the_event_types_it_wants(harness: &dyn Harness) -> CaseResult {
    let filter = NotificationFilter::new().event_type(r"compute\.instance\.")?;
    let wanted = wanted(harness, filter, |notifier| async move {
        for event_type in ["compute.instance.create", "compute.instance", "volume.create"] {
            notifier.info(event_type, json!({})).await?;
        }
        notifier.error("compute.instance.delete", json!({})).await?;
        Ok(())
    });
    assert_eq!(wanted.await?, ["compute.instance.create", "compute.instance.delete"]);
    Ok(())
}

async fn an_endpoint_gets_only_the_publishers_it_wants(harness: &dyn Harness) -> CaseResult {
    let filter = NotificationFilter::new().publisher_id(r"shop\..*$")?;
    let wanted = wanted(harness, filter, |notifier| async move {
        for publisher in ["shop.one", "workshop.two", "shop.three"] {
            let told = notifier.with_publisher(publisher);
            told.info(publisher, json!({})).await?;
        }
        Ok(())
    });
    assert_eq!(wanted.await?, ["shop.one", "shop.three"]);
    Ok(())
}

async fn an_endpoint_gets_only_the_payloads_it_wants(harness: &dyn Harness) -> CaseResult {
    let filter = NotificationFilter::new().payload("state", "^active$")?;
    let wanted = wanted(harness, filter, |notifier| async move {
        let payloads: [(_, Value); 4] = [
            ("one", json!({ "state": "active" })),
            ("two", json!({ "state": "deleted" })),
            ("three", json!({})),
            ("four", json!("active")),
        ];
        for (event_type, payload) in payloads {
            notifier.info(event_type, payload).await?;
        }
        Ok(())
    });
    assert_eq!(wanted.await?, ["one"]);
    Ok(())
}

async fn an_endpoint_gets_only_the_contexts_it_wants(harness: &dyn Harness) -> CaseResult {
    let filter = NotificationFilter::new().context("tenant", "^žlutý")?;
    let wanted = wanted(harness, filter, |notifier| async move {
        for tenant in ["žlutý kůň", "modrý", "-"] {
            let context = Context::new().with("tenant", tenant);
            notifier.prepare().context(context).notify(Priority::Info, tenant, json!({})).await?;
        }
        Ok(())
    });
    assert_eq!(wanted.await?, ["žlutý kůň"]);
    Ok(())
}

async fn what_no_endpoint_wants_is_done_with(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let endpoint = |filter: &str| {
        let journal = journal.clone();
        let filter = NotificationFilter::new().event_type(filter)?;
        let endpoint = endpoint_fn(Priority::Info, move |notification| {
            journal.write(notification.event_type.clone());
            async { Ok(Handled::Done) }
        });
        let listener = NotificationListener::builder(&transport).topic(TOPIC).concurrency(1);
        Ok::<_, busway_core::Error>(listener.endpoint(endpoint.with_filter(filter)))
    };
    let listener = endpoint("wanted$")?.start().await?;
    let notifier = notifier(&transport)?;
    notifier.info("unwanted", json!({})).await?;
    notifier.info("wanted", json!({})).await?;
    assert_eq!(journal.next().await, "wanted");
    crate::stage::soon(listener.stop()).await?;
    // It does not wait for another listener.
    let _listener = endpoint(".*")?.start().await?;
    notifier.info("last", json!({})).await?;
    assert_eq!(journal.next().await, "last");
    Ok(())
}
