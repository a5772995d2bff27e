//! One line for each request.

use std::time::{Duration, Instant};

use busway::{Context, Endpoint, Failure, Payload, RemoteError, Target, Visibility, async_trait};
use jiff::Timestamp;
use serde::Serialize;

use crate::output::style::{ERROR, GOOD, NAME, QUIET};
use crate::output::{say, say_json};
use crate::text::one_line;

/// How much of arguments and results is shown.
const SHOWN: usize = 60;

/// An endpoint whose every request is printed once it is done.
pub(super) struct Told<E> {
    endpoint: E,
    interface: Target,
    json: bool,
}

impl<E: Endpoint> Told<E> {
    pub(super) fn new(endpoint: E, interface: Target, json: bool) -> Self {
        Self { endpoint, interface, json }
    }

    fn tell(
        &self,
        method: &str,
        args: &Payload,
        result: &Result<Payload, Failure>,
        took: Duration,
    ) {
        // A server goes on serving when nobody reads what it prints.
        let _ = if self.json {
            say_json(&Line {
                time: Timestamp::now().to_string(),
                method,
                args,
                result: result.as_ref().ok(),
                failure: result.as_ref().err().map(Failure::as_remote),
                seconds: took.as_secs_f64(),
            })
        } else {
            say(as_line(method, args, result, took))
        };
    }
}

#[async_trait]
impl<E: Endpoint> Endpoint for Told<E> {
    fn target(&self) -> Target {
        self.interface.clone()
    }

    fn visibility(&self, method: &str) -> Option<Visibility> {
        self.endpoint.visibility(method)
    }

    async fn call(
        &self,
        method: &str,
        args: Payload,
        context: Context,
    ) -> Result<Payload, Failure> {
        let started = Instant::now();
        let result = self.endpoint.call(method, args.clone(), context).await;
        self.tell(method, &args, &result, started.elapsed());
        result
    }
}

fn as_line(
    method: &str,
    args: &Payload,
    result: &Result<Payload, Failure>,
    took: Duration,
) -> String {
    let time = Timestamp::now().strftime("%H:%M:%S.%3fZ").to_string();
    let (method, args) = (one_line(method, SHOWN), one_line(args.as_json(), SHOWN));
    let came = match result {
        Ok(result) => format!("{GOOD}→{GOOD:#} {}", one_line(result.as_json(), SHOWN)),
        Err(failure) => format!("{ERROR}✗{ERROR:#} {}", one_line(&failure.to_string(), SHOWN)),
    };
    let millis = took.as_secs_f64() * 1000.0;
    format!(
        "{QUIET}{time}{QUIET:#} {NAME}{method}{NAME:#} {args} {came} {QUIET}{millis:.1} ms{QUIET:#}"
    )
}

/// A request as one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    method: &'a str,
    args: &'a Payload,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a RemoteError>,
    seconds: f64,
}
