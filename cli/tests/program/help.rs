use crate::run::run;

/// Each subcommand with a word that only its own help has.
const COMMANDS: [(&[&str], &str); 15] = [
    (&["demo"], "fan-out"),
    (&["serve"], "--stop-timeout"),
    (&["call"], "--call-monitor-timeout"),
    (&["cast"], "--fanout"),
    (&["notify"], "--publisher-id"),
    (&["listen"], "--pool"),
    (&["bench"], "--in-flight"),
    (&["broker"], "--queue-pattern"),
    (&["drivers"], "--json"),
    (&["config"], "sample"),
    (&["config", "sample"], "oslo.config"),
    (&["config", "check"], "--all"),
    (&["check"], "--connect-only"),
    (&["completions"], "fish"),
    (&["man"], "--dir"),
];

#[tokio::test]
async fn every_subcommand_has_a_help_with_an_example() {
    for (command, word) in COMMANDS {
        let ended = run(&[command, &["--help"]].concat()).await.with_code(0);
        assert!(ended.stdout.contains(word), "{command:?}: {word} is missing in {}", ended.stdout);
        assert!(ended.stdout.contains("--transport-url"), "{command:?}: no global options");
        let example = ended.stdout.contains("Example") || command == ["config"];
        assert!(example, "{command:?}: no example");
        assert_eq!(ended.stderr, "");
    }
}

#[tokio::test]
async fn the_help_names_every_exit_code() {
    let ended = run(&["--help"]).await.with_code(0);
    let (_, codes) = ended.stdout.split_once("Exit codes:\n").expect("the codes");
    for (code, line) in [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 143].into_iter().zip(codes.lines()) {
        assert!(line.trim().starts_with(&format!("{code}  ")), "{line}");
    }
    assert!(codes.contains("BUSWAY_TRANSPORT_URL"));
}

#[tokio::test]
async fn the_version_is_that_of_the_package() {
    let ended = run(&["--version"]).await.with_code(0);
    assert_eq!(ended.stdout, format!("busway {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn each_shell_gets_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = run(&["completions", shell]).await.with_code(0);
        assert!(ended.stdout.contains("busway") && ended.stdout.contains("in-flight"), "{shell}");
    }
}

#[tokio::test]
async fn the_manual_has_a_page_for_each_subcommand() {
    let page = run(&["man"]).await.with_code(0).stdout;
    for part in [".SH NAME", ".SH \"EXIT STATUS\"", ".SH ENVIRONMENT", "undeliverable\\|nobody"] {
        let any = part.split("\\|").any(|part| page.contains(part));
        assert!(any, "{part} is missing in {page}");
    }

    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("man1");
    let ended = run(&["man", "--dir", dir.to_str().expect("UTF-8")]).await.with_code(0);
    let mut names: Vec<_> = std::fs::read_dir(&dir)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    for (command, word) in COMMANDS {
        let name = format!("busway-{}.1", command.join("-"));
        assert!(names.contains(&name), "{name} is missing in {names:?}");
        let page = std::fs::read_to_string(dir.join(&name)).expect("a page").replace('\\', "");
        assert!(page.contains(word), "{word} is missing in {page}");
        assert!(page.contains(&format!("busway-{}", command.join("-"))), "{page}");
    }
    assert_eq!(ended.stdout.lines().count(), names.len());
}
