//! The matrix as a page of a book.

use std::fmt::Write;

use super::{Column, Matrix};
use crate::Room;

impl Matrix {
    /// The candidates, the table of the rooms, and each room's cases in words: Markdown with
    /// headings of the second level. The same outcomes make the same text.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut page = String::from("| candidate | bus | cases | without |\n|---|---|---|---|\n");
        for column in &self.columns {
            page.push_str(&column.row());
        }
        let _ = write!(page, "\n```text\n{}```\n", self.table());
        for room in Room::all() {
            let names = self.columns.iter().map(|column| format!(" {} |", column.name));
            let rule = "|:-:".repeat(self.columns.len());
            let _ = writeln!(page, "\n## {}\n", room.title);
            let _ = writeln!(page, "| case |{}\n|---{rule}|", names.collect::<String>());
            for case in room.cases {
                let marks = self.columns.iter().map(|column| format!(" {} |", column.mark(case)));
                let _ = writeln!(page, "| {} |{}", case.sentence(), marks.collect::<String>());
            }
        }
        page
    }
}

impl Column {
    fn row(&self) -> String {
        let lacking = self.lacking().into_iter().map(|(need, count)| {
            let need = if need.is_declared() { format!("`{need}`") } else { need.to_string() };
            format!("{need} ({count})")
        });
        let without = match &self.missing {
            Some(why) => format!("not run: {why}"),
            None => lacking.collect::<Vec<_>>().join(", "),
        };
        let bus = self.bus.as_deref().unwrap_or_default();
        format!("| `{}` | {bus} | {} | {without} |\n", self.name, self.counts())
    }
}
