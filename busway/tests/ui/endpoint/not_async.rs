#![allow(unused)]

use busway::endpoint;

struct Greeter;

#[endpoint]
impl Greeter {
    #[expose]
    fn exposed(&self) {}

    #[rename("other")]
    fn renamed(&self) {}

    fn helper(&self) {}

    async fn fine(&self) {}
}

struct Nothing;

#[endpoint]
impl Nothing {
    pub fn hello(&self) {}
}

fn main() {}
