/// A piece of the URL's text that knows where it begins, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Part<'a> {
    pub(super) fn whole(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What stands before and from this byte on.
    pub(super) fn split_at(self, index: usize) -> (Self, Self) {
        let (before, after) = self.text.split_at(index);
        (Self { text: before, at: self.at }, Self { text: after, at: self.at + index })
    }

    /// What stands before and after the first of these characters, which are one byte each.
    pub(super) fn split_first(self, separator: char) -> (Self, Option<Self>) {
        self.split_around(self.text.find(separator))
    }

    /// What stands before and after the last of these characters, which are one byte each.
    pub(super) fn split_last(self, separator: char) -> (Self, Option<Self>) {
        self.split_around(self.text.rfind(separator))
    }

    fn split_around(self, index: Option<usize>) -> (Self, Option<Self>) {
        match index {
            None => (self, None),
            Some(index) => (self.split_at(index).0, Some(self.split_at(index + 1).1)),
        }
    }

    /// Without this beginning, if it has it.
    pub(super) fn strip(self, prefix: &str) -> Option<Self> {
        self.text.starts_with(prefix).then(|| self.split_at(prefix.len()).1)
    }

    /// The pieces between these characters.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let (piece, after) = rest?.split_first(separator);
            rest = after;
            Some(piece)
        })
    }

    pub(super) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// Where it ends, in bytes.
    pub(super) fn end(self) -> usize {
        self.at + self.text.len()
    }
}
