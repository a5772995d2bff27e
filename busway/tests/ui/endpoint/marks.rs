#![allow(unused)]

use busway::endpoint;

struct Greeter;

#[endpoint]
impl Greeter {
    #[expected]
    async fn never_fails(&self) -> String {
        String::new()
    }

    #[expose(true)]
    async fn exposed(&self) {}

    #[rename]
    async fn renamed(&self) {}

    #[rename("")]
    async fn empty(&self) {}

    #[endpoint(skpi)]
    async fn skipped(&self) {}

    #[rename("hello")]
    async fn greet(&self) {}

    async fn hello(&self) {}
}

fn main() {}
