//! A typed server and a typed client: `cargo run --example greeter [URL]`.

use busway::{RpcServer, Target, Transport, client, endpoint};

struct Greeter;

#[endpoint(version = "1.0")]
impl Greeter {
    async fn hello(&self, name: String) -> String {
        format!("Hello, {name}!")
    }
}

#[client(version = "1.0")]
trait Greetings {
    async fn hello(&self, name: &str) -> String;
}

#[tokio::main]
async fn main() -> busway::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "fake://".to_owned());
    let transport = Transport::open(&url).await?;
    let target = Target::new("greetings");
    let server = RpcServer::builder(&transport, target.clone().with_server("host-1"));
    let server = server.endpoint(Greeter).start().await?;
    println!("{}", GreetingsClient::new(&transport, target).hello("Ada").await?);
    server.stop().await
}
