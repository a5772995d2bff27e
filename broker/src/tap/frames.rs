//! The bytes of one direction, cut into the frames of AMQP 1.0.

/// How much of a frame's body is kept, in bytes: the performatives that are looked at, and their
/// first fields, stand at its beginning.
const KEPT: usize = 1024;
/// The protocol header that stands before frames: `AMQP`, a protocol id and a version.
const HEADER: usize = 8;

/// Cuts a stream of bytes into frames, of each of which it keeps the beginning.
///
/// What is no frame is left to the engine, which ends the connection over it: from there on
/// nothing is cut any more.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The protocol header or the head of a frame, as far as it came.
    head: Vec<u8>,
    /// The beginning of the body of the frame.
    body: Vec<u8>,
    /// How much of the frame is still to come, once its head is there.
    missing: Option<usize>,
    broken: bool,
}

/// A whole frame of AMQP (those of SASL are skipped).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) channel: u16,
    /// The beginning of its body.
    pub(super) body: &'a [u8],
    /// How long the whole body is.
    pub(super) size: usize,
}

impl Frames {
    /// Takes what came, and hands over every frame of AMQP that is whole with it.
    #[cfg(test)]
    fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Frame<'_>)) {
        self.feed_to(bytes, |_, frame| {
            if let Some(frame) = frame {
                each(frame);
            }
        });
    }

    /// Takes what came, and tells where each frame or protocol header ends in it, with the frame
    /// if it is one of AMQP that is not empty.
    pub(super) fn feed_to(&mut self, bytes: &[u8], mut each: impl FnMut(usize, Option<Frame<'_>>)) {
        let mut left = bytes;
        while !left.is_empty() {
            if self.broken {
                return each(bytes.len(), None);
            }
            match self.missing {
                None => {
                    if self.take_head(&mut left) {
                        each(bytes.len() - left.len(), None);
                    }
                }
                Some(missing) => {
                    let taken = missing.min(left.len());
                    let (now, rest) = left.split_at(taken);
                    let kept = KEPT.saturating_sub(self.body.len()).min(now.len());
                    self.body.extend_from_slice(&now[..kept]);
                    self.missing = Some(missing - taken);
                    left = rest;
                }
            }
            if self.missing == Some(0) {
                each(bytes.len() - left.len(), self.frame());
                self.head.clear();
                self.body.clear();
                self.missing = None;
            }
        }
    }

    /// Takes the head of a frame; whether it was a protocol header instead.
    fn take_head(&mut self, bytes: &mut &[u8]) -> bool {
        let taken = (HEADER - self.head.len()).min(bytes.len());
        let (now, rest) = bytes.split_at(taken);
        self.head.extend_from_slice(now);
        *bytes = rest;
        if self.head.len() < HEADER {
            return false;
        }
        if self.head.starts_with(b"AMQP") {
            self.head.clear();
            return true;
        }
        let size = u32::from_be_bytes([self.head[0], self.head[1], self.head[2], self.head[3]]);
        match (size as usize).checked_sub(HEADER) {
            Some(missing) => self.missing = Some(missing),
            None => self.broken = true,
        }
        false
    }

    /// The frame that has just become whole.
    fn frame(&self) -> Option<Frame<'_>> {
        // The head: four bytes of size, the offset of the body in words of four, the type, and
        // the channel.
        let extended = usize::from(self.head[4]).saturating_sub(2) * 4;
        let is_amqp = self.head[5] == 0;
        let body = self.body.get(extended..).filter(|body| is_amqp && !body.is_empty())?;
        let channel = u16::from_be_bytes([self.head[6], self.head[7]]);
        let size = u32::from_be_bytes([self.head[0], self.head[1], self.head[2], self.head[3]]);
        Some(Frame { channel, body, size: size as usize - HEADER - extended })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u16, kind: u8, body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + HEADER).expect("small");
        let mut bytes = size.to_be_bytes().to_vec();
        bytes.extend([2, kind]);
        bytes.extend(channel.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn cut(pieces: &[&[u8]]) -> Vec<(u16, Vec<u8>)> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames.feed(piece, |frame| found.push((frame.channel, frame.body.to_vec())));
        }
        found
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let mut bytes = b"AMQP\x03\x01\0\0".to_vec();
        bytes.extend(frame(0, 1, b"sasl"));
        bytes.extend(b"AMQP\0\x01\0\0");
        bytes.extend(frame(7, 0, b"one"));
        bytes.extend(frame(0, 0, b""));
        bytes.extend(frame(8, 0, b"two"));
        let wanted = [(7, b"one".to_vec()), (8, b"two".to_vec())];
        for size in 1..bytes.len() {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            assert_eq!(cut(&pieces), wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn of_a_long_frame_the_beginning_is_kept() {
        let found = cut(&[&frame(1, 0, &[9; 5000]), &frame(2, 0, b"next")]);
        assert_eq!(found, [(1, vec![9; KEPT]), (2, b"next".to_vec())]);
    }

    #[test]
    fn a_frame_shorter_than_its_head_ends_the_cutting() {
        let mut bytes = vec![0, 0, 0, 3, 2, 0, 0, 0];
        bytes.extend(frame(1, 0, b"never"));
        assert_eq!(cut(&[&bytes]), []);
    }

    #[test]
    fn the_extended_head_of_a_frame_is_skipped() {
        let mut bytes = frame(1, 0, b"skipbody");
        bytes[4] = 3;
        assert_eq!(cut(&[&bytes]), [(1, b"body".to_vec())]);
    }
}
