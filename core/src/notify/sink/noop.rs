use async_trait::async_trait;

use super::{Sink, SinkOptions};
use crate::Result;
use crate::notify::Notification;

/// Nobody: oslo.messaging's driver `noop`.
#[derive(Debug)]
pub(in crate::notify) struct NoopSink;

#[async_trait]
impl Sink for NoopSink {
    async fn send(&self, _: &Notification, _: &SinkOptions) -> Result<()> {
        Ok(())
    }
}
