//! The links of the engine, and what it says of those it has none of any more.
//!
//! It answers a detach of the peer at once; a flow that was about to leave then, or a second
//! detach, would follow, and a peer ends the session over either.

use std::collections::HashSet;

use fe2o3_amqp::types::performatives::Attach;

use super::frames::Frame;
use super::performative::{ATTACH, DETACH, END, FLOW, code};
use super::transfer::{IN_DETACH, number_at};

/// Where the handle stands in a flow.
const IN_FLOW: usize = 4;

/// The links that the engine has attached, by channel and handle.
#[derive(Debug, Default)]
pub(super) struct Ours(HashSet<(u16, u32)>);

impl Ours {
    /// Whether a frame of the engine may leave: it is not about a link that was detached.
    pub(super) fn may_leave(&mut self, frame: &Frame<'_>) -> bool {
        let link = |handle| (frame.channel, handle);
        match code(frame.body) {
            Some(ATTACH) => {
                let attach = serde_amqp::from_reader::<Attach>(frame.body);
                self.0.extend(attach.ok().map(|attach| link(attach.handle.0)));
                true
            }
            Some(FLOW) => {
                let handle = number_at(frame.body, IN_FLOW);
                handle.is_none_or(|handle| self.0.contains(&link(handle)))
            }
            Some(DETACH) => {
                let handle = number_at(frame.body, IN_DETACH);
                handle.is_none_or(|handle| self.0.remove(&link(handle)))
            }
            Some(END) => {
                self.0.retain(|(channel, _)| *channel != frame.channel);
                true
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::definitions::{Handle, ReceiverSettleMode, Role, SenderSettleMode};
    use fe2o3_amqp::types::performatives::{Detach, End, Flow};
    use serde::Serialize;

    use super::*;

    fn passes(ours: &mut Ours, channel: u16, said: &impl Serialize) -> bool {
        let body = serde_amqp::to_vec(said).expect("encoded");
        ours.may_leave(&Frame { channel, body: &body, end: body.len(), size: body.len() })
    }

    fn attach(handle: u32) -> Attach {
        Attach {
            name: "link".to_owned(),
            handle: Handle(handle),
            role: Role::Sender,
            snd_settle_mode: SenderSettleMode::Mixed,
            rcv_settle_mode: ReceiverSettleMode::First,
            source: None,
            target: None,
            unsettled: None,
            incomplete_unsettled: false,
            initial_delivery_count: Some(0),
            max_message_size: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: None,
        }
    }

    fn flow(handle: Option<u32>) -> Flow {
        Flow {
            next_incoming_id: Some(0),
            incoming_window: 300,
            next_outgoing_id: 1,
            outgoing_window: u32::MAX,
            handle: handle.map(Handle),
            delivery_count: Some(0),
            link_credit: Some(1),
            available: None,
            drain: false,
            echo: false,
            properties: None,
        }
    }

    fn detach(handle: u32) -> Detach {
        Detach { handle: Handle(handle), closed: true, error: None }
    }

    #[test]
    fn nothing_leaves_about_a_link_after_its_detach() {
        let mut ours = Ours::default();
        for handle in [0, 1, 300] {
            assert!(passes(&mut ours, 2, &attach(handle)));
        }
        assert!(passes(&mut ours, 2, &flow(Some(1))));
        assert!(passes(&mut ours, 2, &detach(1)));
        assert!(!passes(&mut ours, 2, &detach(1)));
        assert!(!passes(&mut ours, 2, &flow(Some(1))));
        assert!(!passes(&mut ours, 3, &flow(Some(0))));
        for handle in [Some(0), Some(300), None] {
            assert!(passes(&mut ours, 2, &flow(handle)));
        }
        // A handle is used again.
        assert!(passes(&mut ours, 2, &attach(1)));
        assert!(passes(&mut ours, 2, &detach(1)));
        assert!(passes(&mut ours, 2, &End { error: None }));
        assert!(!passes(&mut ours, 2, &flow(Some(0))));
    }
}
