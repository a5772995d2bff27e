//! The last chapter: notifications, and a listener that hears those it asked for.

use busway::Transport;
use busway::notify::{Handled, NotificationListener, Notifier, Priority, endpoint_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::story::{Story, left_over, next};
use crate::problem::Outcome;

/// What the notifications tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
}

/// What a service tells whoever listens: stored by the bus until a listener has handled it.
pub(super) async fn heard(story: &mut Story, transport: &Transport) -> Outcome {
    if !transport.capabilities().notifications {
        return Ok(());
    }
    Story::chapter("Notifications: what a service tells whoever listens")?;
    let topic = story.topic("orders");
    let (sender, mut heard) = mpsc::channel(16);
    let endpoint = endpoint_fn([Priority::Info, Priority::Error], move |notification| {
        let sender = sender.clone();
        async move {
            let order: Order = notification.payload.to()?;
            sender.send((notification.priority, notification.event_type.clone(), order)).await?;
            Ok(Handled::Done)
        }
    });
    let listener =
        NotificationListener::builder(transport).topic(topic.as_str()).endpoint(endpoint);
    let listener = listener.start().await?;
    Story::scene(format_args!("a listener hears the topic {topic} at info and error"))?;
    let notifier = Notifier::builder(transport)
        .publisher_id("shop.desk")
        .topics([topic])
        .sinks(["messagingv2"])
        .build()?;

    let tea = Order { item: "tea".to_owned(), count: 2 };
    let told = [(Priority::Info, "order.created"), (Priority::Error, "order.failed")];
    for (priority, event) in told {
        notifier.notify(priority, event, &tea).await?;
        let came = next("the notification", &mut heard).await?;
        let expected = (priority, event.to_owned(), tea.clone());
        let what = format!("{priority} {event} {{tea, 2}}");
        story.happened(&what, &came, &expected, "stored, and heard")?;
    }

    listener.stop().await?;
    story.happened("each was heard once", &left_over(heard).await, &0, "handled, then gone")
}
