//! What an attach asks for, and how it is answered.

use std::sync::Arc;

use fe2o3_amqp::acceptor::{LinkAcceptor, LinkEndpoint, ListenerSessionHandle};
use fe2o3_amqp::types::definitions::{Role, SenderSettleMode};
use fe2o3_amqp::types::messaging::{DistributionMode, Source, Target, TargetArchetype};
use fe2o3_amqp::types::performatives::Attach;

use tokio::sync::watch;

use super::consumer::Consumer;
use super::producer::{Producer, Way};
use super::{Ends, close, error};
use crate::connection::Shared;
use crate::limits::Limits;
use crate::nodes::{DynamicNode, Node, Nodes, Refusal};
use crate::tap::LinkTap;

/// Answers the attaches of one session.
#[derive(Debug)]
pub(crate) struct Attaching {
    nodes: Arc<Nodes>,
    limits: Limits,
    withheld: watch::Receiver<bool>,
}

/// A link that is attached, or was attached to be refused. It lives in [`Accepted::run`].
#[derive(Debug)]
pub(crate) enum Accepted {
    Producer(Box<Producer>),
    Consumer(Box<Consumer>),
    Refused(Box<LinkEndpoint>, Refusal),
}

/// What a link is to do.
#[derive(Debug)]
enum Plan {
    Produce(Way),
    Consume(Node, Option<DynamicNode>),
    Refuse(Refusal),
}

impl Accepted {
    /// Runs the link until it ends, and closes it.
    pub(crate) async fn run(self, ends: Ends) {
        match self {
            Self::Producer(producer) => producer.run(ends).await,
            Self::Consumer(consumer) => consumer.run(ends).await,
            Self::Refused(link, refusal) => match *link {
                LinkEndpoint::Sender(sender) => {
                    close(sender.close_with_error(error(refusal))).await;
                }
                LinkEndpoint::Receiver(receiver) => {
                    close(receiver.close_with_error(error(refusal))).await;
                }
            },
        }
    }
}

impl Attaching {
    pub(crate) fn new(shared: &Shared) -> Self {
        Self {
            nodes: Arc::clone(&shared.nodes),
            limits: shared.limits.clone(),
            withheld: shared.withheld.subscribe(),
        }
    }

    /// Answers an attach. A link that is refused is attached as it asks and closed at once: the
    /// specification would have the answer without the terminus that is not there (part 2.6.3), but
    /// a peer on fe2o3-amqp detaches over that while the broker does, and loses its session.
    ///
    /// `tap` knows the credit of a link on which the broker sends; `refusal` is
    /// why the session takes no more links, if it takes none.
    pub(crate) async fn accept(
        &self,
        mut attach: Attach,
        session: &mut ListenerSessionHandle,
        tap: Option<Arc<LinkTap>>,
        refusal: Option<Refusal>,
    ) -> Option<Accepted> {
        // The broker resumes nothing: what was not settled is delivered on another link.
        attach.unsettled = None;
        attach.incomplete_unsettled = false;
        let plan = match refusal {
            Some(refusal) => Plan::Refuse(refusal),
            None => self.plan(&mut attach).unwrap_or_else(Plan::Refuse),
        };
        let settled = attach.snd_settle_mode == SenderSettleMode::Settled;
        let acceptor = LinkAcceptor::builder()
            .max_message_size(self.limits.message_size)
            .verify_incoming_target(false)
            .verify_incoming_source(false)
            .on_dynamic_source(Some)
            .build();
        let link = match acceptor.accept_incoming_attach(attach, session).await {
            Ok(link) => link,
            Err(why) => {
                tracing::debug!(%why, "a link was not attached");
                return None;
            }
        };
        Some(match (plan, link, tap) {
            (Plan::Produce(way), LinkEndpoint::Receiver(receiver), _) => {
                let nodes = Arc::clone(&self.nodes);
                let withheld = self.withheld.clone();
                let producer = Producer::new(receiver, way, nodes, self.limits.credit, withheld);
                Accepted::Producer(Box::new(producer))
            }
            (Plan::Consume(node, dynamic), LinkEndpoint::Sender(sender), Some(tap)) => {
                let subscription = node.subscribe(Arc::clone(&tap.changed));
                Accepted::Consumer(Box::new(Consumer::new(
                    sender,
                    subscription,
                    dynamic,
                    tap,
                    settled,
                )))
            }
            (Plan::Refuse(refusal), link, _) => Accepted::Refused(Box::new(link), refusal),
            (_, link, _) => {
                // A link without a tap: the peer detached before it had an answer.
                let why = Refusal::invalid("the link was detached before it was attached");
                Accepted::Refused(Box::new(link), why)
            }
        })
    }

    fn plan(&self, attach: &mut Attach) -> Result<Plan, Refusal> {
        match attach.role {
            Role::Sender => self.produce(attach),
            Role::Receiver => self.consume(attach),
        }
    }

    fn produce(&self, attach: &mut Attach) -> Result<Plan, Refusal> {
        let target = attach.target.as_deref().map(|TargetArchetype::Target(target)| target);
        if target.is_some_and(|target| target.dynamic) {
            return Err(Refusal::not_implemented("dynamic targets"));
        }
        let way = match target.and_then(|target| target.address.as_deref()) {
            Some(address) if !address.is_empty() => {
                Way::To { node: self.nodes.get(address)?, address: address.to_owned() }
            }
            _ => {
                attach.target.get_or_insert_with(|| Box::new(Target::default().into()));
                Way::Anonymous
            }
        };
        Ok(Plan::Produce(way))
    }

    fn consume(&self, attach: &mut Attach) -> Result<Plan, Refusal> {
        let Some(source) = attach.source.as_deref_mut() else {
            return Err(Refusal::invalid("a link without a source has nothing to deliver"));
        };
        if source.distribution_mode == Some(DistributionMode::Copy) {
            return Err(Refusal::not_implemented("browsing (distribution-mode copy)"));
        }
        in_place(source);
        if source.dynamic {
            let dynamic = self.nodes.dynamic()?;
            source.address = Some(dynamic.name().to_owned());
            return Ok(Plan::Consume(dynamic.node(), Some(dynamic)));
        }
        match source.address.as_deref() {
            Some(address) if !address.is_empty() => {
                Ok(Plan::Consume(self.nodes.get(address)?, None))
            }
            _ => Err(Refusal::invalid("the source has no address and is not dynamic")),
        }
    }
}

/// Leaves of a source what the broker really does: the answer says what is in place.
fn in_place(source: &mut Source) {
    source.filter = None;
    source.capabilities = None;
    source.durable = fe2o3_amqp::types::messaging::TerminusDurability::None;
}
