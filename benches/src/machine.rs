use std::fmt;
use std::fs;

use serde::Serialize;

/// The machine that numbers were taken on: numbers of different machines are not to be compared.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor, as Linux names it.
    processor: String,
    /// How many of its cores this process may use.
    cores: usize,
    /// The version of Linux.
    kernel: String,
}

impl Machine {
    /// This one; what it does not tell is empty.
    pub(crate) fn this() -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
        let processor = model.unwrap_or_default().trim_start_matches([' ', '\t', ':']).to_owned();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // What distributors add to it tells nothing here.
        let kernel = kernel.trim().split('-').next().unwrap_or_default().to_owned();
        Self { processor, cores, kernel }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, kernel } = self;
        write!(f, "{processor}, {cores} cores, Linux {kernel}")
    }
}
