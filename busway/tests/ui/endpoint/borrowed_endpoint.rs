#![allow(unused)]

use busway::endpoint;

struct Greeter<'a>(&'a str);

#[endpoint]
impl<'a> Greeter<'a> {
    async fn hello(&self) -> String {
        self.0.to_owned()
    }
}

fn main() {}
