#![allow(unused)]

use busway::client;

#[client]
trait Greeter {
    fn not_async(&self);

    async fn without_self(name: String);

    async fn exclusive(&mut self);

    async fn pattern(&self, (a, b): (u8, u8));

    async fn any(&self, name: impl Into<String>);

    async fn generic<T>(&self, name: T);

    async fn with_body(&self) {
        println!("here")
    }

    async fn new(&self);

    const ANSWER: u8;
}

fn main() {}
