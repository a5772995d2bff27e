use std::sync::Arc;

use serde::Serialize;

use super::Transport;
use super::runtime::Runtime;
use crate::Result;
use crate::notify::{PreparedNotifier, Priority};

/// Tells whoever listens what happened, and waits until it is stored: [`busway::Notifier`] for
/// programs without a runtime. Cheap to clone and share between threads.
///
/// [`busway::Notifier`]: crate::Notifier
///
/// ```
/// use busway::blocking::{Notifier, Transport};
///
/// let transport = Transport::open("fake://blocking-notifier")?;
/// let notifier = Notifier::new(&transport, "shop.host-1")?;
/// notifier.info("order.created", serde_json::json!({ "id": 7 }))?;
/// # Ok::<(), busway::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Notifier {
    notifier: PreparedNotifier,
    runtime: Runtime,
}

/// A method per priority, beside `notify`.
macro_rules! priorities {
    ($($name:ident, $priority:ident, $text:literal;)*) => {
        $(
            #[doc = concat!("Sends a notification ", $text, ".")]
            ///
            /// # Errors
            /// As [`notify`](Self::notify).
            pub fn $name<P: Serialize>(&self, event_type: &str, payload: P) -> Result<()> {
                self.notify(Priority::$priority, event_type, payload)
            }
        )*
    };
}

impl Notifier {
    /// A notifier with this publisher id (`service.host`, by custom) and what the transport's
    /// configuration says.
    ///
    /// # Errors
    /// As [`busway::Notifier::new`](crate::Notifier::new).
    pub fn new(transport: &Transport, publisher_id: impl Into<Arc<str>>) -> Result<Self> {
        let notifier = crate::Notifier::new(transport.as_async(), publisher_id)?;
        Ok(Self::from_async(transport, &notifier))
    }

    /// A notifier that was made by the async API on the same transport: with other sinks, topics,
    /// retries.
    #[must_use]
    pub fn from_async(transport: &Transport, notifier: &crate::Notifier) -> Self {
        Self { notifier: notifier.prepare(), runtime: transport.runtime().clone() }
    }

    /// The same notifier with other settings: context, publisher id, retry, timeout. Cheap.
    ///
    /// ```
    /// use busway::Context;
    /// use busway::blocking::{Notifier, Transport};
    ///
    /// let transport = Transport::open("fake://blocking-notifier")?;
    /// let notifier = Notifier::new(&transport, "shop.host-1")?;
    /// let context = Context::new().with("user_id", "u1");
    /// notifier.with(|settings| settings.context(context)).audit("order.viewed", ())?;
    /// # Ok::<(), busway::Error>(())
    /// ```
    #[must_use]
    pub fn with(&self, settings: impl FnOnce(PreparedNotifier) -> PreparedNotifier) -> Self {
        Self { notifier: settings(self.notifier.clone()), runtime: self.runtime.clone() }
    }

    /// Sends a notification to every sink, and waits until each has it.
    ///
    /// # Errors
    /// As [`busway::Notifier::notify`](crate::Notifier::notify), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async runtime.
    pub fn notify<P: Serialize>(
        &self,
        priority: Priority,
        event_type: &str,
        payload: P,
    ) -> Result<()> {
        self.runtime.block_on(self.notifier.notify(priority, event_type, payload))
    }

    priorities! {
        audit, Audit, "for auditors";
        debug, Debug, "for those who look for a fault";
        info, Info, "of the usual course";
        warn, Warn, "of what may become a fault";
        error, Error, "of what went wrong";
        critical, Critical, "of what needs somebody at once";
        sample, Sample, "of a measurement";
    }
}
