//! What a peer heard, link by link.

use busway_tests::amqp1_wire::{Frame, Heard, addresses};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::{Attach, Disposition, Flow, Performative, Transfer};
use tokio::time::Instant;

/// A link that a client attached.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) at: Instant,
    pub(crate) connection: usize,
    pub(crate) channel: u16,
    pub(crate) attach: Attach,
    /// Where it is in what was heard.
    index: usize,
}

/// The links that clients attached to send or to receive by, at that address.
pub(crate) fn links(heard: &[Heard], role: &Role, address: Option<&str>) -> Vec<Link> {
    let mut found = Vec::new();
    for (index, it) in heard.iter().enumerate() {
        let Performative::Attach(attach) = &it.frame.said else { continue };
        let (source, target) = addresses(attach);
        let named = if *role == Role::Sender { target } else { source };
        if attach.role == *role && named.as_deref() == address {
            found.push(Link {
                at: it.at,
                connection: it.connection,
                channel: it.frame.channel,
                attach: attach.clone(),
                index,
            });
        }
    }
    found
}

/// The links by which clients send to that address.
pub(crate) fn senders(heard: &[Heard], address: &str) -> Vec<Link> {
    links(heard, &Role::Sender, Some(address))
}

/// The links by which clients receive from that address.
pub(crate) fn receivers(heard: &[Heard], address: &str) -> Vec<Link> {
    links(heard, &Role::Receiver, Some(address))
}

/// The link of the replies.
pub(crate) fn reply_link(heard: &[Heard]) -> Link {
    links(heard, &Role::Receiver, None).pop().expect("a link for replies")
}

impl Link {
    pub(crate) fn handle(&self) -> u32 {
        self.attach.handle.0
    }

    /// What was said on the session of this link after its attach.
    fn after<'a>(&'a self, heard: &'a [Heard]) -> impl Iterator<Item = &'a Heard> {
        let mine =
            |it: &&Heard| it.connection == self.connection && it.frame.channel == self.channel;
        heard[self.index + 1..].iter().filter(mine)
    }

    /// What was sent by this link.
    pub(crate) fn transfers(&self, heard: &[Heard]) -> Vec<(Instant, Transfer, Frame)> {
        let mine = self.after(heard).filter_map(|it| match &it.frame.said {
            Performative::Transfer(transfer) if transfer.handle == self.attach.handle => {
                Some((it.at, transfer.clone(), it.frame.clone()))
            }
            _ => None,
        });
        mine.collect()
    }

    /// When it was detached, if it was.
    pub(crate) fn detached(&self, heard: &[Heard]) -> Option<Instant> {
        self.after(heard).find_map(|it| match &it.frame.said {
            Performative::Detach(detach) if detach.handle == self.attach.handle => Some(it.at),
            _ => None,
        })
    }

    /// Its flows and the dispositions of its session, in their order.
    pub(crate) fn flows(&self, heard: &[Heard]) -> Vec<Result<Flow, Disposition>> {
        let mine = self.after(heard).filter_map(|it| match &it.frame.said {
            Performative::Flow(flow) if flow.handle.as_ref() == Some(&self.attach.handle) => {
                Some(Ok(flow.clone()))
            }
            Performative::Disposition(disposition) => Some(Err(disposition.clone())),
            _ => None,
        });
        mine.collect()
    }
}
