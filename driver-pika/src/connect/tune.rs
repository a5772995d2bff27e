//! Heartbeats that are turned off.
//!
//! The client library cannot do without those that the broker proposes: between none and some it
//! chooses some. So it is shown a proposal without.

/// Takes the interval out of the broker's `connection.tune` as it comes by.
#[derive(Debug, Default)]
pub(super) struct NoHeartbeats {
    /// What has come of the frame so far: its header and its first bytes.
    head: Vec<u8>,
    /// How many bytes of the frame have come.
    at: usize,
    done: bool,
}

/// Type, channel and size.
const HEADER: usize = 7;
/// The frame type of methods.
const METHOD: u8 = 1;
/// Class 10, method 30.
const TUNE: [u8; 4] = [0, 10, 0, 30];
/// Where the interval stands in that frame: behind class, method, channel_max and frame_max.
const HEARTBEAT: std::ops::Range<usize> = HEADER + 10..HEADER + 12;
/// How much of a frame tells what it is.
const TELLING: usize = HEADER + TUNE.len();

impl NoHeartbeats {
    /// Looks at the next bytes of the broker's.
    pub(super) fn pass(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.done {
                return;
            }
            self.next(byte);
        }
    }

    /// Whether it has seen all that it wanted to.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    fn next(&mut self, byte: &mut u8) {
        if self.at < TELLING {
            self.head.push(*byte);
        }
        let is_tune = self.head.get(HEADER..TELLING) == Some(TUNE.as_slice());
        if is_tune && HEARTBEAT.contains(&self.at) {
            *byte = 0;
        }
        self.at += 1;
        self.done = self.head[0] != METHOD || (is_tune && self.at == HEARTBEAT.end);
        if self.size().is_some_and(|size| self.at == size) {
            self.head.clear();
            self.at = 0;
        }
    }

    /// The length of the frame with its header and its end.
    fn size(&self) -> Option<usize> {
        let size = self.head.get(3..HEADER)?.try_into().ok().map(u32::from_be_bytes)?;
        Some(HEADER + size as usize + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(method: u8, arguments: &[u8]) -> Vec<u8> {
        let size = u32::try_from(arguments.len() + 4).expect("short").to_be_bytes();
        [&[METHOD, 0, 0], &size[..], &[0, 10, 0, method], arguments, &[206]].concat()
    }

    #[test]
    fn the_interval_is_taken_out_however_the_bytes_come() {
        let start = method(10, b"any text \x00\x0a\x00\x1e at all");
        let secure = method(20, &[1; 20]);
        let tune = |heartbeat: &[u8]| method(30, &[&[7, 255, 0, 2, 0, 0], heartbeat].concat());
        let rest = [method(30, &[9; 8]), vec![9; 40]].concat();
        let come = [start.clone(), secure.clone(), tune(&[0, 60]), rest.clone()].concat();
        let expected = [start, secure, tune(&[0, 0]), rest].concat();
        for size in [1, 2, 3, 7, 11, 1000] {
            let (mut come, mut filter) = (come.clone(), NoHeartbeats::default());
            come.chunks_mut(size).for_each(|bytes| filter.pass(bytes));
            assert_eq!(come, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_amqp_is_left_as_it_is() {
        for text in [b"AMQP\0\0\x09\x01".as_slice(), b"HTTP/1.1 400", &[1, 0, 0, 0, 0, 0, 0, 206]] {
            let mut bytes = [text, &[0; 40]].concat();
            let mut filter = NoHeartbeats::default();
            filter.pass(&mut bytes);
            assert_eq!(bytes, [text, &[0; 40]].concat());
        }
    }
}
