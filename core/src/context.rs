//! What travels beside a request: the caller's values, the trace, the time that is left.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{Payload, Result};

/// The key under which the W3C trace context travels.
pub const TRACEPARENT: &str = "traceparent";

/// What travels beside a request or a notification: named JSON values of the caller
/// (oslo.messaging's `ctxt`), among them the W3C `traceparent`, and, on the receiving side, the
/// deadline after which nobody waits for an answer. Cloning is cheap: the values are shared.
///
/// ```
/// use busway_core::Context;
///
/// let context = Context::new().with("user_id", "u1").with("is_admin", true);
/// assert_eq!(context.get("user_id").and_then(|id| id.as_str()), Some("u1"));
/// ```
#[derive(Clone, Default)]
pub struct Context {
    /// Shared by the clones; none when there are no values.
    values: Option<Arc<Map<String, Value>>>,
    deadline: Option<Instant>,
}

static NO_VALUES: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl Context {
    /// An empty context.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// Adds a value, or replaces it.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        Arc::make_mut(self.values.get_or_insert_default()).insert(key.into(), value.into());
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.as_ref()?.get(key)
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> &Map<String, Value> {
        self.values.as_deref().unwrap_or(&NO_VALUES)
    }

    /// All values, owned.
    #[must_use]
    pub fn into_values(self) -> Map<String, Value> {
        self.values.map(Arc::unwrap_or_clone).unwrap_or_default()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values().is_empty()
    }

    /// Makes a context of the fields of a value of your own.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`](crate::ErrorKind::Serialization) when it is no JSON object.
    pub fn from_fields<T: Serialize>(fields: &T) -> Result<Self> {
        Payload::of(fields)?.to::<Map<String, Value>>().map(Self::from)
    }

    /// Reads the values as a type of your own.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`](crate::ErrorKind::Serialization) names the value that does
    /// not fit.
    pub fn to_fields<T: DeserializeOwned>(&self) -> Result<T> {
        Payload::of(self.values())?.to()
    }

    /// The W3C trace context, when the caller sent one.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.get(TRACEPARENT).and_then(Value::as_str)
    }

    /// Sets the W3C trace context.
    #[must_use]
    pub fn with_traceparent(self, traceparent: impl Into<String>) -> Self {
        self.with(TRACEPARENT, traceparent.into())
    }

    /// The deadline after which the caller no longer waits; `None` where it never told one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time until the deadline; zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Sets the deadline, as a server does with what the message carried.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }
}

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values() && self.deadline == other.deadline
    }
}

impl fmt::Debug for Context {
    /// The keys only: a value may be a token that nobody should read in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("keys", &self.values.iter().flat_map(|values| values.keys()).collect::<Vec<_>>())
            .field("deadline", &self.deadline)
            .finish()
    }
}

impl From<Map<String, Value>> for Context {
    fn from(values: Map<String, Value>) -> Self {
        Self { values: (!values.is_empty()).then(|| Arc::new(values)), deadline: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Login {
        user: String,
        admin: bool,
    }

    #[test]
    fn a_type_of_ones_own_goes_in_and_comes_out() {
        let login = Login { user: "u".to_owned(), admin: true };
        let context = Context::from_fields(&login).expect("an object");
        assert_eq!(context.to_fields::<Login>().expect("a login"), login);
        assert!(Context::from_fields(&1).is_err());
    }

    #[test]
    fn a_clone_has_its_own_values_from_then_on() {
        let original = Context::new().with("a", 1);
        let changed = original.clone().with("a", 2);
        assert_eq!((original.get("a"), changed.get("a")), (Some(&1.into()), Some(&2.into())));
        assert_eq!(Context::from(Map::new()), Context::new());
        assert!(Context::new().into_values().is_empty());
    }

    #[test]
    fn a_context_shows_its_keys_and_no_value() {
        let shown = format!("{:?}", Context::new().with("auth_token", "t0ps3cret"));
        assert!(shown.contains("auth_token"));
        assert!(!shown.contains("t0ps3cret"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_remaining_time_ends_at_zero() {
        let deadline = Instant::now() + Duration::from_secs(2);
        let context = Context::new().with_deadline(Some(deadline));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(context.remaining(), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(context.remaining(), Some(Duration::ZERO));
    }
}
