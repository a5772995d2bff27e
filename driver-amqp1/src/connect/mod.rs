//! From a host to an open connection: TCP, TLS, SASL, Open.
