//! The matrix as a terminal shows it.

use std::fmt;

use super::{Column, Mark, Matrix};
use crate::{Case, Room};

impl fmt::Display for Matrix {
    /// A line for each room, a mark for each case; below it, what is missing, not declared or
    /// failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table())?;
        self.columns.iter().try_for_each(|column| f.write_str(&column.remarks()))
    }
}

impl Matrix {
    /// The names, a line for each room, and the counts.
    pub(super) fn table(&self) -> String {
        let names = self.columns.iter().map(|column| column.name.clone());
        let rooms = Room::all().map(|room| line(room.title, self.marks(room)));
        let counts = self.columns.iter().map(Column::counts);
        line("", names) + &rooms.collect::<String>() + &line("", counts)
    }
}

/// How wide the titles of rooms are.
const TITLE: usize = 22;
/// How wide what stands for a candidate is at least: its name, its counts.
const LEAST: usize = 14;

fn line(title: &str, cells: impl Iterator<Item = String>) -> String {
    let most = Room::all().map(|room| room.cases.len()).max().unwrap_or_default();
    let width = most.max(LEAST) + 2;
    let cells: Vec<_> = cells.map(|cell| format!("{cell:width$}")).collect();
    format!("{}\n", format!("{title:TITLE$}{}", cells.concat()).trim_end())
}

impl Column {
    /// What is missing, not declared or failed, a line each.
    fn remarks(&self) -> String {
        let mut remarks = Vec::new();
        if let Some(why) = &self.missing {
            remarks.push(format!("? {}: not run: {why}\n", self.name));
        }
        let lacking = self.lacking().into_iter();
        let lacking: Vec<_> = lacking.map(|(need, count)| format!("{need} ({count})")).collect();
        if !lacking.is_empty() {
            remarks.push(format!("– {}: without {}\n", self.name, lacking.join(", ")));
        }
        let failed = Case::all().filter(|case| self.mark(case) == Mark::Failed);
        remarks.extend(failed.map(|case| format!("✗ {}: {}\n", self.name, case.sentence())));
        remarks.concat()
    }
}
