use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// Whether a transport reaches its bus.
#[derive(Debug)]
pub(crate) struct Link {
    status: watch::Sender<Status>,
    /// The status in one word, for the fast path: the epoch, and in the lowest bit whether it is
    /// open.
    word: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Status {
    up: bool,
    blocked: bool,
    closed: bool,
    epoch: u64,
}

/// What a sender finds. The epoch changes whenever the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It may pass.
    Open(u64),
    /// The bus takes nothing for now.
    Blocked,
    /// The bus cannot be reached.
    Down,
    /// The transport is closed.
    Closed,
}

impl Status {
    fn gate(self) -> Gate {
        match self {
            Self { closed: true, .. } => Gate::Closed,
            Self { up: false, .. } => Gate::Down,
            Self { blocked: true, .. } => Gate::Blocked,
            Self { epoch, .. } => Gate::Open(epoch),
        }
    }
}

impl Link {
    pub(super) fn new() -> Self {
        let status = Status { up: true, blocked: false, closed: false, epoch: 0 };
        Self { status: watch::Sender::new(status), word: AtomicU64::new(1) }
    }

    pub(crate) fn gate(&self) -> Gate {
        let word = self.word.load(Ordering::Acquire);
        if word & 1 == 1 { Gate::Open(word >> 1) } else { self.status.borrow().gate() }
    }

    /// How often the connection has been lost.
    pub(crate) fn epoch(&self) -> u64 {
        self.word.load(Ordering::Acquire) >> 1
    }

    /// Whether the bus can be reached, blocked or not.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.gate(), Gate::Open(_) | Gate::Blocked)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.gate() == Gate::Closed
    }

    /// Waits until the gate is one of those asked for.
    pub(crate) async fn until(&self, wanted: impl Fn(Gate) -> bool) {
        if wanted(self.gate()) {
            return;
        }
        let mut status = self.status.subscribe();
        // The sender cannot go away: it is ours.
        let _ = status.wait_for(|status| wanted(status.gate())).await;
    }

    /// Waits until what was sent in this epoch can no longer be relied on.
    pub(super) async fn lost(&self, epoch: u64) {
        let mut status = self.status.subscribe();
        let _ = status.wait_for(|status| status.closed || status.epoch != epoch).await;
    }

    /// Each of these tells whether something changed.
    pub(super) fn go_down(&self) -> bool {
        self.change(|status| {
            let change = status.up && !status.closed;
            if change {
                status.up = false;
                status.epoch += 1;
            }
            change
        })
    }

    pub(super) fn go_up(&self) -> bool {
        self.change(|status| !status.closed && !std::mem::replace(&mut status.up, true))
    }

    pub(super) fn set_blocked(&self, blocked: bool) -> bool {
        self.change(|status| std::mem::replace(&mut status.blocked, blocked) != blocked)
    }

    pub(super) fn close(&self) -> bool {
        self.change(|status| {
            status.epoch += u64::from(!status.closed);
            !std::mem::replace(&mut status.closed, true)
        })
    }

    fn change(&self, change: impl FnOnce(&mut Status) -> bool) -> bool {
        self.status.send_if_modified(|status| {
            let changed = change(status);
            let open = matches!(status.gate(), Gate::Open(_));
            self.word.store(status.epoch << 1 | u64::from(open), Ordering::Release);
            changed
        })
    }
}
