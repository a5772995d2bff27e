//! Configuration through its public face: files, environment, code, and what is wrong with them.

mod deprecated;
mod environment;
mod explain;
mod files;
mod interpolation;
mod pigeon;
mod sample;
mod unknown;
mod values;
mod warned;
