use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{
    CallOptions, Capabilities, Driver, Events, Listener, NotificationSubscription, NotifyOptions,
    Request, Retry, SendOptions,
};
use busway_core::notify::Notification;
use busway_core::{Error, ErrorKind, Payload, Result, Target};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Sin;
use super::family::Shared;
use super::guard::Stuck;
use super::listener::{BrokenListener, Subscribe};

/// Longer than any case takes.
pub(super) const NEVER: Duration = Duration::from_hours(24);
/// How late comes what is out of order, or tried again.
pub(super) const LATE: Duration = Duration::from_millis(50);

/// A driver with a sin.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) inner: Arc<dyn Driver>,
    pub(super) sin: Sin,
    pub(super) family: Arc<Shared>,
    /// Events that nobody sends.
    silence: Events,
    sends: AtomicU64,
    asked: AtomicU64,
    stuck: Stuck,
    lost: AtomicBool,
    closed: AtomicBool,
    one: Mutex<()>,
}

impl Broken {
    pub(super) fn new(inner: Arc<dyn Driver>, family: Arc<Shared>) -> Self {
        Self {
            inner,
            sin: family.sin,
            family,
            silence: Events::new(),
            sends: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            stuck: Stuck::default(),
            lost: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            one: Mutex::new(()),
        }
    }

    /// Whether this is one of every so many sends.
    pub(super) fn every(&self, number: u64) -> bool {
        self.sends.fetch_add(1, Ordering::Relaxed) % number == number - 1
    }

    fn deadline(&self, deadline: Instant) -> Instant {
        if self.sin == Sin::IgnoresDeadlines { deadline + NEVER } else { deadline }
    }

    fn retry(&self, retry: Option<Retry>) -> Option<Retry> {
        match (self.sin, retry) {
            (Sin::RetriesWithoutRetries, Some(Retry::NEVER)) => Some(Retry::Forever),
            (Sin::NeverRetries, _) => Some(Retry::NEVER),
            (_, retry) => retry,
        }
    }

    /// What a send goes through, whatever is sent.
    async fn send<T: Send>(
        &self,
        deadline: Instant,
        sending: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        if self.stuck.is_stuck() {
            tokio::time::sleep_until(deadline).await;
            return Err(Error::new(ErrorKind::Timeout, "somebody holds the lock"));
        }
        if self.lost.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Connection, "there was a failure once"));
        }
        let result = match self.sin {
            Sin::SticksWhenCut => self.stuck.run(sending).await,
            Sin::CallsOneByOne => {
                let _one = self.one.lock().await;
                sending.await
            }
            _ => sending.await,
        };
        result.map_err(|error| match (self.sin, error.kind()) {
            (Sin::NeverComesBack, ErrorKind::Connection | ErrorKind::InDoubt | ErrorKind::Full) => {
                self.lost.store(true, Ordering::Relaxed);
                error
            }
            (Sin::MixesKinds, _) => Error::new(ErrorKind::Internal, error.message()),
            _ => error,
        })
    }

    /// Whether nobody serves, or listens to, this so far; from now on somebody does.
    fn takes(&self, name: String) -> bool {
        self.family.taken.lock().insert(name)
    }
}

