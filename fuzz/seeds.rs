//! The seeds of a target, and what is near them: a fuzzer for everybody, part of the tests of the
//! packages that have targets.

use std::path::Path;
use std::{fs, panic};

/// How often each seed is bent.
const BENT: u32 = 200;

/// Runs a target on each of its seeds, and on what comes of them when they are cut, doubled and
/// mixed, the same each time.
///
/// # Panics
/// When the target does; the message shows what it was fed with.
pub(crate) fn and_what_is_near(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).expect("a folder of seeds");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path| fs::read(path).expect("a seed");
    let seeds: Vec<_> = paths.into_iter().map(read).collect();
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for seed in &seeds {
        fed(run, seed);
        for _ in 0..BENT {
            let mut bent = seed.clone();
            for _ in 0..=dice.below(4) {
                bend(&mut bent, &seeds, &mut dice);
            }
            fed(run, &bent);
        }
    }
}

fn fed(run: fn(&[u8]), data: &[u8]) {
    if let Err(panic) = panic::catch_unwind(|| run(data)) {
        eprintln!("it was fed with b\"{}\"", data.escape_ascii());
        panic::resume_unwind(panic);
    }
}

fn bend(data: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(data.len() + 1);
    match dice.below(6) {
        0 => data.truncate(at),
        1 => drop(data.drain(..at)),
        2 => data.insert(at, dice.byte()),
        3 => data.extend_from_within(at..),
        4 => {
            let other = &seeds[dice.below(seeds.len())];
            data.truncate(at);
            data.extend_from_slice(&other[dice.below(other.len() + 1)..]);
        }
        _ => {
            if let Some(byte) = data.get_mut(at) {
                *byte = dice.byte();
            }
        }
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).expect("below a size")
    }

    /// Any byte, or one that means something in a text or a frame.
    fn byte(&mut self) -> u8 {
        const ODD: &[u8] = b"\0\x01\x40\x53\xc0\xd0\x7f\x80\xff\"\\{}[]:@/?&=%$#;,\n";
        let any = self.next().to_le_bytes()[0];
        if any.is_multiple_of(2) { ODD[usize::from(any / 2) % ODD.len()] } else { any }
    }
}
