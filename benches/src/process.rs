//! Measuring other processes.

use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// The time that its threads have run, in the kernel and outside.
    pub cpu: Duration,
    /// The memory that it holds, in bytes.
    pub resident: u64,
}

impl Usage {
    /// What a process has used, as Linux tells it in `/proc/PID/stat`: to the hundredth of a
    /// second.
    ///
    /// # Errors
    /// Where there is no such process, or no such file.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        parse(&stat)
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "/proc/PID/stat is not understood"))
    }
}

/// The unit of times in `/proc`, whatever the kernel's own.
const TICK: Duration = Duration::from_millis(10);
/// The size of a page wherever the benchmarks run.
const PAGE: u64 = 4096;

fn parse(stat: &str) -> Option<Usage> {
    // The name in brackets may hold anything; what follows it is numbered from 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let ticks = u32::try_from(number(14)? + number(15)?).ok()?;
    Some(Usage { cpu: TICK * ticks, resident: number(24)? * PAGE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let usage = Usage::of(std::process::id()).expect("Linux");
        assert!(usage.resident > 100_000);
    }

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 8 0 99 1000 25 0";
        let usage = parse(stat).expect("understood");
        assert_eq!((usage.cpu, usage.resident), (Duration::from_secs(2), 25 * PAGE));
    }
}
