//! Bodies: empty and large, odd keys, numbers at the edges; and what is over the limits.

use busway_core::{ErrorKind, Limits, Payload, Transport};
use serde_json::{Map, Value, json};

use crate::Harness;
use crate::stage::{Journal, Service, client, open, open_with, serve};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    empty_things_pass;
    a_mebibyte_passes_both_ways;
    odd_keys_pass;
    odd_text_passes;
    numbers_at_the_edges_pass;
    numbers_pass_digit_by_digit;
    deep_nesting_within_the_limit_passes;
    arguments_over_the_limit_do_not_leave;
    a_result_over_the_limit_is_a_remote_failure;
}

/// What comes back is what was sent.
async fn passes(transport: &Transport, it: Value) -> CaseResult {
    let args = json!({ "it": it });
    let reply: Value = client(transport, "topic").call("echo", &args).await?;
    // A large difference is nothing to print.
    let size = args.to_string().len();
    assert!(reply == args, "of {size} bytes, others came: {:.200}", reply.to_string());
    Ok(())
}

async fn empty_things_pass(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    for it in [json!(""), json!([]), json!({}), json!(null), json!([[], {}, "", null])] {
        passes(&transport, it).await?;
    }
    Ok(())
}

async fn a_mebibyte_passes_both_ways(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    passes(&transport, "x".repeat(1 << 20).into()).await?;
    passes(&transport, "ž🐎\n".repeat((1 << 20) / 7).into()).await?;
    passes(&transport, vec![json!({ "name": "x".repeat(40) }); 20_000].into()).await
}

async fn odd_keys_pass(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let keys = [
        "",
        " ",
        ".",
        "$ref",
        "a.b",
        "a b",
        "\"",
        "\\",
        "\n",
        "\u{0}",
        "žluťoučký",
        "🐎",
        "__class__",
        "oslo.message",
        "oslo.version",
        "method",
        "args",
        "version",
        "namespace",
        "failure",
        "result",
        "ending",
        "_msg_id",
        "_unique_id",
        "_reply_q",
        "_context_user",
        "_timeout",
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
    ];
    let object: Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), json!(*key))).collect();
    // As arguments, and below.
    let reply: Value = client(&transport, "topic").call("echo", &object).await?;
    assert_eq!(reply, Value::Object(object.clone()));
    passes(&transport, object.into()).await
}

async fn odd_text_passes(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let control: String = (0..0x20_u8).map(char::from).collect();
    let texts = [
        control.as_str(),
        "\u{7f}\u{80}\u{ff}\u{100}",
        "\u{2028}\u{2029}\u{feff}",
        "\u{d7ff}\u{e000}\u{fffd}\u{ffff}",
        "\u{10000}\u{10ffff}",
        "e\u{301} \u{202e}right to left",
        "{\"not\": \"an object\"}",
    ];
    for text in texts {
        passes(&transport, text.into()).await?;
    }
    Ok(())
}

async fn numbers_at_the_edges_pass(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    passes(&transport, json!([0, -1, i32::MAX, i32::MIN, u32::MAX, i64::MAX, i64::MIN, u64::MAX]))
        .await?;
    passes(&transport, json!([0.0, -0.0, 0.1, 1e-7, 1e21, 1e300, -1e300])).await?;
    passes(&transport, json!([f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::EPSILON, 5e-324])).await
}

async fn numbers_pass_digit_by_digit(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let written = journal.clone();
    let service = Service::new().method("echo", move |args: Payload, _| {
        written.write(args.as_json().to_owned());
        async { Ok(args) }
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    // 1.0 is no 1, and no digit is lost.
    let json = r#"{"it":[1.0,1,9007199254740993,-9223372036854775808,0.1]}"#;
    let args = Payload::from_json(json, &Limits::default())?;
    let reply: Payload = client(&transport, "topic").call("echo", args).await?;
    assert_eq!(journal.next().await, json);
    assert_eq!(reply.as_json(), json);
    Ok(())
}

/// Low limits, which are quick to exceed.
const LIMITS: &[(&str, &str)] = &[("max_body_size", "100000"), ("max_body_depth", "16")];

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(null), |inner, _| json!([inner]))
}

async fn deep_nesting_within_the_limit_passes(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    // The arguments' own object is one level.
    passes(&transport, nested(transport.config().limits().max_depth - 1)).await
}

async fn arguments_over_the_limit_do_not_leave(harness: &dyn Harness) -> CaseResult {
    let transport = open_with(harness, LIMITS).await?;
    let journal = Journal::<Value>::new();
    let _server = serve(&transport, "topic", "server", Service::new().noting(&journal)).await?;
    let client = client(&transport, "topic");
    let limits = transport.config().limits();
    for it in [json!("x".repeat(limits.max_size)), nested(limits.max_depth)] {
        let args = json!({ "it": it });
        let error = client.call::<_, ()>("note", &args).await.expect_err("over the limit");
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        let error = client.cast("note", &args).await.expect_err("over the limit");
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    }
    client.call::<_, ()>("note", json!({ "it": 1 })).await?;
    assert_eq!(journal.rest().await, [json!(1)]);
    Ok(())
}

async fn a_result_over_the_limit_is_a_remote_failure(harness: &dyn Harness) -> CaseResult {
    let transport = open_with(harness, LIMITS).await?;
    let limits = transport.config().limits();
    let service = Service::echo()
        .method("large", move |_: Value, _| async move { Ok("x".repeat(limits.max_size)) })
        .method("deep", move |_: Value, _| async move { Ok(nested(limits.max_depth + 1)) });
    let _server = serve(&transport, "topic", "server", service).await?;
    let client = client(&transport, "topic");
    for method in ["large", "deep"] {
        let error = client.call::<_, Value>(method, ()).await.expect_err("over the limit");
        assert_eq!(error.kind(), ErrorKind::Remote, "{method}");
    }
    passes(&transport, json!(1)).await
}
