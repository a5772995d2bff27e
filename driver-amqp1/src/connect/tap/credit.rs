//! How much the peer takes on the links on which we send.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::{Attach, Flow};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The credit of one of our senders.
///
/// The engine keeps it to itself: it takes any number of deliveries and lets them wait.
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

    /// Waits until the peer has sent a flow for the link, or has detached it, since
    /// [`limit`](Self::limit) was asked for last. Cancel safe.
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
    changes: u64,
}

impl Link {
    fn change(&self, limit: impl FnOnce(Option<u32>) -> Option<u32>) {
        let mut state = self.state.lock();
        state.limit = limit(state.limit);
        state.changes += 1;
        drop(state);
        self.changed.notify_waiters();
    }
}

/// The credit of all our senders on a connection, known by what the peer sends.
#[derive(Debug, Default)]
pub(super) struct Credits {
    /// By the link's name: those that the peer has attached, or that somebody holds.
    named: HashMap<String, Weak<Link>>,
    /// By the peer's channel and handle: those that the peer has attached.
    attached: HashMap<(u16, u32), (String, Arc<Link>)>,
}

impl Credits {
    /// The credit of the link of this name, attached or not yet.
    pub(super) fn of(&mut self, name: &str) -> Credit {
        let link = self.link(name);
        Credit { link, seen: AtomicU64::new(0) }
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
        if attach.role != Role::Receiver {
            return;
        }
        self.detach(channel, attach.handle.0);
        let link = self.link(&attach.name);
        self.attached.insert((channel, attach.handle.0), (attach.name, link));
    }

    pub(super) fn flow(&self, channel: u16, flow: &Flow) {
        let Flow { handle: Some(handle), link_credit: Some(credit), .. } = flow else { return };
        let Some((_, link)) = self.attached.get(&(channel, handle.0)) else { return };
        // A receiver that has not seen our attach yet leaves the count out: it begins at zero.
        let count = flow.delivery_count.unwrap_or(0);
        link.change(|_| Some(count.wrapping_add(*credit)));
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
        link.change(|_| None);
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::definitions::Handle;
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
        let mut credits = Credits::default();
        let early = credits.of("one");
        credits.attach(3, attach("one", 7, Role::Receiver));
        credits.attach(3, attach("two", 8, Role::Receiver));
        let (one, two) = (credits.of("one"), credits.of("two"));
        assert_eq!((early.limit(), one.limit(), two.limit()), (None, None, None));
        credits.flow(3, &flow(Some(7), None, 10));
        credits.flow(3, &flow(Some(8), Some(u32::MAX), 10));
        credits.flow(4, &flow(Some(7), Some(0), 99));
        credits.flow(3, &flow(None, None, 99));
        assert_eq!((early.limit(), one.limit(), two.limit()), (Some(10), Some(10), Some(9)));
    }

    #[test]
    fn a_link_on_which_the_peer_sends_has_no_credit_of_ours() {
        let mut credits = Credits::default();
        credits.attach(0, attach("one", 1, Role::Sender));
        credits.flow(0, &flow(Some(1), Some(0), 10));
        assert_eq!(credits.of("one").limit(), None);
        assert_eq!(credits.count(), 0);
    }

    #[test]
    fn what_is_detached_is_forgotten() {
        let mut credits = Credits::default();
        for (channel, handle) in [(0, 1), (0, 2), (1, 1)] {
            let name = format!("{channel}/{handle}");
            credits.attach(channel, attach(&name, handle, Role::Receiver));
            credits.flow(channel, &flow(Some(handle), Some(0), 10));
        }
        let held = credits.of("0/1");
        assert_eq!(held.limit(), Some(10));
        credits.detach(0, 1);
        assert_eq!((held.limit(), credits.of("0/1").limit()), (None, None));
        credits.end(0);
        assert_eq!(credits.of("0/2").limit(), None);
        assert_eq!(credits.of("1/1").limit(), Some(10));
        assert_eq!(credits.count(), 1);
    }

    #[test]
    fn names_nobody_holds_do_not_pile_up() {
        let mut credits = Credits::default();
        for number in 0..10_000 {
            credits.of(&number.to_string());
        }
        assert!(credits.named.capacity() < 100, "{}", credits.named.capacity());
    }

    #[tokio::test]
    async fn a_change_is_told_to_all_even_if_it_came_before_they_waited() {
        let mut credits = Credits::default();
        credits.attach(0, attach("one", 1, Role::Receiver));
        let (one, other) = (credits.of("one"), credits.of("one"));
        assert!(one.changed().now_or_never().is_none());
        credits.flow(0, &flow(Some(1), Some(0), 10));
        one.changed().await;
        other.changed().await;
        assert!(one.changed().now_or_never().is_none());
        // The same credit again is a flow too.
        credits.flow(0, &flow(Some(1), Some(0), 10));
        assert_eq!(one.limit(), Some(10));
        assert!(one.changed().now_or_never().is_none());
        assert!(other.changed().now_or_never().is_some());
    }
}
