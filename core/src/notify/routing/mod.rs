//! The sink `routing`: which notification goes to which sinks is said by a YAML file.

mod file;
mod glob;
mod rules;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;

use file::RulesFile;

use super::Notification;
use super::sink::{Attempts, Known, Sink, SinkOptions, timed_out};
use crate::Result;

/// Sends each notification to the sinks that the rules of a file choose: oslo.messaging's driver
/// `routing`. What the rules are is said in [`sink`](super::sink).
#[derive(Debug)]
pub(super) struct RoutingSink {
    file: Arc<RulesFile>,
}

impl RoutingSink {
    /// Reads the rules; the sinks that they may name are those that are known.
    pub(super) fn open(path: PathBuf, known: Known) -> Result<Self> {
        Ok(Self { file: Arc::new(RulesFile::open(path, known)?) })
    }
}

#[async_trait]
impl Sink for RoutingSink {
    async fn send(&self, notification: &Notification, options: &SinkOptions) -> Result<()> {
        let rules = self.file.rules().await;
        let chosen: Vec<_> =
            rules.sinks_for(&notification.event_type, notification.priority).collect();
        let sends = chosen.iter().map(|(name, sink)| {
            tracing::debug!(event_type = notification.event_type, sink = name, "routed");
            timed_out(options.deadline, sink.send(notification, options))
        });
        let mut attempts = Attempts::new("sinks");
        for ((name, _), result) in chosen.iter().zip(join_all(sends).await) {
            attempts.add(name, result);
        }
        attempts.into_result()
    }
}
