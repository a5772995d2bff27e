//! The book's page of the benchmarks.

use std::fmt::Write;

use super::results::{Results, Row};

const HEAD: &str = "\
# Benchmarks

`cargo xtask bench` measures Busway beside the same exchange written by hand on the same client
library, and writes this page. Broker, server and client are processes of their own. The sides run in turn,
nobody always after the same other. Each run has a new client and a new server, as a process has its luck for
life, and a new desk broker; RabbitMQ, which takes seconds to start, stays, and each run has a new virtual
host. A message is a small order, or one of the size that is named, and its receipt.

The programs by hand stand in `benches/src/by_hand`, and do what Busway promises as well: calls have
deadlines, and requests and notifications are confirmed or accepted. *python* is oslo.messaging's own driver
of that name, *rabbit* its driver for `rabbit://`, on kombu, in its newest release and as it is by default;
both with native threads (`benches/python`), and with a tenth of the messages. *simulator* is oslo.messaging's
own, `tools/simulator.py` of its source distribution, on the driver of *python* and on eventlet's green threads,
as it has it: its clients send to its servers messages about as large as the orders, a tenth of them as well.

*calls 5* is five calls at a time, and so on; *fan-outs 10* is casts to ten servers, which share the
client's process, until each of them has heard all; Python's hundred are in ten processes of their own, as with
a hundred in one its pika driver is late with its heartbeats, and *client* and *MiB* are of all of these
together. In memory, and for Qpid Proton, a cast is done when it is handed over.

Busway, the programs by hand and the desk broker are optimized as one piece each, across crates. That is worth
about a quarter of the rate on AMQP 1.0, to Busway and by hand alike, and makes builds longer; a service that is
to be fast asks for it in its own `Cargo.toml`:

```toml
[profile.release]
codegen-units = 1
lto = \"fat\"
```

Numbers of one table may be compared with each other, and with no others: they were taken in one
run, on the machine that is named. *Ratio* is Busway's rate divided by that of the side in the same round, and
the median of these; *q1* and *q3* are the quartiles of these, so half of the rounds lie between them: that is
the noise. *Client*, *server* and *broker* are processor time a message, in microseconds; *MiB* is what the
client holds at the end; the percentiles are of the time from sending a message to its answer, in
microseconds.
";

/// The page: for each benchmark its name, its title, and what it has measured; where it has
/// measured nothing here, what the page said of it before.
pub(super) fn text(sections: &[(&str, &str, Option<&Results>)], before: &str) -> String {
    let mut text = String::from(HEAD);
    for (name, title, results) in sections {
        let Some(results) = results else {
            text.push_str(section(before, title));
            continue;
        };
        let Results { machine, runs, .. } = results;
        let _ = write!(
            text,
            "\n## {title}\n\nMedians of {runs} runs; {machine}.\n\n\
             ![Each side's rate beside Busway's](figures/bench-{name}.svg)\n\n\
             | pattern | side | a second | ratio | q1 | q3 | client | server | broker | MiB | p50 | p90 | p99 | p99.9 |\n\
             |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        );
        for row in &results.rows {
            line(&mut text, row);
        }
    }
    text
}

/// The section of that title, with what stands before it; empty where there is none.
fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let Some(start) = page.find(&format!("\n## {title}\n")) else { return "" };
    let rest = &page[start..];
    rest[1..].find("\n## ").map_or(rest, |end| &rest[..=end])
}

fn line(text: &mut String, row: &Row) {
    let Row { pattern, side, rate, ratio, micros: [client, server], mib, quantiles, .. } = row;
    let broker = row.broker.map_or(String::from("-"), |micros| format!("{micros:.1}"));
    let [q1, q3] =
        row.quartiles.map_or_else(dashes, |both| both.map(|ratio| format!("{ratio:.2}")));
    let [half, nine, hundred, thousand] = quantiles;
    let _ = writeln!(
        text,
        "| {pattern} | {side} | {rate:.0} | {ratio:.2} | {q1} | {q3} | {client:.1} | {server:.1} | {broker} \
         | {mib:.1} | {half:.0} | {nine:.0} | {hundred:.0} | {thousand:.0} |"
    );
}

/// Of a measurement that did not tell them.
fn dashes() -> [String; 2] {
    ["-"; 2].map(String::from)
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::example;
    use super::*;

    #[test]
    fn every_row_is_a_line_of_its_table() {
        let results = example();
        let text = text(&[("pika", "A title", Some(&results))], "");
        assert!(text.contains("\n## A title\n\nMedians of 5 runs; A & B, 2 cores"), "{text}");
        let row = "| calls 1 | other | 1234 | 0.97 | 0.91 | 1.02 | 12.3 | 5.0 | 7.0 \
                   | 9.5 | 100 | 200 | 300 | 4000 |";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("(figures/bench-pika.svg)"));
    }

    #[test]
    fn what_was_not_measured_here_stays() {
        let results = example();
        let both = text(&[("a", "One", Some(&results)), ("b", "Other", Some(&results))], "");
        assert_eq!(text(&[("a", "One", Some(&results)), ("b", "Other", None)], &both), both);
        assert_eq!(text(&[("a", "One", None), ("b", "Other", Some(&results))], &both), both);
        assert_eq!(text(&[("c", "Neither", None)], &both), HEAD);
    }
}
