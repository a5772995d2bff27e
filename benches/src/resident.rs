//! The memory that this process holds.

use std::fs;
use std::io::{Error, ErrorKind, Result};

/// The resident memory of this process, in bytes, as Linux tells it in `/proc/self/statm`.
///
/// # Errors
/// Where there is no such file.
pub fn bytes() -> Result<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 =
        statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).ok_or_else(|| {
            Error::new(ErrorKind::InvalidData, "/proc/self/statm is not understood")
        })?;
    Ok(pages * PAGE)
}

/// The size of a page wherever the benchmarks run: x86-64, and AArch64 as distributions build it.
const PAGE: u64 = 4096;

/// How much memory may grow, from the first million messages to the last.
#[must_use]
pub fn is_flat(first: u64, now: u64) -> bool {
    now <= first + first / 10 + 4 * 1024 * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_memory() {
        assert!(bytes().expect("Linux") > 100_000);
    }

    #[test]
    fn a_tenth_and_four_mebibytes_are_flat_and_more_is_not() {
        const MIB: u64 = 1024 * 1024;
        assert!(is_flat(10 * MIB, 15 * MIB));
        assert!(!is_flat(10 * MIB, 15 * MIB + 1));
    }
}
