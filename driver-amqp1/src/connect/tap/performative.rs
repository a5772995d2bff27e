//! Which performative a body begins with.

pub(super) const OPEN: u64 = 0x10;
pub(super) const BEGIN: u64 = 0x11;
pub(super) const ATTACH: u64 = 0x12;
pub(super) const FLOW: u64 = 0x13;
pub(super) const TRANSFER: u64 = 0x14;
pub(super) const DISPOSITION: u64 = 0x15;
pub(super) const DETACH: u64 = 0x16;
pub(super) const END: u64 = 0x17;
pub(super) const CLOSE: u64 = 0x18;

/// The code of a body's descriptor, if it has one that is a number.
pub(super) fn code(body: &[u8]) -> Option<u64> {
    match body {
        [0, 0x53, code, ..] => Some(u64::from(*code)),
        [0, 0x80, rest @ ..] => Some(u64::from_be_bytes(*rest.first_chunk()?)),
        _ => None,
    }
}

/// Whether a body is that of a transfer, written the usual way.
pub(super) fn is_transfer(body: &[u8]) -> bool {
    body.starts_with(&[0, 0x53, 0x14])
}
