use std::ffi::OsString;
use std::path::PathBuf;

use figment::value::Value as FigmentValue;
use serde_json::Value;

use super::environment::{Variable, ours, variable_of};
use super::explain::Explanation;
use super::known::Known;
use super::layer::{DEFAULT, Layer, merge, section_name};
use super::nearest::nearest;
use super::view::View;
use super::{Config, Inner, Origin, deprecated, file};
use crate::driver::Registry;
use crate::{Error, ErrorKind, Result};

/// Where a configuration comes from.
///
/// From the lowest to the highest: the defaults, the files in their order, the environment, what
/// is set in code. The query of a transport's URL comes on top when the transport is opened.
///
/// ```
/// use busway_core::Config;
///
/// let config = Config::builder()
///     .environment_of([("BUSWAY_RPC_RESPONSE_TIMEOUT", "2.5")])
///     .set("DEFAULT", "control_exchange", "nova")
///     .build()?;
/// assert_eq!(config.core().control_exchange, "nova");
/// assert_eq!(config.core().rpc_response_timeout.as_millis(), 2500);
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConfigBuilder {
    files: Vec<PathBuf>,
    variables: Vec<Variable>,
    set: Vec<(String, String, Secretive)>,
    registry: Option<Registry>,
}

/// A value that may be a secret, and is not shown.
#[derive(Clone)]
struct Secretive(Value);

impl std::fmt::Debug for Secretive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::MASK)
    }
}

impl ConfigBuilder {
    /// Adds a file; a later one wins over an earlier one. Its name tells its format: `.conf` or
    /// `.ini` (as oslo.config reads it), `.toml`, `.yaml` or `.yml`, `.json`.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// Adds the environment of the process: `BUSWAY_OPTION` is an option of `[DEFAULT]`,
    /// `BUSWAY_SECTION__OPTION` one of a section, such as
    /// `BUSWAY_OSLO_MESSAGING_NOTIFICATIONS__DRIVER`.
    #[must_use]
    pub fn environment(self) -> Self {
        self.environment_of(std::env::vars_os())
    }

    /// Adds these variables as if they were the environment.
    #[must_use]
    pub fn environment_of<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.variables.extend(ours(variables));
        self
    }

    /// Sets an option in code. A text is read as the environment's would be.
    #[must_use]
    pub fn set(
        mut self,
        section: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        self.set.push((section.into(), key.into(), Secretive(value.into())));
        self
    }

    /// Sets the drivers whose sections are known; those linked into the program otherwise. The
    /// sections of others are not looked at.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Reads and checks everything, and warns of deprecated names.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when a file cannot be read, or an option is unknown or has a
    /// bad value; it names the file or variable, the section and the key (the facts `file` or
    /// `variable`, `section`, `key`), what was expected, and the nearest known name. All that is
    /// wrong stands in its message.
    pub fn build(self) -> Result<Config> {
        let (config, errors) = self.read();
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        match combined(errors) {
            Some(error) => Err(error),
            None => Ok(config),
        }
    }

    /// Reads and checks everything, and tells all that was understood, and all that was not.
    #[must_use]
    pub fn explain(self) -> Explanation {
        let (config, errors) = self.read();
        Explanation { errors, ..config.explain() }
    }

    fn read(self) -> (Config, Vec<Error>) {
        let mut errors = Vec::new();
        let known = Known::with_drivers(&self.registry.unwrap_or_default());
        let mut layers = Vec::new();
        for path in self.files {
            match file::read(&path) {
                Ok(layer) => layers.push(layer),
                Err(what) => errors.push(Origin::File(path).tell(configuration(what))),
            }
        }
        for variable in self.variables {
            match read_variable(variable, &known) {
                Ok(layer) => layers.push(layer),
                Err(error) => errors.push(error),
            }
        }
        for (section, key, Secretive(value)) in self.set {
            let Ok(value) = FigmentValue::serialize(value) else { continue };
            layers.push(Layer::of_one(Origin::Code, &section_name(&section), &key, value));
        }

        let mut renamed = Vec::new();
        for layer in &mut layers {
            let found = layer.rename();
            renamed.extend(found.into_iter().map(|found| (layer.origin.clone(), found)));
        }
        let sections = merge(&layers);
        let view = View { sections: &sections, known: &known, renamed: &renamed };
        errors.extend(known.sections().flat_map(|option| option.checker.check(&view)));
        let core = view.read(std::collections::BTreeMap::new()).unwrap_or_default();
        let notifications = view.read(std::collections::BTreeMap::new()).unwrap_or_default();
        let inner = Inner { core, notifications, sections, known, renamed };
        (Config(inner.into()), errors)
    }
}

/// A variable of ours must be an option of ours: nobody else names theirs so.
fn read_variable(variable: Variable, known: &Known) -> Result<Layer> {
    let Variable { name, section, key, value } = variable;
    let origin = Origin::Environment(name);
    let problem = |message: String| {
        origin.tell(configuration(message)).with("section", &section).with("key", &key)
    };
    if known.find(&section, &key).is_none() && !deprecated::is_old_name(&section, &key) {
        let variables: Vec<_> = known.iter().map(|it| variable_of(it.section, &it.name)).collect();
        let near = nearest(&variable_of(&section, &key), variables.iter().map(String::as_str));
        let hint = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
        let place = if section == DEFAULT { String::new() } else { format!(" in [{section}]") };
        return Err(problem(format!("there is no option {key}{place}{hint}")));
    }
    match value {
        Some(value) => Ok(Layer::of_one(origin, &section, &key, value.into())),
        None => Err(problem(format!("the value of {key} is no UTF-8"))),
    }
}

fn configuration(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// One error that tells of all.
pub(super) fn combined(mut errors: Vec<Error>) -> Option<Error> {
    if errors.len() < 2 {
        return errors.pop();
    }
    let all: Vec<_> = errors.iter().map(Error::to_string).collect();
    let message = format!("{} options are wrong: {}", all.len(), all.join("; "));
    Some(configuration(message))
}
