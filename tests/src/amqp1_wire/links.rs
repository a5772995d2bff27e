use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::{Attach, Disposition, Flow, Performative, Transfer};
use tokio::time::Instant;

use super::{Frame, Heard, addresses};

/// A link that a client attached.
#[derive(Clone, Debug)]
pub struct Link {
    /// When that was heard.
    pub at: Instant,
    /// The number of the connection.
    pub connection: usize,
    /// The channel of its session.
    pub channel: u16,
    /// The attach.
    pub attach: Attach,
    /// Where it is in what was heard.
    index: usize,
}

/// The links that clients attached to send or to receive by, at that address.
#[must_use]
pub fn links(heard: &[Heard], role: &Role, address: Option<&str>) -> Vec<Link> {
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
#[must_use]
pub fn senders(heard: &[Heard], address: &str) -> Vec<Link> {
    links(heard, &Role::Sender, Some(address))
}

/// The links by which clients receive from that address.
#[must_use]
pub fn receivers(heard: &[Heard], address: &str) -> Vec<Link> {
    links(heard, &Role::Receiver, Some(address))
}

/// The link of the replies.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn reply_link(heard: &[Heard]) -> Link {
    links(heard, &Role::Receiver, None).pop().expect("a link for replies")
}

impl Link {
    /// Its handle, which is that of the peer too.
    #[must_use]
    pub fn handle(&self) -> u32 {
        self.attach.handle.0
    }

    /// What was said on the session of this link after its attach: nothing yet, when this was heard
    /// before.
    fn after<'a>(&'a self, heard: &'a [Heard]) -> impl Iterator<Item = &'a Heard> {
        let mine =
            |it: &&Heard| it.connection == self.connection && it.frame.channel == self.channel;
        heard.get(self.index + 1..).unwrap_or_default().iter().filter(mine)
    }

    /// What was sent by this link.
    #[must_use]
    pub fn transfers(&self, heard: &[Heard]) -> Vec<(Instant, Transfer, Frame)> {
        let mine = self.after(heard).filter_map(|it| match &it.frame.said {
            Performative::Transfer(transfer) if transfer.handle == self.attach.handle => {
                Some((it.at, transfer.clone(), it.frame.clone()))
            }
            _ => None,
        });
        mine.collect()
    }

    /// When it was detached, if it was.
    #[must_use]
    pub fn detached(&self, heard: &[Heard]) -> Option<Instant> {
        self.after(heard).find_map(|it| match &it.frame.said {
            Performative::Detach(detach) if detach.handle == self.attach.handle => Some(it.at),
            _ => None,
        })
    }

    /// Its flows and the dispositions of its session, in their order.
    #[must_use]
    pub fn flows(&self, heard: &[Heard]) -> Vec<Result<Flow, Disposition>> {
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
