#![allow(unused)]

use std::borrow::Cow;

use busway::{Context, endpoint};

struct Greeter;

#[endpoint]
impl Greeter {
    async fn pattern(&self, (a, b): (u8, u8)) {}

    async fn unnamed(&self, _: u8) {}

    async fn reference(&self, name: &str) {}

    async fn nested(&self, names: Vec<&str>, cow: Cow<'_, str>) {}

    async fn any(&self, name: impl Into<String>) {}

    async fn generic<T: Into<String>, const N: usize>(&self, name: T) {}

    async fn late(&self, name: String, context: Context) {}

    async fn exclusive(&self, context: &mut Context) {}

    async fn twice(&self, a: u8, #[rename("a")] b: u8) {}

    async fn fine(&self, _: &Context, mut name: String, cow: Cow<'static, str>) {}
}

fn main() {}
