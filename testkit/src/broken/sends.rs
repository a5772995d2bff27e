//! How sins bend the sending itself: what is lost, doubled, late, or said too early.

use std::time::Duration;

use busway_core::driver::{CallOptions, NotifyOptions, Request, Retry, SendOptions};
use busway_core::notify::Notification;
use busway_core::{Error, ErrorKind, Payload, Result, Target};

use super::Sin;
use super::driver::{Broken, LATE, NEVER};

impl Broken {
    /// Sends in a task of its own.
    fn spawn_cast(&self, target: &Target, request: Request, options: SendOptions, after: Duration) {
        let (inner, target) = (self.inner.clone(), target.clone());
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let options = SendOptions { deadline: options.deadline + NEVER, ..options };
            inner.cast(&target, request, options).await
        });
    }

    pub(super) async fn cast_bent(
        &self,
        target: &Target,
        request: Request,
        options: SendOptions,
    ) -> Result<()> {
        let again = (target.clone(), request.clone());
        let nobody = |error: Error| match error.kind() {
            ErrorKind::Undeliverable if self.sin == Sin::HidesUndeliverable => Ok(()),
            _ => Err(error),
        };
        match self.sin {
            Sin::LosesCasts if self.every(3) => Ok(()),
            Sin::ReordersCasts if self.every(2) => {
                self.spawn_cast(target, request, options, LATE);
                Ok(())
            }
            Sin::AcceptsCastsUnseen => {
                self.spawn_cast(target, request, options, Duration::ZERO);
                Ok(())
            }
            Sin::DuplicatesCasts if self.every(3) => {
                self.inner.cast(&again.0, again.1, options).await?;
                self.inner.cast(target, request, options).await
            }
            Sin::SendsTwiceWithoutRetries if options.retry == Some(Retry::NEVER) => {
                self.inner.cast(&again.0, again.1, options).await?;
                self.inner.cast(target, request, options).await
            }
            Sin::SendsLater => {
                let result = self.inner.cast(target, request, options).await;
                if result.is_err() {
                    let retry = Some(Retry::Forever);
                    let forever = SendOptions { retry, expiry: None, ..options };
                    self.spawn_cast(&again.0, again.1, forever, Duration::ZERO);
                }
                result
            }
            Sin::FansOutToOne if target.fanout() => {
                let one = target.clone().with_fanout(false);
                self.inner.cast(&one, request, options).await
            }
            Sin::FansOutTwice if target.fanout() => {
                let one = again.0.with_fanout(false);
                // Nobody there is no error.
                let _ = self.inner.cast(&one, again.1, options).await;
                self.inner.cast(target, request, options).await
            }
            Sin::FansOutToSomebody if target.fanout() => {
                let one = again.0.with_fanout(false);
                let probe = Request { method: "nobody has this".into(), ..again.1 };
                self.inner.cast(&one, probe, options).await?;
                self.inner.cast(target, request, options).await
            }
            _ => self.inner.cast(target, request, options).await.or_else(nobody),
        }
    }

    pub(super) async fn call_bent(
        &self,
        target: &Target,
        request: Request,
        mut options: CallOptions,
    ) -> Result<Payload> {
        let deadline = options.deadline;
        let SendTwice { first, options: twice } = SendTwice::of(&request, &options);
        match self.sin {
            Sin::RefusesMonitoring if options.call_monitor_timeout.is_some() => {
                return Err(Error::unsupported("monitored calls"));
            }
            Sin::InventsHeartbeats => options.call_monitor_timeout = None,
            Sin::DuplicatesCalls => self.inner.cast(target, first, twice).await?,
            Sin::SendsTwiceWithoutRetries if options.retry == Some(Retry::NEVER) => {
                self.inner.cast(target, first, twice).await?;
            }
            Sin::ForgetsExpiry => options.deadline += NEVER,
            _ => {}
        }
        let calling = self.inner.call(target, request, options);
        let replied = match self.sin {
            Sin::ForgetsExpiry => tokio::time::timeout_at(deadline, calling).await,
            _ => Ok(calling.await),
        };
        let result = replied.unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "no reply")));
        if self.sin == Sin::HidesUndeliverable
            && matches!(&result, Err(error) if error.kind() == ErrorKind::Undeliverable)
        {
            tokio::time::sleep_until(deadline).await;
            return Err(Error::new(ErrorKind::Timeout, "nobody answered"));
        }
        result
    }

    pub(super) async fn notify_bent(
        &self,
        target: &Target,
        notification: Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        let late = |after| {
            let (inner, target) = (self.inner.clone(), target.clone());
            let notification = notification.clone();
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                let options = NotifyOptions { deadline: options.deadline + NEVER, ..options };
                inner.notify(&target, &notification, options).await
            });
        };
        match self.sin {
            Sin::LosesNotifications if self.every(3) => return Ok(()),
            Sin::ReordersNotifications if self.every(2) => {
                late(LATE);
                return Ok(());
            }
            Sin::ConfirmsUnseen => {
                late(Duration::ZERO);
                return Ok(());
            }
            Sin::DuplicatesNotifications if self.every(3) => {
                self.inner.notify(target, &notification, options).await?;
            }
            Sin::StoresNothing if !self.is_listened_to(target) => return Ok(()),
            _ => {}
        }
        self.inner.notify(target, &notification, options).await
    }

    fn is_listened_to(&self, target: &Target) -> bool {
        self.family.taken.lock().contains(target.topic().unwrap_or_default())
    }
}

/// A request that is sent as a cast before it is sent as a call.
struct SendTwice {
    first: Request,
    options: SendOptions,
}

impl SendTwice {
    fn of(request: &Request, options: &CallOptions) -> Self {
        let CallOptions { deadline, retry, .. } = *options;
        let options = SendOptions { deadline, expiry: Some(deadline), retry };
        Self { first: request.clone(), options }
    }
}
