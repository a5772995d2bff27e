#![allow(unused)]

use busway::client;

#[client]
struct Greeter;

#[client]
impl Greeter {
    async fn hello(&self) {}
}

fn main() {}
