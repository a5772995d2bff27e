//! The first fields of transfers, and of others there are many of, read without decoding the whole.

/// What is looked at of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) handle: u32,
    /// None for what continues a delivery.
    pub(super) delivery_id: Option<u32>,
    pub(super) settled: bool,
    /// Whether more of the delivery follows.
    pub(super) more: bool,
}

/// How much of a body those fields take at most, in bytes: descriptor, head of the list, handle,
/// id, a tag of 32 bytes, format, and the two flags.
pub(super) const LONGEST: usize = 3 + 9 + 5 + 5 + (5 + 32) + 5 + 2 + 2;

impl Transfer {
    /// Reads the body of a transfer, or its beginning.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(body)?;
        let handle = fields.number().ok()??;
        let delivery_id = fields.number().ok()?;
        fields.skip_binary()?;
        fields.number().ok()?;
        Some(Self { handle, delivery_id, settled: fields.truth()?, more: fields.truth()? })
    }
}

/// Where the handle stands in a detach.
pub(super) const IN_DETACH: usize = 0;

/// The number in that field of a performative, of which the fields before are numbers too.
pub(super) fn number_at(body: &[u8], index: usize) -> Option<u32> {
    let mut fields = Fields::of(body)?;
    for _ in 0..index {
        fields.number().ok()?;
    }
    fields.number().ok()?
}

/// The first and the last delivery that a disposition is about.
pub(super) fn deliveries(body: &[u8]) -> Option<(u32, u32)> {
    let mut fields = Fields::of(body)?;
    fields.truth()?;
    let first = fields.number().ok()??;
    Some((first, fields.number().ok()?.unwrap_or(first)))
}

/// A field that is cut off, or of another type.
struct Unreadable;

/// The fields that are left; what was left out is null.
struct Fields<'a> {
    left: u32,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Those of a performative.
    fn of(body: &'a [u8]) -> Option<Self> {
        let mut bytes = body.get(3..)?;
        let left = match take(&mut bytes, 1)?[0] {
            0xc0 => u32::from(take(&mut bytes, 2)?[1]),
            0xd0 => number32(take(&mut bytes, 8)?.get(4..)?),
            _ => return None,
        };
        Some(Self { left, bytes })
    }

    /// The constructor of the next field.
    fn next(&mut self) -> Option<u8> {
        if self.left == 0 {
            return Some(0x40);
        }
        self.left -= 1;
        Some(take(&mut self.bytes, 1)?[0])
    }

    fn number(&mut self) -> Result<Option<u32>, Unreadable> {
        Ok(match self.next().ok_or(Unreadable)? {
            0x40 => None,
            0x43 => Some(0),
            0x52 => Some(number32(take(&mut self.bytes, 1).ok_or(Unreadable)?)),
            0x70 => Some(number32(take(&mut self.bytes, 4).ok_or(Unreadable)?)),
            _ => return Err(Unreadable),
        })
    }

    fn truth(&mut self) -> Option<bool> {
        match self.next()? {
            0x40 | 0x42 => Some(false),
            0x41 => Some(true),
            0x56 => Some(take(&mut self.bytes, 1)?[0] == 1),
            _ => None,
        }
    }

    fn skip_binary(&mut self) -> Option<()> {
        let size = match self.next()? {
            0x40 => 0,
            0xa0 => usize::from(take(&mut self.bytes, 1)?[0]),
            0xb0 => number32(take(&mut self.bytes, 4)?) as usize,
            _ => return None,
        };
        take(&mut self.bytes, size).map(drop)
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

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::definitions::{DeliveryTag, Handle};
    use fe2o3_amqp::types::performatives;
    use proptest::prelude::*;

    use super::*;

    fn performative(
        expected: Transfer,
        tag: Option<Vec<u8>>,
        settled: Option<bool>,
    ) -> performatives::Transfer {
        performatives::Transfer {
            handle: Handle(expected.handle),
            delivery_id: expected.delivery_id,
            delivery_tag: tag.map(DeliveryTag::from),
            message_format: Some(0),
            settled,
            more: expected.more,
            rcv_settle_mode: None,
            state: None,
            resume: false,
            aborted: false,
            batchable: true,
        }
    }

    proptest! {
        #[test]
        fn a_transfer_is_read_as_the_engine_reads_it(
            handle in any::<u32>(),
            delivery_id in any::<Option<u32>>(),
            tag in prop::option::of(prop::collection::vec(any::<u8>(), 0..=32)),
            settled in any::<Option<bool>>(),
            more in any::<bool>(),
            message in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let settles = settled == Some(true);
            let expected = Transfer { handle, delivery_id, settled: settles, more };
            let mut body =
                serde_amqp::to_vec(&performative(expected, tag, settled)).expect("encoded");
            body.extend(message);
            prop_assert_eq!(Transfer::read(&body), Some(expected));
            // Of what comes in pieces, so much is enough.
            prop_assert_eq!(Transfer::read(&body[..body.len().min(LONGEST)]), Some(expected));
        }

        #[test]
        fn a_disposition_and_a_flow_are_read_as_the_engine_reads_them(
            first in any::<u32>(),
            last in any::<Option<u32>>(),
            handle in any::<Option<u32>>(),
        ) {
            let disposition = performatives::Disposition {
                role: fe2o3_amqp::types::definitions::Role::Receiver,
                first,
                last,
                settled: true,
                state: None,
                batchable: false,
            };
            let body = serde_amqp::to_vec(&disposition).expect("encoded");
            prop_assert_eq!(deliveries(&body), Some((first, last.unwrap_or(first))));
            let flow = performatives::Flow {
                next_incoming_id: last,
                incoming_window: first,
                next_outgoing_id: 0,
                outgoing_window: 255,
                handle: handle.map(Handle),
                delivery_count: None,
                link_credit: Some(7),
                available: None,
                drain: false,
                echo: false,
                properties: None,
            };
            let body = serde_amqp::to_vec(&flow).expect("encoded");
            prop_assert_eq!(number_at(&body, 4), handle);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Transfer::read(&[&[0, 0x53, 0x14, 0xc0, 50, 9][..], &body].concat());
            let _ = (Transfer::read(&body), number_at(&body, 4), deliveries(&body));
        }
    }
}
