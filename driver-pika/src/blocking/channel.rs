use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use busway_core::{Error, ErrorKind, Result};
use futures_util::FutureExt;
use lapin::options::{BasicQosOptions, ChannelFlowOptions};
use parking_lot::Mutex;

use super::Returned;
use super::callbacks::Callbacks;
use super::session::Session;
use crate::connect::{describe, is_of_a_channel};

/// How many unacknowledged messages a channel is given until it is told otherwise.
const PREFETCH: u16 = 100;

/// A channel of a [`BlockingConnection`](super::BlockingConnection): the counterpart of pika's
/// `BlockingChannel`.
///
/// What is wrong closes a channel, in AMQP: after an error of kind `Refused` or `Undeliverable`
/// (other than [`Unroutable`](super::Unroutable)), open another one.
#[derive(Debug)]
pub struct BlockingChannel {
    pub(super) core: Arc<Core>,
}

/// What a channel and its consumers share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) session: Arc<Session>,
    pub(super) channel: lapin::Channel,
    pub(super) returns: Callbacks<Returned>,
    /// Held by who publishes: confirms and returns are those of the one message.
    pub(super) publishing: Mutex<()>,
    pub(super) confirming: AtomicBool,
    /// Whether returns may be on their way that no confirm tells of.
    pub(super) expecting_returns: AtomicBool,
    /// The highest tag that was handed over.
    pub(super) handed_over: AtomicU64,
    /// Why the channel is not usable any more.
    closed: Mutex<Option<String>>,
}

impl Core {
    /// Prepares one operation and runs it, until the deadline.
    pub(super) fn ask<T, F: Future<Output = lapin::Result<T>>>(
        &self,
        attempted: &'static str,
        prepare: impl FnOnce() -> Result<F>,
    ) -> Result<T> {
        let asked = self.check().and_then(|()| {
            let (operation, deadline) = (prepare()?, self.session.deadline());
            self.session.wait(async {
                let answered = tokio::time::timeout_at(deadline, operation).await;
                let late = |_| Error::new(ErrorKind::Timeout, "the broker did not answer in time");
                answered.map_err(late)?.map_err(|error| self.failed(&error))
            })
        });
        asked.map_err(|error| error.attempted(attempted))
    }

    /// Whether the channel can be used.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(error) = self.session.status.error() {
            return Err(error);
        }
        if !self.channel.status().connected() {
            return Err(self.closed());
        }
        match &*self.closed.lock() {
            Some(reason) => Err(Error::new(ErrorKind::Closed, reason.as_str())),
            None => Ok(()),
        }
    }

    /// Notes why the channel is not usable any more; the first reason stays.
    pub(super) fn give_up(&self, reason: impl Into<String>) {
        self.closed.lock().get_or_insert_with(|| reason.into());
    }

    pub(super) fn failed(&self, error: &lapin::Error) -> Error {
        match error.kind() {
            lapin::ErrorKind::InvalidChannelState(..) | lapin::ErrorKind::InvalidChannel(_) => {
                self.closed()
            }
            lapin::ErrorKind::ProtocolError(_) if is_of_a_channel(error) => {
                let described = describe(error);
                self.give_up(format!("the channel was closed: {}", described.message()));
                described
            }
            _ => self.session.status.error().unwrap_or_else(|| describe(error)),
        }
    }

    fn closed(&self) -> Error {
        let mut closed = self.closed.lock();
        let reason = closed.get_or_insert_with(|| match self.session.status.refusal() {
            Some(reason) => format!("the broker closed the channel: {reason}"),
            None => "the broker closed the channel".to_owned(),
        });
        Error::new(ErrorKind::Closed, reason.as_str())
    }

    /// Fetches what came back of what was published without confirms. The broker answers in
    /// order: once it has answered this, all that came back is here.
    pub(super) fn fetch_returns(&self) -> Result<()> {
        if self.check().is_ok() && self.expecting_returns.swap(false, Ordering::AcqRel) {
            let options = ChannelFlowOptions { active: true };
            self.ask("channel_flow", || Ok(self.channel.channel_flow(options)))?;
        }
        self.take_returns();
        Ok(())
    }

    /// Notes what came back so far.
    pub(super) fn take_returns(&self) {
        if let Some(Ok(returned)) = self.channel.wait_for_confirms().now_or_never() {
            for message in returned {
                self.returns.note(Returned::new(message));
            }
        }
    }
}

impl BlockingChannel {
    pub(super) fn open(session: &Arc<Session>) -> Result<Self> {
        if let Some(error) = session.status.error() {
            return Err(error);
        }
        let deadline = session.deadline();
        let channel = session.wait(async {
            let opened = tokio::time::timeout_at(deadline, session.channel()).await;
            let late = |_| Error::new(ErrorKind::Timeout, "the broker did not answer in time");
            opened.map_err(late)?.map_err(|error| describe(&error))
        })?;
        let core = Arc::new(Core {
            session: session.clone(),
            channel,
            returns: Callbacks::default(),
            publishing: Mutex::default(),
            confirming: AtomicBool::new(false),
            expecting_returns: AtomicBool::new(false),
            handed_over: AtomicU64::new(0),
            closed: Mutex::default(),
        });
        session.add(&core);
        let options = BasicQosOptions::default();
        core.ask("channel", || Ok(core.channel.basic_qos(PREFETCH, options)))?;
        Ok(Self { core })
    }

    /// Whether it can be used: pika's `is_open`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.core.check().is_ok()
    }

    /// Closes the channel: pika's `BlockingChannel.close`. What was taken and not acknowledged
    /// goes back to its queue. To close one that is closed is no error.
    ///
    /// # Errors
    /// `Connection` when the connection is lost meanwhile; `Timeout`.
    pub fn close(&self) -> Result<()> {
        if !self.is_open() {
            return Ok(());
        }
        let channel = &self.core.channel;
        self.core.ask("close", || Ok(channel.close(200, "closed by Busway".into())))?;
        self.core.give_up("the channel was closed");
        Ok(())
    }
}
