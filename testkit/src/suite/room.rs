use super::Case;

/// A group of cases that are about one thing.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub(crate) title: &'static str,
    pub(crate) cases: &'static [Case],
}

impl Room {
    /// Every room of the suite, in the order in which a reader wants them.
    ///
    /// ```
    /// let rooms = busway_testkit::Room::all();
    /// assert!(rooms.flat_map(|room| room.cases()).count() > 100);
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        crate::cases::ALL.iter().copied()
    }

    /// What its cases are about.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// Its cases, in order.
    #[must_use]
    pub fn cases(&self) -> &'static [Case] {
        self.cases
    }
}
