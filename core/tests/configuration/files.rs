use busway_core::config::Seconds;
use busway_core::{Config, ErrorKind};

use crate::pigeon::{Order, SECTION, builder, pigeon, read, with_file};

const INI: &str = "
# A service's own file.
[DEFAULT]
debug = True
my_ip = 10.0.0.1
transport_url = pigeon://u:p@loft/
rpc_response_timeout = 2.5
rpc_ping_enabled = yes

[database]
connection = mysql://u:p@db/nova
max_retries = ten

[oslo_messaging_notifications]
driver = messagingv2
driver = log
topics = a, b

[oslo_messaging_pigeon]
pigeons: 3
letter_timeout = 9
song = off
password = 007
order = shuffle
rings = 1,
    2,
    3
orders = to:north,by:night

[oslo_messaging_carrier_seagull]
unheard_of = 1
";

const TOML: &str = r#"
debug = true
my_ip = "10.0.0.1"
transport_url = "pigeon://u:p@loft/"

[DEFAULT]
rpc_response_timeout = 2.5
rpc_ping_enabled = true

[database]
connection = "mysql://u:p@db/nova"
max_retries = "ten"

[oslo_messaging_notifications]
driver = ["messagingv2", "log"]
topics = ["a", "b"]

[oslo_messaging_pigeon]
pigeons = 3
letter_timeout = 9
song = false
password = "007"
order = "shuffle"
rings = [1, 2, 3]

[oslo_messaging_pigeon.orders]
to = "north"
by = "night"
"#;

const YAML: &str = "
debug: true
transport_url: pigeon://u:p@loft/
DEFAULT:
  rpc_response_timeout: 2.5
  rpc_ping_enabled: true
database:
  max_retries: ten
oslo_messaging_notifications:
  driver: [messagingv2, log]
  topics: a, b
oslo_messaging_pigeon:
  pigeons: 3
  letter_timeout: 9
  song: false
  password: '007'
  order: shuffle
  rings: [1, 2, 3]
  orders: { to: north, by: night }
  volume: null
";

const JSON: &str = r#"{
  "transport_url": "pigeon://u:p@loft/",
  "DEFAULT": { "rpc_response_timeout": 2.5, "rpc_ping_enabled": true },
  "database": { "max_retries": "ten" },
  "oslo_messaging_notifications": { "driver": ["messagingv2", "log"], "topics": ["a", "b"] },
  "oslo_messaging_pigeon": {
    "pigeons": 3, "letter_timeout": 9, "song": false, "password": "007", "order": "shuffle",
    "rings": [1, 2, 3], "orders": { "to": "north", "by": "night" }
  }
}"#;

#[test]
fn every_format_says_the_same() {
    for (name, text) in [("a.conf", INI), ("a.toml", TOML), ("a.yaml", YAML), ("a.json", JSON)] {
        let config = read(name, text);
        let core = config.core();
        let url = core.transport_url.as_ref().expect("a URL");
        assert_eq!(url.expose(), "pigeon://u:p@loft/", "{name}");
        assert_eq!(core.rpc_response_timeout, Seconds::from_millis(2500), "{name}");
        assert!(core.rpc_ping_enabled, "{name}");
        assert_eq!(core.control_exchange, "openstack", "{name}");
        assert_eq!(config.notifications().driver, ["messagingv2", "log"], "{name}");
        assert_eq!(config.notifications().topics, ["a", "b"], "{name}");

        let pigeon = pigeon(&config);
        assert_eq!((pigeon.pigeons, pigeon.song, pigeon.volume), (3, false, 1), "{name}");
        assert_eq!(pigeon.letter_timeout, Some(Seconds::new(9)), "{name}");
        assert_eq!(pigeon.password.expose(), "007", "{name}");
        assert_eq!(pigeon.order, Order::Shuffle, "{name}");
        assert_eq!(pigeon.rings, [1, 2, 3], "{name}");
        assert_eq!(pigeon.orders["to"], "north", "{name}");
        assert_eq!(pigeon.orders["by"], "night", "{name}");
        assert_eq!(pigeon.roofs, ["north", "south"], "{name}");
    }
}

#[test]
fn a_later_file_wins_over_an_earlier_one() {
    let config = with_file("a.conf", INI, |first| {
        let text = "[oslo_messaging_pigeon]\npigeons = 4\n[DEFAULT]\nmy_own = 1\n";
        with_file("b.ini", text, |second| builder().file(first).file(second).build())
    });
    let config = config.expect("good files");
    assert_eq!(pigeon(&config).pigeons, 4);
    assert_eq!(pigeon(&config).order, Order::Shuffle);
    assert!(config.core().rpc_ping_enabled);
}

