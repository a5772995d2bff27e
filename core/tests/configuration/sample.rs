use busway_core::Config;
use busway_core::config::{CoreOptions, NotificationOptions, OptionInfo, describe, sample};

use crate::pigeon::{PigeonOptions, builder, with_file};

fn all() -> Vec<OptionInfo> {
    let mut options = describe::<CoreOptions>();
    options.extend(describe::<NotificationOptions>());
    options.extend(describe::<PigeonOptions>());
    options
}

/// Every option's value, whatever its origin.
fn values(config: &Config) -> Vec<(String, Option<String>)> {
    config.explain().options.into_iter().map(|option| (option.name, option.value)).collect()
}

#[test]
fn the_sample_says_the_defaults_commented_out_or_not() {
    let text = sample(&all());
    let uncommented: String = text
        .lines()
        // An option without a default has nothing to say.
        .filter(|line| !line.ends_with(" ="))
        .map(|line| match line.strip_prefix('#') {
            Some(option) if !option.starts_with(' ') && !option.is_empty() => option,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(uncommented.contains("\nrpc_response_timeout = 60\n"), "{uncommented}");
    assert!(uncommented.contains("\nreply_exchange = ${control_exchange}_replies\n"));
    let defaults = values(&builder().build().expect("the defaults"));
    for text in [text, uncommented] {
        let built = with_file("sample.conf", &text, |path| builder().file(path).build());
        assert_eq!(values(&built.expect("a good sample")), defaults, "{text}");
    }
}

#[test]
fn the_sample_keeps_the_order_of_the_fields_and_short_lines() {
    let text = sample(&all());
    let places: Vec<_> = ["[DEFAULT]", "#transport_url", "#rpc_ping_enabled", "#pigeons", "#wind"]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} in {text}")))
        .into();
    assert!(places.is_sorted(), "{places:?}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn options_are_described_by_their_struct_alone() {
    let options = describe::<PigeonOptions>();
    let find = |name: &str| options.iter().find(|it| it.name == name).expect("an option");
    for (name, kind, default, secret) in [
        ("pigeons", "integer", Some("2"), false),
        ("look_interval", "seconds", Some("0.25"), false),
        ("letter_timeout", "seconds", None, false),
        ("wind", "number", Some("5.5"), false),
        ("song", "boolean", Some("true"), false),
        ("loft_key", "string", None, true),
        ("password", "string", None, true),
        ("order", "round-robin|shuffle", Some("round-robin"), false),
        ("roofs", "list", Some("north,south"), false),
        ("rings", "list", Some(""), false),
        ("orders", "map", Some(""), false),
    ] {
        let option = find(name);
        assert_eq!(option.kind, kind, "{name}");
        assert_eq!(option.default.as_deref(), default, "{name}");
        assert_eq!(option.secret, secret, "{name}");
        assert!(!option.text.is_empty(), "{name}");
    }
}