#[async_trait]
impl Driver for Broken {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        let declared = self.sin.declares(self.inner.capabilities());
        if self.sin == Sin::ChangesItsMind && self.asked.fetch_add(1, Ordering::Relaxed) == 0 {
            return Capabilities { pools: !declared.pools, ..declared };
        }
        declared
    }

    fn events(&self) -> &Events {
        if self.sin == Sin::TellsNothing { &self.silence } else { self.inner.events() }
    }

    async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload> {
        let mut target = self.sin.target(target);
        if self.sin == Sin::IgnoresServers {
            target = without_server(&target);
        }
        let (request, deadline) = (self.sin.request(request)?, self.deadline(options.deadline));
        let options = CallOptions { deadline, retry: self.retry(options.retry), ..options };
        if self.sin == Sin::GoesOnWhenCut {
            let inner = self.inner.clone();
            return detached(async move { inner.call(&target, request, options).await }).await;
        }
        self.send(deadline, self.call_bent(&target, request, options)).await
    }

    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()> {
        let mut target = self.sin.target(target);
        if self.sin == Sin::IgnoresServers {
            target = without_server(&target);
        }
        let (request, deadline) = (self.sin.request(request)?, self.deadline(options.deadline));
        let expiry = match self.sin {
            Sin::ForgetsExpiry => None,
            Sin::ExpiresCasts => Some(deadline),
            _ => options.expiry,
        };
        let options = SendOptions { deadline, expiry, retry: self.retry(options.retry) };
        if self.sin == Sin::GoesOnWhenCut {
            let inner = self.inner.clone();
            return detached(async move { inner.cast(&target, request, options).await }).await;
        }
        self.send(deadline, self.cast_bent(&target, request, options)).await
    }

    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        let target = self.sin.notification_target(target);
        let (notification, deadline) =
            (self.sin.notification(notification.clone())?, self.deadline(options.deadline));
        let options = NotifyOptions { deadline, retry: self.retry(options.retry), ..options };
        self.send(deadline, self.notify_bent(&target, notification, options)).await
    }

    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        let target = self.sin.target(target);
        let first = self.takes(format!("serves {target}"));
        if self.sin == Sin::RefusesTwins && !first {
            return Err(Error::new(ErrorKind::Refused, "the name is taken"));
        }
        if self.sin == Sin::SubscribesLate {
            let inner = self.inner.clone();
            let subscribe: Subscribe<Request> = Box::pin(async move {
                tokio::time::sleep(LATE).await;
                inner.listen(&target).await
            });
            return Ok(Box::new(BrokenListener::late(subscribe, self.sin)));
        }
        let deaf = !self.takes("a server".to_owned()) && self.sin == Sin::ServesFirst;
        let inner = self.inner.listen(&target).await?;
        Ok(Box::new(BrokenListener::new(inner, self.sin, deaf)))
    }

    async fn listen_notifications(
        &self,
        mut subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        for (target, _) in &mut subscription.sources {
            *target = self.sin.notification_target(target);
            self.takes(target.topic().unwrap_or_default().to_owned());
        }
        let pool = subscription.pool.take();
        subscription.pool = match self.sin {
            Sin::RefusesPools if pool.is_some() => return Err(Error::unsupported("pools")),
            Sin::SharesPools => None,
            Sin::SplitsPools => {
                let number = self.asked.fetch_add(1, Ordering::Relaxed);
                let member = std::ptr::from_ref(self).addr();
                pool.map(|pool| format!("{pool} {member} {number}"))
            }
            _ => pool,
        };
        if self.sin == Sin::SubscribesLate {
            let inner = self.inner.clone();
            let subscribe: Subscribe<Notification> = Box::pin(async move {
                tokio::time::sleep(LATE).await;
                inner.listen_notifications(subscription).await
            });
            return Ok(Box::new(BrokenListener::late(subscribe, self.sin)));
        }
        let first = self.takes("a listener".to_owned());
        let deaf = match self.sin {
            Sin::ServesFirst => !first,
            Sin::HearsNothing => true,
            _ => false,
        };
        let inner = self.inner.listen_notifications(subscription).await?;
        Ok(Box::new(BrokenListener::new(inner, self.sin, deaf)))
    }

    async fn close(&self, deadline: Instant) -> Result<()> {
        let again = self.closed.swap(true, Ordering::Relaxed);
        match self.sin {
            Sin::IgnoresClose => Ok(()),
            Sin::HangsOnClose => std::future::pending().await,
            Sin::FailsSecondClose if again => {
                Err(Error::new(ErrorKind::Closed, "it is closed already"))
            }
            Sin::ClosesOthers => {
                let members = self.family.members.lock().clone();
                for member in members.iter().filter_map(std::sync::Weak::upgrade) {
                    member.close(deadline).await?;
                }
                Ok(())
            }
            _ => self.inner.close(deadline).await,
        }
    }
}

/// Runs in a task of its own, which goes on when this is cut off.
async fn detached<T: Send + 'static>(
    sending: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(sending).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, "the sender was lost").because(error))
    })
}

/// The target without its server.
fn without_server(target: &Target) -> Target {
    let mut bent = Target::new(target.topic().unwrap_or_default()).with_fanout(target.fanout());
    if let Some(exchange) = target.exchange() {
        bent = bent.with_exchange(exchange);
    }
    bent
}
