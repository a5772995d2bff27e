//! What the peer's frames tell of the links.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use fe2o3_amqp::types::performatives::{Attach, Flow};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::transfer::Transfer;

/// The most credit that is believed: half of what serial numbers can tell apart.
const MOST_CREDIT: u32 = (1 << 31) - 1;

/// The credit of a link, as the peer tells it.
///
/// The engine keeps that of our senders to itself: it takes any number of deliveries and lets them
/// wait. Of a link on which we receive, the change alone says something: the peer has drained it.
#[derive(Debug)]
pub(crate) struct Credit {
    link: Arc<Link>,
    /// What was seen of the changes.
    seen: AtomicU64,
}

impl Clone for Credit {
    fn clone(&self) -> Self {
        Self {
            link: Arc::clone(&self.link),
            seen: AtomicU64::new(self.seen.load(Ordering::Relaxed)),
        }
    }
}

impl Credit {
    /// The delivery count (a serial number) up to which deliveries may be sent, by the last flow of
    /// the peer; `None` before the first.
    pub(crate) fn limit(&self) -> Option<u32> {
        let state = self.link.state.lock();
        self.seen.store(state.changes, Ordering::Relaxed);
        state.limit
    }

    /// The delivery count (a serial number) up to which the peer has had this link drained, if it
    /// has: the deliveries go on from there, if they are not beyond it.
    pub(crate) fn drained(&self) -> Option<u32> {
        self.link.state.lock().drained
    }

    /// Whether the peer has sent a delivery on this link settled, which the engine does not tell.
    /// To be asked once for each delivery, in their order: it is forgotten then.
    pub(crate) fn was_settled(&self, delivery_id: u32) -> bool {
        self.link.state.lock().settled.take(delivery_id)
    }

    /// Waits until the peer has sent a flow for the link, or has detached it, since this was made,
    /// changed, or asked for its [`limit`](Self::limit). Cancel safe.
    pub(crate) async fn changed(&self) {
        loop {
            let told = self.link.changed.notified();
            let changes = self.link.state.lock().changes;
            if changes != self.seen.swap(changes, Ordering::Relaxed) {
                return;
            }
            told.await;
        }
    }
}

#[derive(Debug, Default)]
struct Link {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<u32>,
    drained: Option<u32>,
    changes: u64,
    settled: Settled,
}

/// The deliveries that the peer has sent settled, and nobody has asked about yet.
#[derive(Debug, Default)]
struct Settled {
    /// In the order in which they came.
    ids: VecDeque<u32>,
    /// The delivery of which more follows.
    current: Option<u32>,
}

impl Settled {
    fn transfer(&mut self, transfer: &Transfer) {
        let id = transfer.delivery_id.or(self.current);
        self.current = id.filter(|_| transfer.more);
        if let Some(id) = id.filter(|id| transfer.settled && self.ids.back() != Some(id)) {
            self.ids.push_back(id);
        }
    }

    fn take(&mut self, id: u32) -> bool {
        // Deliveries are asked about in their order: those before it (serial numbers wrap) never
        // came to their ends.
        while let Some(first) = self.ids.front() {
            let after = first.wrapping_sub(id);
            if after == 0 {
                self.ids.pop_front();
                return true;
            }
            if after < 1 << 31 {
                break;
            }
            self.ids.pop_front();
        }
        false
    }
}

impl Link {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        state.changes += 1;
        drop(state);
        self.changed.notify_waiters();
    }
}

/// The links of a connection, known by what the peer sends.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By the link's name: those that the peer has attached, or that somebody holds.
    named: HashMap<String, Weak<Link>>,
    /// By the peer's channel and handle: those that the peer has attached.
    attached: HashMap<(u16, u32), (String, Arc<Link>)>,
}

impl Links {
    /// The credit of the link of this name, attached or not yet.
    pub(super) fn credit(&mut self, name: &str) -> Credit {
        let link = self.link(name);
        let seen = AtomicU64::new(link.state.lock().changes);
        Credit { link, seen }
    }

    fn link(&mut self, name: &str) -> Arc<Link> {
        if let Some(link) = self.named.get(name).and_then(Weak::upgrade) {
            return link;
        }
        let link = Arc::<Link>::default();
        // What was held for a link that never came is forgotten before the map grows.
        if self.named.len() == self.named.capacity() {
            self.named.retain(|_, link| link.strong_count() > 0);
        }
        self.named.insert(name.to_owned(), Arc::downgrade(&link));
        link
    }

