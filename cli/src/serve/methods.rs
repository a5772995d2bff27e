//! The methods to try things with: echo, sleep, fail.

use busway::config::Seconds;
use busway::{Context, Endpoint, Failure, Payload, Visibility, async_trait};
use serde::Deserialize;

/// `echo`, `sleep`, `fail`. Written by hand, since `echo` takes any arguments.
pub(super) struct Methods;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sleep {
    seconds: Seconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fail {
    class: String,
    module: String,
    message: String,
}

impl Default for Fail {
    fn default() -> Self {
        Self {
            class: "Failed".to_owned(),
            module: "busway.serve".to_owned(),
            message: "as it was asked to".to_owned(),
        }
    }
}

#[async_trait]
impl Endpoint for Methods {
    fn visibility(&self, method: &str) -> Option<Visibility> {
        matches!(method, "echo" | "sleep" | "fail").then_some(Visibility::Exposed)
    }

    async fn call(&self, method: &str, args: Payload, _: Context) -> Result<Payload, Failure> {
        match method {
            "sleep" => {
                let Sleep { seconds } = read(method, &args)?;
                tokio::time::sleep(*seconds).await;
                Ok(Payload::of(&seconds)?)
            }
            "fail" => {
                let Fail { class, module, message } = read(method, &args)?;
                Err(Failure::new(class, module, message).expected())
            }
            _ => Ok(args),
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(method: &str, args: &Payload) -> Result<T, Failure> {
    args.to().map_err(|error| {
        let message = format!("{method}: {}", error.message());
        Failure::from_remote(busway::RemoteError::invalid_arguments(message)).expected()
    })
}
