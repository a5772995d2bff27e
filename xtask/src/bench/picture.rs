//! The rates of the sides as bars, in SVG: each pattern for itself, Busway's as one.

use std::fmt::Write;

use super::results::{Results, Row};

const WIDTH: f64 = 760.0;
/// Where the bars begin, and how long one of Busway's is.
const LEFT: f64 = 150.0;
const ONE: f64 = 260.0;
/// No bar is longer than so many of Busway's.
const LONGEST: f64 = 1.9;
const BAR: f64 = 14.0;
const GAP: f64 = 10.0;
const TOP: f64 = 20.0;

pub(super) fn svg(results: &Results) -> String {
    let mut bars = String::new();
    let mut y = TOP;
    for rows in results.patterns() {
        #[allow(clippy::cast_precision_loss, reason = "there are but a few sides")]
        let middle = y + BAR * rows.len() as f64 / 2.0;
        text(&mut bars, LEFT - 8.0, middle + 4.0, "end", &rows[0].pattern);
        for row in rows {
            bar(&mut bars, y, row);
            y += BAR;
        }
        y += GAP;
    }
    let one = LEFT + ONE;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <line x1=\"{one}\" y1=\"8\" x2=\"{one}\" y2=\"{y}\" stroke=\"silver\" \
         stroke-dasharray=\"2 3\"/>\n{bars}</svg>\n"
    )
}

/// Whoever does it by hand is grey.
fn color(side: &str) -> &'static str {
    match side {
        "busway" => "#1f6feb",
        "proton" => "#d1570f",
        "python" => "#2da44e",
        "rabbit" => "#8250df",
        "simulator" => "#bf8700",
        _ => "#8b949e",
    }
}

/// A side's rate as a share of Busway's.
fn bar(svg: &mut String, y: f64, row: &Row) {
    let color = color(&row.side);
    let length = (1.0 / row.ratio).min(LONGEST) * ONE;
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"{color}\"/>",
        BAR - 2.0
    );
    let label = format!("{} {:.0}/s", row.side, row.rate);
    text(svg, LEFT + length + 6.0, y + BAR - 4.0, "start", &label);
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::example;
    use super::*;

    #[test]
    fn every_side_has_a_bar_with_its_rate() {
        let svg = svg(&example());
        assert_eq!(svg.matches("1234/s").count(), 3, "{svg}");
        assert_eq!(svg.matches(">calls 1<").count(), 1, "{svg}");
    }
}
