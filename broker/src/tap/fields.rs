//! The first fields of a performative, read without decoding the whole of it.

/// One field of a performative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// The field was left out.
    Null,
    /// A whole number of any width.
    Number(u64),
    /// A truth value.
    Truth(bool),
    /// A string, a symbol or a binary value.
    Bytes(&'a [u8]),
    /// Anything else.
    Other,
}

/// A performative: its code, and its fields one after the other.
#[derive(Debug)]
pub(super) struct Performative<'a> {
    pub(super) code: u64,
    left: u32,
    bytes: &'a [u8],
}

impl<'a> Performative<'a> {
    /// Reads the head of a performative; none if the bytes are not one.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut bytes = body.strip_prefix(&[0])?;
        let Field::Number(code) = field(&mut bytes)? else { return None };
        let (left, bytes) = match take(&mut bytes, 1)?[0] {
            0x45 => (0, bytes),
            0xc0 => (u32::from(take(&mut bytes, 2)?[1]), bytes),
            0xd0 => (number32(&take(&mut bytes, 8)?[4..]), bytes),
            _ => return None,
        };
        Some(Self { code, left, bytes })
    }

    /// The next field; null when the performative has no more, and none when it cannot be read.
    pub(super) fn next(&mut self) -> Option<Field<'a>> {
        if self.left == 0 {
            return Some(Field::Null);
        }
        self.left -= 1;
        field(&mut self.bytes)
    }

    /// The field after as many others.
    pub(super) fn after(&mut self, others: usize) -> Option<Field<'a>> {
        for _ in 0..others {
            self.next()?;
        }
        self.next()
    }

    /// How much of the performative has not been read, in bytes.
    pub(super) fn unread(&self) -> usize {
        self.bytes.len()
    }

    /// The next field as a number of 32 bits, if it is one.
    pub(super) fn number(&mut self) -> Option<u32> {
        self.next()?.number()
    }
}

impl Field<'_> {
    /// The number of 32 bits that the field is.
    pub(super) fn number(self) -> Option<u32> {
        match self {
            Self::Number(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn number32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Reads one value by its constructor.
fn field<'a>(bytes: &mut &'a [u8]) -> Option<Field<'a>> {
    let constructor = take(bytes, 1)?[0];
    Some(match constructor {
        0x00 => {
            // A described value: the descriptor, then the value.
            field(bytes)?;
            field(bytes)?;
            Field::Other
        }
        0x40 => Field::Null,
        0x41 => Field::Truth(true),
        0x42 => Field::Truth(false),
        0x43 | 0x44 => Field::Number(0),
        0x56 => Field::Truth(take(bytes, 1)?[0] == 1),
        0x50 | 0x52 | 0x53 => Field::Number(u64::from(take(bytes, 1)?[0])),
        0x60 => whole(take(bytes, 2)?),
        0x70 => whole(take(bytes, 4)?),
        0x80 => whole(take(bytes, 8)?),
        0xa0 | 0xa1 | 0xa3 => {
            let size = take(bytes, 1)?[0];
            Field::Bytes(take(bytes, usize::from(size))?)
        }
        0xb0 | 0xb1 | 0xb3 => {
            let size = number32(take(bytes, 4)?);
            Field::Bytes(take(bytes, size as usize)?)
        }
        _ => {
            skip(constructor, bytes)?;
            Field::Other
        }
    })
}

fn whole<'a>(bytes: &[u8]) -> Field<'a> {
    Field::Number(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Skips a value by the width that its constructor tells (AMQP 1.0, part 1.2).
fn skip(constructor: u8, bytes: &mut &[u8]) -> Option<()> {
    let width = match constructor >> 4 {
        0x4 => 0,
        0x5 => 1,
        0x6 => 2,
        0x7 => 4,
        0x8 => 8,
        0x9 => 16,
        0xa | 0xc | 0xe => usize::from(take(bytes, 1)?[0]),
        0xb | 0xd | 0xf => number32(take(bytes, 4)?) as usize,
        _ => return None,
    };
    take(bytes, width).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fe2o3_amqp::types::definitions::{Handle, Role};
    use fe2o3_amqp::types::messaging::Source;
    use fe2o3_amqp::types::performatives::{Attach, Flow};

    fn flow(credit: u32) -> Flow {
        Flow {
            next_incoming_id: Some(300),
            incoming_window: 70_000,
            next_outgoing_id: 0,
            outgoing_window: 2,
            handle: Some(Handle(5)),
            delivery_count: None,
            link_credit: Some(credit),
            available: None,
            drain: true,
            echo: false,
            properties: None,
        }
    }

    #[test]
    fn the_fields_of_a_flow_are_read() {
        let bytes = serde_amqp::to_vec(&flow(1000)).expect("encoded");
        let mut read = Performative::read(&bytes).expect("a performative");
        assert_eq!(read.code, 0x13);
        assert_eq!(read.number(), Some(300));
        assert_eq!(read.number(), Some(70_000));
        assert_eq!(read.after(2), Some(Field::Number(5)));
        assert_eq!(read.next(), Some(Field::Null));
        assert_eq!(read.number(), Some(1000));
        assert_eq!(read.after(1), Some(Field::Truth(true)));
        for _ in 0..9 {
            read.next().expect("what is left out is null");
        }
    }

    #[test]
    fn values_that_are_not_looked_at_are_skipped() {
        let attach = Attach {
            name: "n".repeat(300),
            handle: Handle(1),
            role: Role::Receiver,
            snd_settle_mode: fe2o3_amqp::types::definitions::SenderSettleMode::Settled,
            rcv_settle_mode: fe2o3_amqp::types::definitions::ReceiverSettleMode::Second,
            source: Some(Box::new(Source::builder().address("somewhere").build())),
            target: None,
            unsettled: None,
            incomplete_unsettled: true,
            initial_delivery_count: Some(77),
            max_message_size: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: None,
        };
        let bytes = serde_amqp::to_vec(&attach).expect("encoded");
        let mut read = Performative::read(&bytes).expect("a performative");
        assert_eq!(read.next(), Some(Field::Bytes("n".repeat(300).as_bytes())));
        assert_eq!(read.number(), Some(1));
        assert_eq!(read.next(), Some(Field::Truth(true)));
        assert_eq!(read.after(6), Some(Field::Number(77)));
    }

    #[test]
    fn what_is_cut_or_no_performative_is_none_and_no_panic() {
        let bytes = serde_amqp::to_vec(&flow(7)).expect("encoded");
        for end in 0..bytes.len() {
            if let Some(mut read) = Performative::read(&bytes[..end]) {
                while read.left > 0 && read.next().is_some() {}
            }
        }
        for first in 0..=255 {
            assert!(Performative::read(&[first, 0xff, 0xff]).is_none());
        }
    }
}
