use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::{BoxError, Counter};

/// The arguments of a call: a small object of a few types, as services send it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Who orders.
    pub customer: String,
    /// What is ordered.
    pub item: String,
    /// How many.
    pub count: u32,
    /// What one costs, in cents.
    pub cents: u64,
}

impl Order {
    /// An order whose receipt tells it from others.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self {
            customer: "Ada Lovelace".to_owned(),
            item: "difference engine".to_owned(),
            count,
            cents: 1799,
        }
    }

    /// The same of a customer with so long a name that its JSON has so many bytes, or as few more
    /// as there have to be.
    #[must_use]
    pub fn of_bytes(mut self, bytes: usize) -> Self {
        let length = serde_json::to_vec(&self).map_or(0, |json| json.len());
        self.customer.push_str(&"e".repeat(bytes.saturating_sub(length)));
        self
    }

    /// What the server does: next to nothing, so that the way there and back is what is measured.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt { item: self.item.clone(), cents: self.cents * u64::from(self.count) }
    }
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What was ordered.
    pub item: String,
    /// What it costs together, in cents.
    pub cents: u64,
}

/// A way to send an order to a server and to get its receipt back.
pub trait Exchange: Clone + Send + Sync + 'static {
    /// Sends an order and waits for the receipt, a minute at most.
    ///
    /// # Errors
    /// Whatever went wrong on the way.
    fn order(&self, order: &Order) -> impl Future<Output = Result<Receipt, BoxError>> + Send;
}

/// A way to send what nobody answers.
pub trait Telling: Clone + Send + Sync + 'static {
    /// Sends an order to be counted, and returns when the bus has it.
    ///
    /// # Errors
    /// Whatever went wrong on the way.
    fn note(&self, order: &Order) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Sends a notification of an order, and returns when the bus has it.
    ///
    /// # Errors
    /// Whatever went wrong on the way.
    fn notify(&self, order: &Order) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// A way to send to several servers at once.
pub trait Fanning: Clone + Send + Sync + 'static {
    /// Sends an order to each of the servers, and returns when the bus has it.
    ///
    /// # Errors
    /// Whatever went wrong on the way.
    fn fan_out(&self, order: &Order) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// What the servers have heard together.
    fn heard(&self) -> &Counter;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_as_long_as_it_is_asked_to_be() {
        let length = |order: &Order| serde_json::to_vec(order).expect("JSON").len();
        assert_eq!(length(&Order::new(1).of_bytes(1024)), 1024);
        assert_eq!(length(&Order::new(1).of_bytes(1)), length(&Order::new(1)));
    }
}
