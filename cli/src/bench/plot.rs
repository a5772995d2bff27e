//! The report as a picture: the latencies by percentile, the rate over time.

use std::fmt::Write;
use std::time::Duration;

use super::report::{Report, rate, shown};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 360.0;
/// Where a panel's drawing begins and ends.
const LEFT: f64 = 80.0;
const RIGHT: f64 = WIDTH - 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = HEIGHT - 40.0;
/// The percentiles that have a mark.
const MARKS: [(f64, &str); 6] = [
    (0.0, "0 %"),
    (0.5, "50 %"),
    (0.9, "90 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
    (0.9999, "99.99 %"),
];
/// The colours of the two curves.
const COLORS: [&str; 2] = ["#1f6feb", "#d1570f"];

/// The picture as the text of an SVG file.
pub(super) fn svg(report: &Report) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"white\"/>\n",
        2.0 * HEIGHT
    );
    latencies(&mut svg, report);
    writeln!(svg, "<g transform=\"translate(0 {HEIGHT})\">").expect(INFALLIBLE);
    rates(&mut svg, report);
    svg.push_str("</g>\n</svg>\n");
    svg
}

const INFALLIBLE: &str = "a string takes everything";

/// Percentiles to the right, each nine as wide as the last; times up, each ten as high.
fn latencies(svg: &mut String, report: &Report) {
    let title = format!("{} on {}: {:.0}/s", report.kind, report.url, report.sent_per_second);
    text(svg, LEFT, 24.0, "start", &title);
    let curves = [("latency", &report.latency_us), ("delivery", &report.delivery_us)];
    let points =
        curves.iter().filter_map(|(_, times)| times.as_ref()).flat_map(|times| &times.curve);
    let nines = |share: f64| -(1.0 - share).log10();
    let (mut widest, mut lowest, mut highest) = (1.0_f64, f64::MAX, 1.0_f64);
    for (share, micros) in points {
        widest = widest.max(nines(*share));
        lowest = lowest.min(micros.max(0.1));
        highest = highest.max(*micros);
    }
    let (low, high) = (lowest.min(highest).log10().floor(), highest.log10().ceil().max(0.0));
    let high = high.max(low + 1.0);
    let x = |share: f64| LEFT + (RIGHT - LEFT) * nines(share) / widest;
    let y = |micros: f64| BOTTOM - (BOTTOM - TOP) * (micros.max(0.1).log10() - low) / (high - low);
    for (share, name) in MARKS.into_iter().filter(|(share, _)| nines(*share) <= widest) {
        line(svg, (x(share), TOP), (x(share), BOTTOM));
        text(svg, x(share), BOTTOM + 18.0, "middle", name);
    }
    let mut decade = low;
    while decade <= high {
        let micros = 10_f64.powf(decade);
        line(svg, (LEFT, y(micros)), (RIGHT, y(micros)));
        text(svg, LEFT - 8.0, y(micros) + 4.0, "end", &shown(micros));
        decade += 1.0;
    }
    for ((name, times), (color, place)) in
        curves.into_iter().zip(COLORS.into_iter().zip([0.0, 90.0]))
    {
        let Some(times) = times else { continue };
        let points = times.curve.iter().map(|(share, micros)| (x(*share), y(*micros)));
        curve(svg, color, points);
        writeln!(svg, "<g fill=\"{color}\">").expect(INFALLIBLE);
        text(svg, RIGHT - 150.0 + place, 24.0, "start", name);
        svg.push_str("</g>\n");
    }
}

/// Seconds to the right, messages per second up.
fn rates(svg: &mut String, report: &Report) {
    text(svg, LEFT, 24.0, "start", "messages per second, over time");
    let steps = report.timeline.windows(2).filter_map(|step| match step {
        [(before, fewer), (after, more)] if after > before => {
            let (from, to) = (before.as_secs_f64(), after.as_secs_f64());
            Some((from, to, rate(more - fewer, to - from)))
        }
        _ => None,
    });
    let steps: Vec<_> = steps.collect();
    let last =
        report.timeline.last().map_or(1.0, |(time, _)| Duration::as_secs_f64(time).max(0.001));
    let highest = steps.iter().map(|(_, _, rate)| *rate).fold(1.0, f64::max);
    let x = |seconds: f64| LEFT + (RIGHT - LEFT) * seconds / last;
    let y = |rate: f64| BOTTOM - (BOTTOM - TOP) * rate / highest;
    for quarter in [0.0, 0.25, 0.5, 0.75, 1.0] {
        line(svg, (LEFT, y(highest * quarter)), (RIGHT, y(highest * quarter)));
        let rate = format!("{:.0}", highest * quarter);
        text(svg, LEFT - 8.0, y(highest * quarter) + 4.0, "end", &rate);
        line(svg, (x(last * quarter), TOP), (x(last * quarter), BOTTOM));
        let seconds = format!("{:.2} s", last * quarter);
        text(svg, x(last * quarter), BOTTOM + 18.0, "middle", &seconds);
    }
    // Between two looks there was this rate: a stair.
    let stairs =
        steps.into_iter().flat_map(|(from, to, rate)| [(x(from), y(rate)), (x(to), y(rate))]);
    curve(svg, COLORS[0], stairs);
}

fn line(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let stroke = "stroke=\"#ddd\"";
    writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {stroke}/>")
        .expect(INFALLIBLE);
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>")
        .expect(INFALLIBLE);
}

fn curve(svg: &mut String, color: &str, points: impl Iterator<Item = (f64, f64)>) {
    let points: Vec<_> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let points = points.join(" ");
    writeln!(
        svg,
        "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"{points}\"/>"
    )
    .expect(INFALLIBLE);
}
