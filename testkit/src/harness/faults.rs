/// What a harness can do to its bus; cases that need more are not run.
///
/// ```
/// use busway_testkit::Faults;
///
/// const MINE: Faults = Faults { restart: true, ..Faults::NONE };
/// assert!(MINE.restart && !MINE.sever);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "a table of yes and no is what it is")]
pub struct Faults {
    /// [`Harness::open_narrow`](super::Harness::open_narrow).
    pub narrow: bool,
    /// [`Harness::sever`](super::Harness::sever) and [`heal`](super::Harness::heal).
    pub sever: bool,
    /// [`Harness::stall`](super::Harness::stall) and [`heal`](super::Harness::heal).
    pub stall: bool,
    /// [`Harness::block`](super::Harness::block) and [`heal`](super::Harness::heal).
    pub block: bool,
    /// Whether those whom the bus blocks are told so:
    /// [`TransportEvent::Blocked`](busway_core::driver::TransportEvent::Blocked).
    pub block_is_told: bool,
    /// [`Harness::restart`](super::Harness::restart).
    pub restart: bool,
    /// [`Harness::held`](super::Harness::held).
    pub count: bool,
}

impl Faults {
    /// Everything.
    pub const ALL: Self = Self {
        narrow: true,
        sever: true,
        stall: true,
        block: true,
        block_is_told: true,
        restart: true,
        count: true,
    };

    /// Nothing: what to start a declaration from.
    pub const NONE: Self = Self {
        narrow: false,
        sever: false,
        stall: false,
        block: false,
        block_is_told: false,
        restart: false,
        count: false,
    };
}
