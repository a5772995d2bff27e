//! `busway config check`: what is understood from where.

use std::path::PathBuf;

use busway::config::{ConfigBuilder, ExplainedOption, Explanation, Origin};
use busway::driver::Registry;
use busway::{Config, Error, Secret};
use serde_json::{Value, json};
use tracing::subscriber::{NoSubscriber, with_default};

use crate::args::Globals;
use crate::bus;
use crate::exit::Exit;
use crate::output::style::{ERROR, GOOD, NAME, QUIET, WARNING};
use crate::output::{say, say_json};
use crate::problem::{Outcome, Problem};
use crate::text::shortened;

/// Check configuration files and the environment, and print what is understood from where.
///
/// Prints each option that is set, with its value and where that came from; secrets are masked.
/// Then what is deprecated, and all that is wrong: the exit code is 2 if anything is. Sections of
/// other programs are not looked at.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  busway config check /etc/nova/nova.conf")]
pub(super) struct Args {
    /// The files, from the lowest to the highest, after those of --config; with none, the
    /// environment alone.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the options that nobody set, too.
    #[arg(long)]
    all: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// Reads, and tells.
pub(super) fn run(args: &Args, globals: &Globals) -> Outcome {
    let files = globals.config.iter().chain(&args.files);
    let builder = files.fold(Config::builder(), ConfigBuilder::file).environment();
    let mut explanation = builder.clone().explain();
    // What is deprecated is told below, not logged as well.
    let config = with_default(NoSubscriber::default(), || builder.build());
    if let Ok(config) = config {
        explanation.errors.extend(wrong_urls(&config));
    }
    explanation.options.retain(|option| args.all || option.origin != Origin::Default);
    if args.json {
        say_json(&as_json(&explanation))?;
    } else {
        tell(&explanation)?;
    }
    if explanation.errors.is_empty() { Ok(()) } else { Err(Problem::told(Exit::Usage)) }
}

/// The buses that are named and cannot be: a URL that is none, a scheme without a driver.
fn wrong_urls(config: &Config) -> Vec<Error> {
    let registry = Registry::linked();
    let wrong = |(section, url): (&'static str, Option<&Secret>)| {
        let parsed = bus::parsed(url?);
        let found = parsed.and_then(|url| registry.find(url.scheme()).map(drop));
        found.err().map(|error| error.with("section", section).with("key", "transport_url"))
    };
    let urls = [
        ("DEFAULT", config.core().transport_url.as_ref()),
        ("oslo_messaging_notifications", config.notifications().transport_url.as_ref()),
    ];
    urls.into_iter().filter_map(wrong).collect()
}

fn tell(explanation: &Explanation) -> Outcome {
    let mut section = "";
    for ExplainedOption { section: its, name, value, origin, .. } in &explanation.options {
        if section != *its {
            section = its;
            say(format_args!("[{section}]"))?;
        }
        let value = value.as_deref().map_or("(not set)".to_owned(), |value| shortened(value, 4));
        say(format_args!("{NAME}{name}{NAME:#} = {value}  {QUIET}# {origin}{QUIET:#}"))?;
    }
    for warning in &explanation.warnings {
        say(format_args!("{WARNING}warning:{WARNING:#} {warning}"))?;
    }
    for error in &explanation.errors {
        say(format_args!("{ERROR}error:{ERROR:#} {error}"))?;
    }
    let (set, wrong) = (explanation.options.len(), explanation.errors.len());
    if wrong > 0 {
        return say(format_args!("{ERROR}{wrong} wrong{ERROR:#}, {set} options shown"));
    }
    say(format_args!(
        "{GOOD}all is well:{GOOD:#} {set} options shown, {} warnings",
        explanation.warnings.len()
    ))
}

fn as_json(explanation: &Explanation) -> Value {
    let options = explanation.options.iter().map(|option| {
        let (from, name) = match &option.origin {
            Origin::Default => ("default", None),
            Origin::File(path) => ("file", Some(path.display().to_string())),
            Origin::Environment(variable) => ("environment", Some(variable.clone())),
            Origin::Url(url) => ("url", Some(url.clone())),
            _ => ("code", None),
        };
        json!({
            "section": option.section,
            "name": option.name,
            "value": option.value,
            "from": from,
            "origin": name,
        })
    });
    let errors = explanation.errors.iter().map(|error| {
        let facts = error.context().iter().map(|(key, value)| (*key, value.as_str()));
        json!({
            "message": error.message(),
            "context": facts.collect::<std::collections::BTreeMap<_, _>>(),
        })
    });
    json!({
        "ok": explanation.errors.is_empty(),
        "options": options.collect::<Vec<_>>(),
        "warnings": explanation.warnings,
        "errors": errors.collect::<Vec<_>>(),
    })
}
