use busway_core::driver::{NotifyOptions, Retry};
use busway_core::notify::Notification;
use busway_core::{Result, Target};

use crate::attempts::Attempts;
use crate::driver::Shared;
use crate::options::PreSettled;
use crate::wire::{self, Destination, Outgoing};

/// Sends a notification until the peer has accepted it.
pub(crate) async fn notify(
    shared: &Shared,
    target: &Target,
    notification: &Notification,
    options: NotifyOptions,
) -> Result<()> {
    let destination = Destination::of_notifications(target, notification.priority)?;
    let body = wire::encode_notification(notification, options.envelope, &shared.limits)?;
    let outgoing = Outgoing {
        body: Some(body.into()),
        expiry: None,
        message_id: None,
        correlation_id: None,
        at_most_once: false,
    };
    let settled = shared.options.settles(PreSettled::Notify);
    let retry = options.retry.unwrap_or(Retry::Forever);
    let pause = *shared.options.link_retry_delay;
    let late = "the peer did not take the notification in time";
    let attempts = Attempts::new(retry, pause, options.deadline);
    attempts.send(shared, &destination, outgoing, settled, late).await
}
