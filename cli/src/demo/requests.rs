//! The first chapters: calls, a cast, a fan-out.

use busway::{ErrorKind, RemoteError, RpcServer, Target, Transport};
use tokio::sync::mpsc;

use super::greeter::{Greeter, GreetingsClient, Told};
use super::story::{Story, left_over, next};
use crate::exit::Exit;
use crate::problem::{Outcome, Problem};

const SERVERS: [&str; 3] = ["north", "east", "south"];

/// A request, and its reply: a value, a typed error, or the word that nobody is there.
pub(super) async fn calls(story: &mut Story, transport: &Transport) -> Outcome {
    Story::chapter("Calls: a request, and its reply")?;
    let topic = story.topic("greetings");
    let (server, _) = serve(transport, &topic, "desk").await?;
    Story::scene(format_args!("the server desk serves the topic {topic}"))?;
    let client = GreetingsClient::new(transport, Target::new(topic));

    let reply = client.hello("Ada").await?;
    let text = format!("{reply:?}");
    story.happened(
        "call hello(name: \"Ada\")",
        reply.as_str(),
        "Hello Ada, this is desk!",
        text,
    )?;

    let quotient = client.divide(42, 6).await?;
    story.happened("call divide(number: 42, by: 6)", &quotient, &7, quotient)?;

    let failure = failure(client.divide(1, 0).await)?;
    let text = format!("fails there: {failure}");
    story.happened("call divide(number: 1, by: 0)", &*failure.class, "DivisionByZero", text)?;

    if transport.capabilities().mandatory {
        let elsewhere = GreetingsClient::new(transport, Target::new(story.topic("nowhere")));
        let kind = elsewhere.hello("Ada").await.err().map(|error| error.kind());
        let what = "call to a topic that nobody serves";
        story.happened(what, &kind, &Some(ErrorKind::Undeliverable), "fails: undeliverable")?;
    }
    Ok(server.stop().await?)
}

/// A request whose result nobody waits for.
pub(super) async fn cast(story: &mut Story, transport: &Transport) -> Outcome {
    Story::chapter("A cast: a request that nobody waits for")?;
    let topic = story.topic("notes");
    let (server, mut told) = serve(transport, &topic, "desk").await?;

    let client = GreetingsClient::new(transport, Target::new(topic));
    client.note("tea at five").await?;
    let came = next("the note", &mut told).await?;
    let expected = Told { server: "desk", what: "tea at five".to_owned() };
    story.happened("cast note(what: \"tea at five\")", &came, &expected, "desk has it")?;

    // By the reply to a later call, all that came before it has been taken.
    client.hello("Ada").await?;
    server.stop().await?;
    story.happened("nothing else came to desk", &left_over(told).await, &0, "one cast, one copy")
}

/// A request to every server of a topic, and requests to any of them.
pub(super) async fn fanout(story: &mut Story, transport: &Transport) -> Outcome {
    if !transport.capabilities().fanout {
        return Ok(());
    }
    Story::chapter("A fan-out: one cast, a copy for every server")?;
    let topic = story.topic("stations");
    let (sender, mut told) = mpsc::channel(16);
    let mut servers = Vec::new();
    for server in SERVERS {
        let greeter = Greeter { server, told: sender.clone() };
        servers.push(start(transport, &topic, greeter).await?);
    }
    drop(sender);
    let names = SERVERS.join(", ");
    Story::scene(format_args!("{names} serve the topic {topic}"))?;
    let client = GreetingsClient::new(transport, Target::new(topic));

    client.warn("a storm").await?;
    let mut came = Vec::new();
    for _ in SERVERS {
        came.push(next("a copy for every server", &mut told).await?);
    }
    came.sort();
    let mut expected = SERVERS.map(|server| Told { server, what: "a storm".to_owned() });
    expected.sort();
    let text = format!("{names} have a copy each");
    story.happened("fan-out warn(of: \"a storm\")", came.as_slice(), expected.as_slice(), text)?;

    let south = client.with(|call| call.server("south")).hello("Ada").await?;
    let what = "call hello(name: \"Ada\") on south";
    story.happened(what, south.as_str(), "Hello Ada, this is south!", format!("{south:?}"))?;

    let mut answered = Vec::new();
    for _ in 0..6 {
        let reply = client.hello("Ada").await?;
        answered.extend(SERVERS.into_iter().find(|server| reply.contains(server)));
    }
    let count = |server| answered.iter().filter(|one| **one == server).count();
    let text = SERVERS.map(|server| format!("{server} {}", count(server))).join(", ");
    story.happened("6 calls to any of them", &answered.len(), &6, text)?;

    for server in servers {
        server.stop().await?;
    }
    story.happened("nothing came twice", &left_over(told).await, &0, "one copy each")
}

/// The failure that a server answered with.
fn failure<T>(came: busway::Result<T>) -> Outcome<RemoteError> {
    let Err(error) = came else {
        return Err(Problem::new(Exit::Failure, "a call that should fail did not"));
    };
    error.remote().cloned().ok_or_else(|| error.into())
}

/// A server of the demo, and what it will be told by casts.
async fn serve(
    transport: &Transport,
    topic: &str,
    server: &'static str,
) -> Outcome<(RpcServer, mpsc::Receiver<Told>)> {
    let (sender, told) = mpsc::channel(16);
    Ok((start(transport, topic, Greeter { server, told: sender }).await?, told))
}

async fn start(transport: &Transport, topic: &str, greeter: Greeter) -> Outcome<RpcServer> {
    let target = Target::new(topic).with_server(greeter.server);
    Ok(RpcServer::builder(transport, target).endpoint(greeter).start().await?)
}
