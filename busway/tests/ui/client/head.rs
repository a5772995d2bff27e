#![allow(unused)]

use busway::client;

#[client(version = "one")]
trait Version {
    async fn hello(&self);
}

#[client(accepts("old"))]
trait Options {
    async fn hello(&self);
}

#[client]
trait Generic<T> {
    async fn hello(&self);
}

#[client]
trait Inherits: Send {
    async fn hello(&self);
}

#[client]
trait Duplicates {
    async fn hello(&self);

    #[rename("hello")]
    async fn greet(&self);
}

fn main() {}
