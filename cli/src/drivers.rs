//! `busway drivers`: what there is to choose from.

use busway::config::OptionInfo;
use busway::driver::{DriverInfo, Registry};
use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::output::style::{GOOD, NAME, QUIET};
use crate::output::{say, say_json};
use crate::problem::{Outcome, Problem};
use crate::text::wrapped;

/// How wide the text of an option is.
const WIDTH: usize = 90;

/// List the drivers: their schemes, what they can do, their options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  busway drivers\n  busway drivers fake --json")]
pub(crate) struct Args {
    /// The name or a scheme of the only driver to list.
    pub(crate) driver: Option<String>,
    /// Print a JSON list of them.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints them.
pub(crate) fn run(args: &Args) -> Outcome {
    let registry = Registry::linked();
    let drivers: Vec<_> = match &args.driver {
        None => registry.iter().collect(),
        Some(asked) => vec![named(&registry, asked)?],
    };
    if args.json {
        return say_json(&drivers.into_iter().map(as_json).collect::<Vec<_>>());
    }
    for (i, driver) in drivers.into_iter().enumerate() {
        if i > 0 {
            say("")?;
        }
        describe(driver)?;
    }
    Ok(())
}

fn named<'a>(registry: &'a Registry, asked: &str) -> Outcome<&'a DriverInfo> {
    let scheme = asked.split("://").next().unwrap_or_default();
    let scheme = scheme.split('+').next().unwrap_or_default();
    if let Some(driver) = registry.iter().find(|driver| driver.name == asked) {
        return Ok(driver);
    }
    registry.find(scheme).map_err(|error| Problem::new(Exit::Usage, error.message()))
}

fn describe(driver: &DriverInfo) -> Outcome {
    let schemes: Vec<_> = driver.schemes.iter().map(|scheme| format!("{scheme}://")).collect();
    say(format_args!("{NAME}{}{NAME:#}  {}", driver.name, schemes.join(" ")))?;
    say(format_args!("  {}", driver.summary))?;
    for (label, wanted) in [("can", true), ("cannot", false)] {
        let names: Vec<_> = driver
            .capabilities
            .iter()
            .filter_map(|(name, given)| (given == wanted).then_some(name))
            .collect();
        if !names.is_empty() {
            say(format_args!("  {GOOD}{label}:{GOOD:#} {}", names.join(", ")))?;
        }
    }
    let options = (driver.options)();
    if options.is_empty() {
        return say(format_args!("  no options: section [{}]", driver.section));
    }
    say(format_args!(
        "  options, in the section [{}] of a file or in the query of the URL:",
        driver.section
    ))?;
    options.iter().try_for_each(option)
}

fn option(option: &OptionInfo) -> Outcome {
    let default = match &option.default {
        Some(default) => format!("default {default}"),
        None => "no default".to_owned(),
    };
    let (name, kind) = (&option.name, &option.kind);
    say(format_args!("    {NAME}{name}{NAME:#}  {QUIET}{kind}, {default}{QUIET:#}"))?;
    wrapped(&option.text, WIDTH).into_iter().try_for_each(|line| say(format_args!("      {line}")))
}

fn as_json(driver: &DriverInfo) -> Value {
    let capabilities: Map<_, _> = driver
        .capabilities
        .iter()
        .map(|(name, given)| (name.to_owned(), Value::from(given)))
        .collect();
    json!({
        "name": driver.name,
        "schemes": driver.schemes,
        "summary": driver.summary,
        "capabilities": capabilities,
        "section": driver.section,
        "options": (driver.options)(),
    })
}
