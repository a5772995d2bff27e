//! `cargo xtask bench`: Busway beside the same exchange by hand, on every bus, and the book's page
//! of it.

mod page;
mod picture;
mod results;

use std::fs;

use crate::{Outcome, peers, repo, run, setup};
use results::Results;

/// A benchmark, and what it compares.
struct Pair {
    name: &'static str,
    title: &'static str,
}

const PAIRS: [Pair; 3] = [
    Pair { name: "fake", title: "In memory, beside bare tokio channels" },
    Pair { name: "pika", title: "RabbitMQ, beside lapin by hand and Python's drivers" },
    Pair {
        name: "amqp1",
        title: "AMQP 1.0, beside fe2o3-amqp by hand, Qpid Proton's C++ client and Python's driver",
    },
];

/// Where the benchmarks leave what they have measured.
const RESULTS: &str = "target/bench";
/// Where the book has its page and its pictures.
const PAGE: &str = "docs/src/benchmarks.md";
const PICTURES: &str = "docs/src/figures";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    // Of what was measured before.
    if arguments == ["--page"] {
        return write_page();
    }
    let (pairs, runs) = understood(arguments)?;
    setup::run(&[])?;
    peers::try_to_have_for_benchmarks();
    if let Err(why) = setup::ensure(&[setup::CPLUSPLUS, setup::PROTON]) {
        println!("Without Qpid Proton's C++ client: {why}");
    }
    let folder = repo::root().join(RESULTS);
    fs::create_dir_all(&folder).map_err(|error| format!("{RESULTS}: {error}"))?;
    let mut slow = Vec::new();
    for pair in pairs {
        let file = folder.join(format!("{}.json", pair.name)).display().to_string();
        let mut words = vec!["cargo", "bench", "--package", "busway-benches", "--bench", pair.name];
        words.extend(["--", "--json", &file, "--runs", &runs]);
        if run::loudly(&words).is_err() {
            slow.push(pair.name);
        }
    }
    write_page()?;
    match slow.as_slice() {
        [] => Ok(()),
        slow => Err(format!("slower than it has to be, or not measured: {}", slow.join(", "))),
    }
}

/// Which pairs, and how many runs of each: all of them, five times.
fn understood(arguments: &[String]) -> Result<(Vec<&'static Pair>, String), String> {
    let (mut pairs, mut runs) = (Vec::new(), String::from("5"));
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--runs" {
            let given =
                arguments.next().filter(|given| given.parse().is_ok_and(|runs: u32| runs > 0));
            runs.clone_from(given.ok_or("--runs needs a number")?);
        } else if let Some(pair) = PAIRS.iter().find(|pair| pair.name == argument) {
            pairs.push(pair);
        } else {
            let known: Vec<_> = PAIRS.iter().map(|pair| pair.name).collect();
            return Err(format!("there is no benchmark '{argument}': {}", known.join(", ")));
        }
    }
    Ok((if pairs.is_empty() { PAIRS.iter().collect() } else { pairs }, runs))
}

/// Makes the page anew of whatever was measured last; the rest of it stays.
fn write_page() -> Outcome {
    let mut measured = Vec::new();
    for pair in &PAIRS {
        let text = repo::read(&format!("{RESULTS}/{}.json", pair.name)).ok();
        measured.push((pair, text.map(|text| Results::read(&text)).transpose()?));
    }
    let write = |path: String, text: String| {
        fs::write(repo::root().join(&path), text).map_err(|error| format!("{path}: {error}"))
    };
    fs::create_dir_all(repo::root().join(PICTURES))
        .map_err(|error| format!("{PICTURES}: {error}"))?;
    for (pair, results) in &measured {
        if let Some(results) = results {
            write(format!("{PICTURES}/bench-{}.svg", pair.name), picture::svg(results))?;
        }
    }
    let sections: Vec<_> =
        measured.iter().map(|(pair, it)| (pair.name, pair.title, it.as_ref())).collect();
    write(String::from(PAGE), page::text(&sections, &repo::read(PAGE).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<(Vec<&'static str>, String), String> {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let (pairs, runs) = understood(&words)?;
        Ok((pairs.iter().map(|pair| pair.name).collect(), runs))
    }

    #[test]
    fn every_pair_is_measured_unless_some_are_named() {
        assert_eq!(of(&[]).unwrap(), (vec!["fake", "pika", "amqp1"], String::from("5")));
        assert_eq!(of(&["amqp1", "--runs", "3"]).unwrap(), (vec!["amqp1"], String::from("3")));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(of(&["kafka"]).unwrap_err().contains("'kafka'"));
        assert!(of(&["--runs", "0"]).unwrap_err().contains("--runs"));
    }
}
