//! What is sent in a script, and what becomes of it.

use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::rpc::RpcClient;
use busway_core::{Result, Target};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use super::super::ledger::{Kind, Outcome};
use super::super::{Place, Request};
use super::{GRACE, LONG, SHORT, World, server, topic};

/// What a request carries.
#[derive(Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) send: usize,
    pub(super) slow: bool,
}

/// What a notification carries.
#[derive(Serialize, Deserialize)]
pub(super) struct News {
    pub(super) send: usize,
    pub(super) requeue: bool,
}

impl World<'_> {
    /// A client of what a request goes to, and how long it takes at most: not long when nobody is
    /// there to serve it.
    fn client(&self, request: Request) -> (RpcClient, Duration) {
        let serves = |place: &Place| {
            place.group == request.topic && request.server.is_none_or(|it| it == place.member)
        };
        let short = request.short || !self.servers.keys().any(serves);
        let mut target = Target::new(topic(request.topic));
        if let Some(number) = request.server {
            target = target.with_server(server(number));
        }
        let mut client = RpcClient::builder(self.transport(request.topic), target);
        if request.once {
            client = client.retry(Retry::NEVER);
        }
        (client.build(), if short { SHORT } else { LONG })
    }

    pub(super) fn call(&mut self, request: Request) {
        let (client, within) = self.client(request);
        let send = self.ledger.begun(Kind::Call(request), Instant::now() + within);
        let ledger = self.ledger.clone();
        self.under_way.spawn(async move {
            let note = Note { send, slow: request.slow };
            let prepared = client.prepare().timeout(within);
            let calling = prepared.call::<_, usize>("note", note);
            let outcome = match timeout(within + GRACE, calling).await {
                Ok(Ok(reply)) if reply == send => Outcome::Fine,
                Ok(Ok(_)) => Outcome::Mixed,
                Ok(Err(error)) => Outcome::Failed(error.kind(), error.to_string()),
                Err(_) => Outcome::Hung,
            };
            ledger.ended(send, outcome);
        });
    }

    pub(super) fn cast(&mut self, request: Request, fanout: bool) {
        let (client, within) = self.client(request);
        let short = within == SHORT && !fanout;
        let request = Request { short: request.short || short, ..request };
        let kind = if fanout { Kind::Fanout(request) } else { Kind::Cast(request) };
        let send = self.ledger.begun(kind, Instant::now() + within);
        let ledger = self.ledger.clone();
        self.under_way.spawn(async move {
            let mut cast = client.prepare().fanout(fanout);
            if request.short {
                cast = cast.timeout(SHORT);
            }
            let casting = cast.cast("note", Note { send, slow: request.slow });
            ledger.ended(send, outcome(timeout(LONG + GRACE, casting).await));
        });
    }

    pub(super) fn call_nobody(&mut self) {
        let client = RpcClient::new(&self.transports[0], self.harness.unserved());
        let within = self.patience();
        let send = self.ledger.begun(Kind::CallNobody, Instant::now() + within);
        let ledger = self.ledger.clone();
        self.under_way.spawn(async move {
            let note = Note { send, slow: false };
            let prepared = client.prepare().timeout(within);
            let calling = prepared.call::<_, ()>("note", note);
            ledger.ended(send, outcome(timeout(within + GRACE, calling).await));
        });
    }

    pub(super) fn notify(&mut self, requeue: bool) {
        let Some(notifier) = self.notifier.clone() else { return };
        let send = self.ledger.begun(Kind::Notify { requeue }, Instant::now() + LONG);
        let ledger = self.ledger.clone();
        self.under_way.spawn(async move {
            let telling = notifier.info("news", News { send, requeue });
            ledger.ended(send, outcome(timeout(LONG + GRACE, telling).await));
        });
    }
}

fn outcome(ended: std::result::Result<Result<()>, tokio::time::error::Elapsed>) -> Outcome {
    match ended {
        Ok(Ok(())) => Outcome::Fine,
        Ok(Err(error)) => Outcome::Failed(error.kind(), error.to_string()),
        Err(_) => Outcome::Hung,
    }
}
