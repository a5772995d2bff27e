//! Notifiers and listeners as the cases about notifications need them.

use busway_core::notify::{
    Handled, IncomingNotification, NotificationEndpoint, NotificationListener,
    NotificationListenerBuilder, Notifier, Priority, endpoint_fn,
};
use busway_core::{Result, Transport};

use crate::stage::{Journal, PATIENCE};

/// The topic of [`notifier`].
pub(crate) const TOPIC: &str = "events";

/// A notifier of the topic [`TOPIC`], whose notifications must be stored soon.
pub(crate) fn notifier(transport: &Transport) -> Result<Notifier> {
    notifier_of(transport, &[TOPIC])
}

/// A notifier of these topics.
pub(crate) fn notifier_of(transport: &Transport, topics: &[&str]) -> Result<Notifier> {
    Notifier::builder(transport)
        .publisher_id("suite.host")
        .topics(topics.iter().copied())
        .sinks(["messagingv2"])
        .timeout(PATIENCE)
        .build()
}

/// A listener that writes down what it gets of a topic, at every priority.
pub(crate) async fn listen(
    transport: &Transport,
    topic: &str,
    journal: &Journal<IncomingNotification>,
) -> Result<NotificationListener> {
    noting(transport, topic, journal).start().await
}

/// What [`listen`] starts.
pub(crate) fn noting(
    transport: &Transport,
    topic: &str,
    journal: &Journal<IncomingNotification>,
) -> NotificationListenerBuilder {
    NotificationListener::builder(transport).topic(topic).endpoint(hearing(journal))
}

/// An endpoint that writes down what it gets, at every priority.
pub(crate) fn hearing(
    journal: &Journal<IncomingNotification>,
) -> impl NotificationEndpoint + use<> {
    let journal = journal.clone();
    endpoint_fn(Priority::ALL, move |notification| {
        journal.write(notification);
        async { Ok(Handled::Done) }
    })
}