#[test]
fn the_names_of_sections_are_compared_as_oslo_config_does() {
    let config =
        read("a.conf", "[default]\ncontrol_exchange = x\n[Oslo_Messaging_Pigeon]\npigeons=5");
    assert_eq!(config.core().control_exchange, "x");
    assert_eq!(pigeon(&config).pigeons, 5);
}

#[test]
fn empty_files_say_nothing() {
    for name in ["a.conf", "a.toml", "a.yaml"] {
        assert_eq!(read(name, "").core().control_exchange, "openstack", "{name}");
    }
    assert_eq!(read("a.json", "{}").core().control_exchange, "openstack");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = builder().file("/nowhere/service.conf").build().expect_err("no such file");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.get("file"), Some("/nowhere/service.conf"));
    let error = Config::load("/nowhere/service.conf").expect_err("no such file");
    assert_eq!(error.get("file"), Some("/nowhere/service.conf"));
}

#[test]
fn a_file_of_an_unknown_format_is_refused_with_those_there_are() {
    let error = with_file("a.xml", "", |path| builder().file(path).build()).expect_err("no format");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains(".toml"), "{error}");
}

#[test]
fn a_broken_file_is_refused_at_its_line_without_showing_it() {
    for (name, text, line) in [
        ("a.conf", "[DEFAULT]\nhunter2\n", "line 2"),
        ("a.toml", "x = 1\npassword = hunter2\n", "line 2"),
        ("a.toml", "x = 1\nx = \"hunter2\"\n", "line 2"),
        ("a.yaml", "x: 1\npassword: [hunter2\n", "line 3"),
        ("a.yaml", "x: 1\npassword: !!int hunter2\n", "line 2"),
        ("a.json", "{\n\"password\": hunter2 }", "line 2"),
        ("a.json", "\"hunter2\"", "sections"),
        ("a.yaml", "hunter2", "sections"),
        ("a.yaml", "? [hunter2]\n: 1\n", "line 1"),
    ] {
        let built = with_file(name, text, |path| builder().file(path).build());
        let error = built.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
        assert!(error.get("file").is_some_and(|path| path.ends_with(name)), "{error}");
        assert!(error.message().contains(line), "{text}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_section_of_a_driver_that_is_not_there_is_read_when_asked_for() {
    let config = with_file("a.conf", INI, |path| {
        Config::builder().registry(busway_core::driver::Registry::empty()).file(path).build()
    });
    assert_eq!(pigeon(&config.expect("a good file")).pigeons, 3);
}

#[test]
fn the_urls_query_wins_over_everything() {
    let url = "pigeon://loft/?pigeons=7&roofs=east&password=0x7".parse().expect("a URL");
    let config = builder().set(SECTION, "pigeons", 4).set(SECTION, "volume", 3).build();
    let options: crate::pigeon::PigeonOptions =
        config.expect("good").driver_section(&url).expect("good options");
    assert_eq!((options.pigeons, options.volume), (7, 3));
    assert_eq!(options.roofs, ["east"]);
    assert_eq!(options.password.expose(), "0x7");
}

#[test]
fn a_bad_option_of_the_urls_query_is_told_with_the_url() {
    for (query, key, what) in [
        ("pigeons=hunter2&password=hunter2", "pigeons", "a whole number from 1 to 9"),
        ("pigeon=1&password=hunter2", "pigeon", "did you mean pigeons?"),
        ("volume=9&password=hunter2", "volume", "too loud"),
    ] {
        let url = format!("pigeon://u:hunter2@loft/?{query}").parse().expect("a URL");
        let error = Config::new()
            .driver_section::<crate::pigeon::PigeonOptions>(&url)
            .expect_err("a bad option");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!((error.get("section"), error.get("key")), (Some(SECTION), Some(key)));
        assert!(error.get("url").is_some_and(|url| url.contains("u:***@loft")), "{error}");
        assert!(error.message().contains(what), "{error}");
    }
}

#[test]
fn a_configuration_shows_no_secret() {
    let config = read("a.conf", INI);
    let shown = format!("{config:?} {:?}", pigeon(&config));
    assert!(!shown.contains("p@loft") && !shown.contains("007"), "{shown}");
}
