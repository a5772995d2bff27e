use crate::run::run;

#[tokio::test]
async fn every_kind_is_measured_and_nothing_is_lost() {
    for (kind, copies) in
        [("call", None), ("cast", Some(1)), ("fanout", Some(3)), ("notify", Some(1))]
    {
        let ended = run(&["bench", kind, "--count", "200", "--in-flight", "8", "--json"]).await;
        let report = ended.with_code(0).json();
        assert_eq!(report["kind"], kind);
        assert_eq!(report["sent"], 200);
        assert_eq!(report["lost"], 0);
        assert_eq!(report["errors"], serde_json::json!({}));
        assert_eq!(report["delivered"].as_u64(), copies.map(|copies| 200 * copies), "{kind}");
        assert!(report["sent_per_second"].as_f64().expect("a rate") > 0.0);
        let latency = &report["latency_us"];
        let at = |name: &str| latency[name].as_f64().expect(name);
        assert!(at("min") > 0.0 && at("min") <= at("p50"), "{latency}");
        assert!(at("p50") <= at("p99") && at("p99") <= at("p99_9"), "{latency}");
        assert!(at("p99_9") <= at("max"), "{latency}");
    }
}

#[tokio::test]
async fn the_report_is_readable_and_the_plot_is_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cast.svg");
    let bench = ["bench", "cast", "--duration", "100ms", "--size", "10", "--plot"];
    let ended = run(&[&bench[..], &[path.to_str().expect("UTF-8")]].concat()).await.with_code(0);
    for part in ["cast on fake://", "64 in flight, 10 bytes", "p99.9", "latency", "delivery"] {
        assert!(ended.stdout.contains(part), "{part} is missing in {}", ended.stdout);
    }
    assert_eq!(ended.stderr, "", "no progress without a terminal");
    let svg = std::fs::read_to_string(path).expect("a picture");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<polyline").count(), 3, "two latencies and a rate");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[tokio::test]
async fn what_fails_is_counted_by_its_kind() {
    let bench = ["bench", "call", "--count", "500", "--no-server", "--topic", "t", "--json"];
    let ended = run(&bench).await.with_code(1);
    let report = ended.json();
    assert_eq!(report["sent"], 0);
    let failed = report["errors"]["undeliverable"]["count"].as_u64().expect("a count");
    assert!((10..500).contains(&failed), "when all fails, it gives up: {report}");
    assert_eq!(report["latency_us"], serde_json::Value::Null);
}

#[tokio::test]
async fn what_is_lost_is_told() {
    let bench = ["bench", "cast", "--url", "fake://?drop=0.5&seed=1", "--count", "50"];
    let ended = run(&[&bench[..], &["--timeout", "500ms", "--json"]].concat()).await.with_code(1);
    let report = ended.json();
    let (lost, delivered) = (report["lost"].as_u64(), report["delivered"].as_u64());
    assert_eq!(lost.zip(delivered).map(|(lost, delivered)| lost + delivered), Some(50), "{report}");
    assert!(lost > Some(0), "{report}");
    assert!(ended.stderr.contains("did not arrive"), "{}", ended.stderr);
}
