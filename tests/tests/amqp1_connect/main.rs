//! How the AMQP 1.0 driver connects: TLS, SASL, what the peer is told, and what goes wrong there.

mod bad_peers;
mod doorman;
mod peer;
mod refused;
mod sasl;
mod stand;
mod tls;
mod told;

use busway_driver_amqp1 as _;
