//! One session: its links, and what becomes of two of the same name.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::acceptor::ListenerSessionHandle;
use fe2o3_amqp::types::definitions::{Error, Role, SessionError};
use fe2o3_amqp::types::performatives::Attach;
use tokio::task::{Id, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::connection::Shared;
use crate::links::{Attaching, Ends};
use crate::nodes::Refusal;
use crate::tap::{Handle, Links};

/// How long the answer to an attach may take, and the end of a link that another of its name takes
/// the place of. Longer than a peer may take to answer the close of a link.
const PATIENCE: Duration = Duration::from_secs(10);

/// One session.
pub(crate) struct Session {
    handle: ListenerSessionHandle,
    /// The peer's channel.
    channel: u16,
    shared: Arc<Shared>,
    attaching: Attaching,
    taps: Arc<Links>,
    names: HashMap<String, Named>,
    running: JoinSet<()>,
}

/// A link that has a name.
struct Named {
    role: Role,
    task: Id,
    stolen: CancellationToken,
}

/// The session cannot go on.
struct Broken(Error);

impl Session {
    pub(crate) fn new(
        handle: ListenerSessionHandle,
        channel: u16,
        shared: Arc<Shared>,
        tap: &Handle,
    ) -> Self {
        let attaching = Attaching::new(&shared);
        let taps = Arc::clone(&tap.links);
        let names = HashMap::new();
        Self { handle, channel, shared, attaching, taps, names, running: JoinSet::new() }
    }

    /// Serves the links of the session until it ends or the broker stops, and until they all are
    /// closed.
    pub(crate) async fn run(mut self) {
        let stop = self.shared.stop.clone();
        loop {
            let attach = tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next_with_id() => {
                    self.forget(ended.map_or_else(|error| error.id(), |(id, ())| id));
                    continue;
                }
                attach = self.handle.next_incoming_attach() => attach,
            };
            let Some(attach) = attach else { break };
            if let Err(Broken(error)) = self.attach(attach).await {
                let _ = timeout(PATIENCE, self.handle.end_with_error(error)).await;
                break;
            }
        }
        while self.running.join_next().await.is_some() {}
    }

    fn forget(&mut self, task: Id) {
        self.names.retain(|_, named| named.task != task);
    }

    async fn attach(&mut self, attach: Attach) -> Result<(), Broken> {
        let (name, role) = (attach.name.clone(), attach.role.clone());
        self.make_way(&name, &role).await?;
        let most = self.shared.limits.links;
        let refusal = (self.names.len() >= most).then(|| Refusal::too_many("links", most));
        let tap = self.taps.get(self.channel, attach.handle.0);
        let accepting = self.attaching.accept(attach, &mut self.handle, tap, refusal);
        // The engine answers at once, unless its session has ended.
        let Ok(accepted) = timeout(PATIENCE, accepting).await else {
            return Err(broken(SessionError::ErrantLink, "a link could not be attached"));
        };
        if let Some(accepted) = accepted {
            let stolen = CancellationToken::new();
            let ends = Ends { stop: self.shared.stop.clone(), stolen: stolen.clone() };
            let task = self.running.spawn(accepted.run(ends)).id();
            self.names.insert(name, Named { role, task, stolen });
        }
        Ok(())
    }

    /// Ends the link that has the name of a new one: the new one steals it (AMQP 1.0, part 2.6.1).
    async fn make_way(&mut self, name: &str, role: &Role) -> Result<(), Broken> {
        let Some(named) = self.names.get(name) else { return Ok(()) };
        // One of the other direction is on its end: while it is attached, the tap keeps the two
        // apart.
        if named.role == *role {
            named.stolen.cancel();
        }
        let task = named.task;
        let ended = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                self.names.retain(|_, named| named.task != id);
                if id == task {
                    return;
                }
            }
        };
        timeout(PATIENCE, ended)
            .await
            .map_err(|_| broken(SessionError::HandleInUse, "the link of this name does not end"))
    }
}

fn broken(condition: SessionError, text: &str) -> Broken {
    Broken(Error::new(condition, text.to_owned(), None))
}
