//! The bytes of one direction, cut into the frames of AMQP 1.0.

use super::{performative, transfer};

/// The protocol header that stands before all frames, and the head of each frame, in bytes.
pub(super) const HEAD: usize = 8;
/// How much of the body of a frame in pieces is kept, in bytes: what is looked at is shorter.
const KEPT: usize = 64 * 1024;

/// Cuts a stream of bytes, from the protocol header on, into frames.
///
/// Bodies are copied only of frames that come in pieces; of transfers the first fields alone.
#[derive(Debug, Default)]
pub(super) struct Frames {
    begun: bool,
    /// The head of the frame, as far as it came.
    head: Vec<u8>,
    /// What is kept of its body, after the extended head.
    body: Vec<u8>,
    /// How much of the frame is still to come, once its head is there.
    missing: Option<usize>,
    /// Whether the bodies of transfers are kept too.
    transfers: bool,
}

/// A whole frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) channel: u16,
    /// Its body, or the beginning of it.
    pub(super) body: &'a [u8],
    /// Where it ends in the bytes that were just fed.
    pub(super) end: usize,
    /// How long it is in all.
    pub(super) size: usize,
}

/// Bytes that are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoFrame;

impl Frames {
    /// Keeps the beginning of transfers that come in pieces too.
    pub(super) fn with_transfers(transfers: bool) -> Self {
        Self { transfers, ..Self::default() }
    }

    /// Whether what was fed ends with a whole frame (or the protocol header).
    pub(super) fn is_between(&self) -> bool {
        self.head.is_empty()
    }

    /// How long the frame is of which a part was fed.
    pub(super) fn coming(&self) -> Option<usize> {
        self.missing.map(|_| self.size())
    }

    /// Takes what came, and hands over every frame that is whole with it, unless it is empty.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Frame<'_>),
    ) -> Result<(), NoFrame> {
        let mut left = bytes;
        while !left.is_empty() {
            let Some(missing) = self.missing else {
                self.take_head(&mut left)?;
                continue;
            };
            let (now, rest) = left.split_at(missing.min(left.len()));
            left = rest;
            self.missing = Some(missing - now.len());
            let whole = now.len() == missing;
            let end = bytes.len() - left.len();
            if whole && missing == self.size() - HEAD {
                // In one piece: nothing is copied.
                self.hand_over(now.get(self.extended()..).unwrap_or_default(), end, &mut each);
            } else {
                self.keep(now);
                if whole {
                    let body = std::mem::take(&mut self.body);
                    self.hand_over(body.get(self.extended()..).unwrap_or_default(), end, &mut each);
                }
            }
            if whole {
                self.head.clear();
                self.body.clear();
                self.missing = None;
            }
        }
        Ok(())
    }

    /// Takes the protocol header or the head of a frame.
    fn take_head(&mut self, bytes: &mut &[u8]) -> Result<(), NoFrame> {
        let (now, rest) = bytes.split_at((HEAD - self.head.len()).min(bytes.len()));
        self.head.extend_from_slice(now);
        *bytes = rest;
        if self.head.len() < HEAD {
            return Ok(());
        }
        if !self.begun {
            self.begun = true;
            self.head.clear();
            return Ok(());
        }
        match self.size() {
            HEAD => self.head.clear(),
            size => self.missing = Some(size.checked_sub(HEAD).ok_or(NoFrame)?),
        }
        Ok(())
    }

    /// The length that the head tells.
    fn size(&self) -> usize {
        u32::from_be_bytes([self.head[0], self.head[1], self.head[2], self.head[3]]) as usize
    }

    /// The length of the extended head: the offset of the body is told in words of four bytes.
    fn extended(&self) -> usize {
        (usize::from(self.head[4]) * 4).saturating_sub(HEAD)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let enough = self.extended() + transfer::LONGEST;
        let begins = self.body.len().min(enough);
        let (first, rest) = bytes.split_at((enough - begins).min(bytes.len()));
        self.body.extend_from_slice(first);
        if !self.transfers
            && self.body.get(self.extended()..).is_some_and(performative::is_transfer)
        {
            return;
        }
        let room = KEPT.saturating_sub(self.body.len());
        self.body.extend_from_slice(&rest[..room.min(rest.len())]);
    }

    fn hand_over(&self, body: &[u8], end: usize, each: &mut impl FnMut(Frame<'_>)) {
        if !body.is_empty() {
            let channel = u16::from_be_bytes([self.head[6], self.head[7]]);
            each(Frame { channel, body, end, size: self.size() });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn frame(channel: u16, body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + HEAD).expect("small");
        let mut bytes = size.to_be_bytes().to_vec();
        bytes.extend([2, 0]);
        bytes.extend(channel.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(u16, Vec<u8>)>, NoFrame> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames.feed(piece, |frame| found.push((frame.channel, frame.body.to_vec())))?;
        }
        assert!(frames.is_between());
        Ok(found)
    }

    /// A stream, and the frames that are in it.
    fn stream() -> impl Strategy<Value = (Vec<u8>, Vec<(u16, Vec<u8>)>)> {
        let body = prop_oneof![
            3 => prop::collection::vec(any::<u8>(), 0..40),
            1 => prop::collection::vec(any::<u8>(), 400..900),
        ];
        prop::collection::vec((any::<u16>(), body), 0..8).prop_map(|frames| {
            let mut bytes = b"AMQP\0\x01\0\0".to_vec();
            for (channel, body) in &frames {
                bytes.extend(frame(*channel, body));
            }
            (bytes, frames.into_iter().filter(|(_, body)| !body.is_empty()).collect())
        })
    }

    proptest! {
        #[test]
        fn frames_are_found_however_the_bytes_are_cut(
            (bytes, frames) in stream(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            let found = cut(pieces).expect("frames");
            // Of a transfer in pieces the first bytes alone are kept.
            prop_assert_eq!(found.len(), frames.len());
            for ((channel, body), (expected, whole)) in found.iter().zip(&frames) {
                prop_assert_eq!(channel, expected);
                let kept = if performative::is_transfer(whole) {
                    transfer::LONGEST.min(whole.len())
                } else {
                    whole.len()
                };
                prop_assert!(whole.starts_with(body) && body.len() >= kept);
            }
        }

        #[test]
        fn any_bytes_are_frames_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frames::default().feed(&bytes, |_| {});
        }
    }

    #[test]
    fn of_a_transfer_in_pieces_the_first_fields_alone_are_kept() {
        let mut body = vec![0, 0x53, 0x14];
        body.extend([7; 5000]);
        let bytes = [b"AMQP\0\x01\0\0".to_vec(), frame(1, &body)].concat();
        assert_eq!(cut(bytes.chunks(100)), Ok(vec![(1, body[..transfer::LONGEST].to_vec())]));
        assert_eq!(cut([&bytes[..]]), Ok(vec![(1, body)]));
    }

    #[test]
    fn a_frame_shorter_than_its_head_is_none() {
        assert_eq!(cut([&b"AMQP\0\x01\0\0\0\0\0\x03\x02\0\0\0"[..]]), Err(NoFrame));
    }

    #[test]
    fn the_extended_head_of_a_frame_is_skipped() {
        let mut bytes = frame(1, b"skipbody");
        bytes[4] = 3;
        let bytes = [b"AMQP\0\x01\0\0".to_vec(), bytes].concat();
        for size in 1..=bytes.len() {
            assert_eq!(cut(bytes.chunks(size)), Ok(vec![(1, b"body".to_vec())]));
        }
    }
}
