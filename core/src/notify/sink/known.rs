use std::collections::BTreeMap;
use std::sync::Arc;

use super::Sink;
use crate::{Error, ErrorKind, Result};

/// The sinks of a notifier by name: those that are built in, and those of the service's own.
#[derive(Clone, Debug, Default)]
pub(in crate::notify) struct Known(BTreeMap<String, Entry>);

#[derive(Clone, Debug)]
enum Entry {
    Usable(Arc<dyn Sink>),
    /// There is such a sink, but not for this notifier: why.
    Unusable(ErrorKind, &'static str),
}

impl Known {
    /// Adds a sink, or replaces the one of that name.
    pub(in crate::notify) fn insert(&mut self, name: impl Into<String>, sink: Arc<dyn Sink>) {
        self.0.insert(name.into(), Entry::Usable(sink));
    }

    /// Adds a sink that cannot be used, with the reason.
    pub(in crate::notify) fn refuse(
        &mut self,
        name: impl Into<String>,
        kind: ErrorKind,
        reason: &'static str,
    ) {
        self.0.insert(name.into(), Entry::Unusable(kind, reason));
    }

    /// The sink of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] lists the names there are; for a sink that cannot be used,
    /// the reason.
    pub(in crate::notify) fn find(&self, name: &str) -> Result<Arc<dyn Sink>> {
        match self.0.get(name) {
            Some(Entry::Usable(sink)) => Ok(sink.clone()),
            Some(Entry::Unusable(kind, reason)) => {
                Err(Error::new(*kind, format!("the sink '{name}' cannot be used: {reason}")))
            }
            None => {
                let names: Vec<_> = self.0.keys().map(String::as_str).collect();
                let message = format!("unknown sink '{name}': there are {}", names.join(", "));
                Err(Error::new(ErrorKind::Configuration, message))
            }
        }
    }
}
