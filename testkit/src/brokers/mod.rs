//! Broker processes of the tests' own: each with ports, data and logs of its own, that can be
//! killed, stopped in its tracks and started again, and that ends with the test, whatever
//! becomes of it.
//!
//! No container and no service of the machine is used, only the programs that a package brings.

mod group;
mod ports;
mod rabbitmq;

pub use rabbitmq::{Alarm, Clients, RabbitMq, RabbitMqCluster};
