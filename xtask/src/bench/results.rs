use serde_json::Value;

/// What a benchmark has measured.
pub(super) struct Results {
    /// The machine, for a person.
    pub(super) machine: String,
    /// How many runs the medians are of.
    pub(super) runs: u64,
    pub(super) rows: Vec<Row>,
}

/// A side's medians of a pattern.
pub(super) struct Row {
    pub(super) pattern: String,
    pub(super) side: String,
    /// Messages a second.
    pub(super) rate: f64,
    /// The first side's rate divided by this one's.
    pub(super) ratio: f64,
    /// What a quarter of the rounds, and three quarters, had at most as the ratio, where it was
    /// taken.
    pub(super) quartiles: Option<[f64; 2]>,
    /// Processor time of the client and of the server, in microseconds a message.
    pub(super) micros: [f64; 2],
    /// That of the broker, where it was taken.
    pub(super) broker: Option<f64>,
    /// What the client holds, in MiB.
    pub(super) mib: f64,
    /// How long half of the messages took at most, nine of ten, 99 of 100 and 999 of 1000, in
    /// microseconds.
    pub(super) quantiles: [f64; 4],
}

impl Results {
    /// What is in a file that a benchmark has written.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::of(&json).ok_or_else(|| String::from("not what a benchmark writes"))
    }

    fn of(json: &Value) -> Option<Self> {
        let machine = &json["machine"];
        let (processor, kernel) = (machine["processor"].as_str()?, machine["kernel"].as_str()?);
        let machine = format!("{processor}, {} cores, Linux {kernel}", machine["cores"].as_u64()?);
        let rows = json["rows"].as_array()?.iter().map(Row::of).collect::<Option<_>>()?;
        Some(Self { machine, runs: json["runs"].as_u64()?, rows })
    }

    /// The patterns with the rows of their sides, in order.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|one, other| one.pattern == other.pattern)
    }
}

impl Row {
    fn of(json: &Value) -> Option<Self> {
        let number = |name: &str| json[name].as_f64();
        Some(Self {
            pattern: json["pattern"].as_str()?.to_owned(),
            side: json["side"].as_str()?.to_owned(),
            rate: number("rate")?,
            ratio: number("ratio")?,
            quartiles: number("ratio_q1").zip(number("ratio_q3")).map(<[f64; 2]>::from),
            micros: [number("client_micros")?, number("server_micros")?],
            broker: number("broker_micros"),
            mib: number("client_mib")?,
            quantiles: [number("p50")?, number("p90")?, number("p99")?, number("p99_9")?],
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two patterns, of two sides and of one.
    pub(crate) fn example() -> Results {
        let row = |pattern: &str, side: &str| {
            serde_json::json!({
                "pattern": pattern, "side": side, "rate": 1234.5, "ratio": 0.97,
                "ratio_q1": 0.91, "ratio_q3": 1.02,
                "client_micros": 12.34, "server_micros": 5.0, "broker_micros": 7.0, "client_mib": 9.5,
                "p50": 100.0, "p90": 200.0, "p99": 300.0, "p99_9": 4000.0,
            })
        };
        let machine = serde_json::json!({ "processor": "A & B", "cores": 2, "kernel": "6.1" });
        let rows = [row("calls 1", "busway"), row("calls 1", "other"), row("casts 256", "busway")];
        let json = serde_json::json!({ "machine": machine, "runs": 5, "rows": rows });
        Results::read(&json.to_string()).unwrap()
    }

    #[test]
    fn the_sides_of_a_pattern_stand_together() {
        let results = example();
        let patterns: Vec<_> = results.patterns().map(<[Row]>::len).collect();
        assert_eq!((results.machine.as_str(), patterns), ("A & B, 2 cores, Linux 6.1", vec![2, 1]));
    }

    #[test]
    fn what_is_no_result_is_refused() {
        assert!(Results::read("{").is_err());
        assert!(Results::read("{}").is_err());
    }
}
