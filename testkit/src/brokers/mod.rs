//! Broker processes of the tests' own: each with ports, data and logs of its own, that can be
//! killed, stopped in its tracks and started again, and that ends with the test, whatever
//! becomes of it.
//!
//! No container and no service of the machine is used, only the programs that a package brings.

mod desk;
mod group;
mod ports;
mod proton;
mod rabbitmq;

pub use desk::Desk;
pub use proton::{Proton, ProtonBuilder, Refused};
pub use rabbitmq::{Alarm, Clients, RabbitMq, RabbitMqCluster};
