#![allow(unused)]

use busway::endpoint;

#[endpoint]
struct Greeter;

#[endpoint]
impl Clone for Greeter {
    fn clone(&self) -> Self {
        Self
    }
}

#[endpoint]
async fn hello() {}

fn main() {}
