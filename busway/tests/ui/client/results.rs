#![allow(unused)]

use busway::client;

#[client]
trait Greeter {
    async fn result(&self) -> Result<String, std::fmt::Error>;

    async fn alias(&self) -> busway::Result<String>;

    async fn reference(&self) -> &str;

    async fn any(&self) -> impl Send;

    #[cast]
    async fn cast(&self) -> String;

    #[cast(all)]
    async fn fanout(&self);
}

fn main() {}
