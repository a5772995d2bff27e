/// What stands for a number where there is none.
pub(crate) const NOTHING: &str = "-";

/// What a line tells, where it does.
#[derive(Default)]
pub(crate) struct Measured {
    /// Of a call.
    pub(crate) micros: Option<f64>,
    /// What each of them holds in its process.
    pub(crate) bytes: Option<f64>,
    /// What the broker holds for each.
    pub(crate) broker_bytes: Option<f64>,
}

impl Measured {
    /// What a process tells of it: a dash where it tells nothing.
    pub(crate) fn line(&self) -> String {
        let number = |number: Option<f64>| number.map_or(NOTHING.to_owned(), |it| it.to_string());
        [self.micros, self.bytes, self.broker_bytes].map(number).join(" ")
    }

    pub(crate) fn read(line: &str) -> Option<Self> {
        let number = |text: &str| match text {
            NOTHING => Some(None),
            number => number.parse().ok().map(Some),
        };
        let numbers = line.split_whitespace().map(number).collect::<Option<Vec<_>>>()?;
        let &[micros, bytes, broker_bytes] = &numbers[..] else { return None };
        Some(Self { micros, bytes, broker_bytes })
    }

    pub(crate) fn print(&self, bus: &str, what: &str, count: usize) {
        let number =
            |number: Option<f64>| number.map_or(NOTHING.to_owned(), |it| format!("{it:.1}"));
        let kib = |bytes: Option<f64>| number(bytes.map(|bytes| bytes / 1024.0));
        let (micros, held, broker) = (number(self.micros), kib(self.bytes), kib(self.broker_bytes));
        println!("{bus:<7} {what:<22} {count:>9} {micros:>9} {held:>9} {broker:>9}");
    }
}