    /// How many links the peer has attached.
    pub(super) fn count(&self) -> usize {
        self.attached.len()
    }

    pub(super) fn attach(&mut self, channel: u16, attach: Attach) {
        self.detach(channel, attach.handle.0);
        let link = self.link(&attach.name);
        self.attached.insert((channel, attach.handle.0), (attach.name, link));
    }

    pub(super) fn flow(&self, channel: u16, flow: &Flow) {
        let Some(handle) = &flow.handle else { return };
        let Some((_, link)) = self.attached.get(&(channel, handle.0)) else { return };
        // A receiver that has not seen our attach yet leaves the count out: it begins at zero.
        let count = flow.delivery_count.unwrap_or(0);
        link.change(|state| {
            if let Some(credit) = flow.link_credit {
                state.limit = Some(count.wrapping_add(credit.min(MOST_CREDIT)));
            }
            if flow.drain {
                state.drained = state.limit;
            }
        });
    }

    pub(super) fn transfer(&self, channel: u16, transfer: &Transfer) {
        // A delivery in one piece that is not settled leaves nothing to remember.
        if (transfer.settled || transfer.more || transfer.delivery_id.is_none())
            && let Some((_, link)) = self.attached.get(&(channel, transfer.handle))
        {
            link.state.lock().settled.transfer(transfer);
        }
    }

    pub(super) fn detach(&mut self, channel: u16, handle: u32) {
        if let Some((name, link)) = self.attached.remove(&(channel, handle)) {
            self.forget(&name, &link);
        }
    }

    pub(super) fn end(&mut self, channel: u16) {
        let ended: Vec<u32> =
            self.attached.keys().filter(|key| key.0 == channel).map(|key| key.1).collect();
        for handle in ended {
            self.detach(channel, handle);
        }
    }

