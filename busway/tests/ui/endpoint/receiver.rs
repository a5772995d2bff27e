#![allow(unused)]

use busway::endpoint;

struct Greeter;

#[endpoint]
impl Greeter {
    async fn without(name: String) {}

    async fn exclusive(&mut self) {}

    async fn by_value(self) {}

    async fn fine(&self) {}
}

fn main() {}
