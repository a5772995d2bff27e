use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resolve::Checker;
use super::shape::Shape;

/// A struct whose fields are the options of one section, each documented, each with a default.
///
/// The doc comment of a field is the text of its option, everywhere it is shown; its type is what
/// a value may be: text, whole numbers, [`Seconds`](super::Seconds), booleans,
/// [`Secret`](crate::Secret)s, enums of names, lists and maps of these, and `Option`s of all.
/// Bounds of a number are given with `#[schemars(range(min = 1, max = 9))]`; a list that adds up
/// when a key is repeated in an INI file (oslo.config's `MultiOpt`) has
/// `#[schemars(extend("x-multi" = true))]`. A default may refer to another option, as a file's
/// value may: `${control_exchange}_rpc`.
///
/// ```
/// use busway_core::config::{self, Config, Options, Seconds};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, config::schemars::JsonSchema)]
/// #[serde(default)] // what is not set has the value of `Default`
/// #[schemars(crate = "busway_core::config::schemars")]
/// struct PigeonOptions {
///     /// The time between two looks at the sky.
///     look_interval: Seconds,
///     /// How many pigeons are kept.
///     #[schemars(range(min = 1))]
///     pigeons: u16,
/// }
///
/// impl Default for PigeonOptions {
///     fn default() -> Self {
///         Self { look_interval: Seconds::new(10), pigeons: 2 }
///     }
/// }
///
/// impl Options for PigeonOptions {
///     const SECTION: &'static str = "busway_pigeon";
/// }
///
/// let config = Config::builder().set("busway_pigeon", "pigeons", "3").build()?;
/// let options: PigeonOptions = config.section()?;
/// assert_eq!((options.pigeons, options.look_interval), (3, Seconds::new(10)));
///
/// let described = config::describe::<PigeonOptions>();
/// assert_eq!(described[0].text, "The time between two looks at the sky.");
/// assert_eq!(described[0].kind, "seconds");
/// assert_eq!(described[0].default.as_deref(), Some("10"));
/// # Ok::<(), busway_core::Error>(())
/// ```
pub trait Options: Default + Serialize + DeserializeOwned + JsonSchema {
    /// The section's name in a configuration file.
    const SECTION: &'static str;

    /// Checks what types and bounds alone cannot say.
    ///
    /// # Errors
    /// The name of the option and what is wrong with it.
    fn check(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }
}

/// One option, as the sample file, the command line and the book show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptionInfo {
    /// The section.
    pub section: &'static str,
    /// The name.
    pub name: String,
    /// What its value is: `string`, `integer`, `number`, `seconds`, `boolean`, `list`, `map`, or
    /// the values there are, with `|` between them.
    pub kind: String,
    /// The default, as a configuration file would say it; `None` where there is none.
    pub default: Option<String>,
    /// What it does.
    pub text: String,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// What its value is, to read it by.
    #[serde(skip)]
    pub(super) shape: Shape,
    /// How its whole section is checked.
    #[serde(skip)]
    pub(super) checker: Checker,
}