    fn forget(&mut self, name: &str, link: &Arc<Link>) {
        if self.named.get(name).is_some_and(|named| named.as_ptr() == Arc::as_ptr(link)) {
            self.named.remove(name);
        }
        link.change(|state| (state.limit, state.drained) = (None, None));
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::definitions::{Handle, Role};
    use futures_util::FutureExt;

    use super::*;

    fn attach(name: &str, handle: u32, role: Role) -> Attach {
        Attach {
            name: name.to_owned(),
            handle: Handle(handle),
            role,
            snd_settle_mode: fe2o3_amqp::types::definitions::SenderSettleMode::Mixed,
            rcv_settle_mode: fe2o3_amqp::types::definitions::ReceiverSettleMode::First,
            source: None,
            target: None,
            unsettled: None,
            incomplete_unsettled: false,
            initial_delivery_count: None,
            max_message_size: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: None,
        }
    }

    fn flow(handle: Option<u32>, count: Option<u32>, credit: u32) -> Flow {
        Flow {
            next_incoming_id: None,
            incoming_window: 1,
            next_outgoing_id: 0,
            outgoing_window: 1,
            handle: handle.map(Handle),
            delivery_count: count,
            link_credit: Some(credit),
            available: None,
            drain: false,
            echo: false,
            properties: None,
        }
    }

    #[test]
    fn a_flow_gives_credit_to_the_link_of_its_handle_and_channel() {
        let mut links = Links::default();
        let early = links.credit("one");
        links.attach(3, attach("one", 7, Role::Receiver));
        links.attach(3, attach("two", 8, Role::Receiver));
        let (one, two) = (links.credit("one"), links.credit("two"));
        assert_eq!((early.limit(), one.limit(), two.limit()), (None, None, None));
        links.flow(3, &flow(Some(7), None, 10));
        links.flow(3, &flow(Some(8), Some(u32::MAX), 10));
        links.flow(4, &flow(Some(7), Some(0), 99));
        links.flow(3, &flow(None, None, 99));
        assert_eq!((early.limit(), one.limit(), two.limit()), (Some(10), Some(10), Some(9)));
    }

    #[test]
    fn what_is_drained_is_the_credit_up_to_then() {
        let mut links = Links::default();
        links.attach(0, attach("one", 1, Role::Receiver));
        let one = links.credit("one");
        links.flow(0, &flow(Some(1), Some(3), 10));
        assert_eq!((one.limit(), one.drained()), (Some(13), None));
        links.flow(0, &Flow { drain: true, link_credit: None, ..flow(Some(1), Some(4), 0) });
        assert_eq!((one.limit(), one.drained()), (Some(13), Some(13)));
        links.flow(0, &flow(Some(1), Some(13), 2));
        assert_eq!((one.limit(), one.drained()), (Some(15), Some(13)));
        links.flow(0, &Flow { drain: true, ..flow(Some(1), Some(13), 7) });
        assert_eq!((one.limit(), one.drained()), (Some(20), Some(20)));
        links.detach(0, 1);
        assert_eq!((one.limit(), one.drained()), (None, None));
    }

    #[test]
    fn all_the_credit_there_can_be_is_much() {
        let mut links = Links::default();
        links.attach(0, attach("one", 1, Role::Receiver));
        let one = links.credit("one");
        links.flow(0, &flow(Some(1), Some(7), u32::MAX));
        assert_eq!(one.limit(), Some(7 + MOST_CREDIT));
    }

    fn transfer(delivery_id: Option<u32>, settled: bool, more: bool) -> Transfer {
        Transfer { handle: 1, delivery_id, settled, more }
    }

    #[test]
    fn what_the_peer_sends_settled_is_remembered_until_it_is_asked_about() {
        let mut links = Links::default();
        links.attach(0, attach("one", 1, Role::Sender));
        let one = links.credit("one");
        let last = u32::MAX;
        for (id, settled) in [(last - 1, true), (last, false), (0, true), (1, false), (2, true)] {
            links.transfer(0, &transfer(Some(id), settled, false));
        }
        assert!(one.was_settled(last - 1));
        assert!(!one.was_settled(last - 1));
        assert!(!one.was_settled(last));
        // The delivery 0 was never whole.
        assert!(!one.was_settled(1));
        assert!(one.was_settled(2));
        assert!(one.link.state.lock().settled.ids.is_empty());
    }

    #[test]
    fn a_delivery_in_pieces_is_settled_if_one_of_them_says_so() {
        let mut links = Links::default();
        links.attach(0, attach("one", 1, Role::Sender));
        let one = links.credit("one");
        for settled in [[true, false, false], [false, false, true], [true, true, true]] {
            links.transfer(0, &transfer(Some(5), settled[0], true));
            links.transfer(0, &transfer(None, settled[1], true));
            links.transfer(0, &transfer(None, settled[2], false));
            links.transfer(0, &transfer(Some(6), false, false));
            assert!(one.was_settled(5));
            assert!(!one.was_settled(6));
        }
    }

    #[test]
    fn a_flow_of_a_sender_is_a_change() {
        let mut links = Links::default();
        links.attach(0, attach("one", 1, Role::Sender));
        let credit = links.credit("one");
        links.flow(0, &Flow { link_credit: None, ..flow(Some(1), Some(3), 0) });
        assert!(credit.changed().now_or_never().is_some());
        assert_eq!(credit.limit(), None);
        // What was before is no news.
        assert!(links.credit("one").changed().now_or_never().is_none());
    }

    #[test]
    fn what_is_detached_is_forgotten() {
        let mut links = Links::default();
        for (channel, handle) in [(0, 1), (0, 2), (1, 1)] {
            let name = format!("{channel}/{handle}");
            links.attach(channel, attach(&name, handle, Role::Receiver));
            links.flow(channel, &flow(Some(handle), Some(0), 10));
        }
        let held = links.credit("0/1");
        assert_eq!(held.limit(), Some(10));
        links.detach(0, 1);
        assert_eq!((held.limit(), links.credit("0/1").limit()), (None, None));
        links.end(0);
        assert_eq!(links.credit("0/2").limit(), None);
        assert_eq!(links.credit("1/1").limit(), Some(10));
        assert_eq!(links.count(), 1);
    }

    #[test]
    fn names_nobody_holds_do_not_pile_up() {
        let mut links = Links::default();
        for number in 0..10_000 {
            links.credit(&number.to_string());
        }
        assert!(links.named.capacity() < 100, "{}", links.named.capacity());
    }

    #[tokio::test]
    async fn a_change_is_told_to_all_even_if_it_came_before_they_waited() {
        let mut links = Links::default();
        links.attach(0, attach("one", 1, Role::Receiver));
        let (one, other) = (links.credit("one"), links.credit("one"));
        assert!(one.changed().now_or_never().is_none());
        links.flow(0, &flow(Some(1), Some(0), 10));
        one.changed().await;
        other.changed().await;
        assert!(one.changed().now_or_never().is_none());
        // The same credit again is a flow too.
        links.flow(0, &flow(Some(1), Some(0), 10));
        assert_eq!(one.limit(), Some(10));
        assert!(one.changed().now_or_never().is_none());
        assert!(other.changed().now_or_never().is_some());
    }
}
