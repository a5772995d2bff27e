use std::time::Duration;

use busway::{RpcClient, Target, Transport};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;

use crate::{BoxError, resident};

/// What they call.
pub const TOPIC: &str = "topic-0";
/// How many connections are made at a time.
const AT_A_TIME: usize = 4;
const TIMEOUT: Duration = Duration::from_mins(5);

/// Clients in this process, each on a connection of its own.
#[derive(Debug)]
pub struct Clients(Vec<RpcClient>);

#[derive(serde::Serialize)]
struct Args {
    number: usize,
}

impl Clients {
    /// Opens so many, and has each call once; they, and how many bytes they hold together.
    ///
    /// # Errors
    /// What keeps one of them from calling.
    pub async fn open(url: &str, count: usize) -> Result<(Self, u64), BoxError> {
        let before = resident::bytes()?;
        let opening = (0..count).map(|number| async move {
            let client = RpcClient::new(&Transport::open(url).await?, Target::new(TOPIC));
            call(&client, number).await.map(|()| client)
        });
        let clients = stream::iter(opening).buffer_unordered(AT_A_TIME).try_collect().await?;
        Ok((Self(clients), resident::bytes()?.saturating_sub(before)))
    }

    /// Has all of them call at once, each so often, one call after another.
    ///
    /// # Errors
    /// The first error of a call.
    pub async fn call(&self, times: usize) -> Result<(), BoxError> {
        let mut calling = JoinSet::new();
        for client in &self.0 {
            let client = client.clone();
            calling.spawn(async move {
                for number in 0..times {
                    call(&client, number).await?;
                }
                Ok::<_, BoxError>(())
            });
        }
        while let Some(called) = calling.join_next().await {
            called??;
        }
        Ok(())
    }
}

async fn call(client: &RpcClient, number: usize) -> Result<(), BoxError> {
    let call = client.prepare().timeout(TIMEOUT);
    let reply: usize = call.call("echo", Args { number }).await?;
    if reply == number { Ok(()) } else { Err("another's reply".into()) }
}
