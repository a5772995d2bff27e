//! The endpoint that prints.

use anstyle::Style;
use busway::notify::{
    Handled, IncomingNotification, NotificationEndpoint, NotificationFilter, Priority,
};
use busway::{Failure, Payload, Transport, async_trait};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::Notify;

use super::Args;
use crate::output::style::{ERROR, NAME, QUIET, WARNING};
use crate::output::{say, say_json};
use crate::problem::{Outcome, Problem};
use crate::text::{indented, visible};

/// Prints notifications until it has printed enough, and gives the others back.
pub(super) struct Printer {
    priorities: Vec<Priority>,
    filter: NotificationFilter,
    json: bool,
    verbose: bool,
    requeue: bool,
    state: Mutex<State>,
    ended: Notify,
}

/// A notification as one line of JSON, with the names of oslo.messaging.
#[derive(Serialize)]
struct Line<'a> {
    message_id: &'a str,
    publisher_id: &'a str,
    event_type: &'a str,
    priority: Priority,
    payload: &'a Payload,
    timestamp: &'a str,
    context: &'a Map<String, Value>,
    redelivered: bool,
}

struct State {
    /// How many more to print; `None` is without end.
    more: Option<u64>,
    problem: Option<Problem>,
}

impl Printer {
    pub(super) fn new(
        args: &Args,
        verbose: bool,
        filter: NotificationFilter,
        transport: &Transport,
    ) -> Self {
        let all = || Priority::ALL.to_vec();
        Self {
            priorities: if args.priority.is_empty() { all() } else { args.priority.clone() },
            filter,
            json: args.json,
            verbose,
            requeue: transport.capabilities().requeue,
            state: Mutex::new(State { more: args.count, problem: None }),
            ended: Notify::new(),
        }
    }

    /// Waits until it has printed enough, or cannot print.
    pub(super) async fn ended(&self) -> Outcome {
        self.ended.notified().await;
        self.state.lock().problem.take().map_or(Ok(()), Err)
    }

    /// From now on, what comes is given back.
    pub(super) fn print_no_more(&self) {
        self.state.lock().more = Some(0);
    }

    fn print(&self, notification: &IncomingNotification) -> Outcome {
        if self.json {
            return say_json(&Line {
                message_id: &notification.message_id,
                publisher_id: &notification.publisher_id,
                event_type: &notification.event_type,
                priority: notification.priority,
                payload: &notification.payload,
                timestamp: &notification.timestamp,
                context: notification.context.values(),
                redelivered: notification.redelivered(),
            });
        }
        say(pretty(notification, self.verbose))
    }
}

#[async_trait]
impl NotificationEndpoint for Printer {
    fn priorities(&self) -> &[Priority] {
        &self.priorities
    }

    fn filter(&self) -> Option<&NotificationFilter> {
        Some(&self.filter)
    }

    async fn handle(&self, notification: &IncomingNotification) -> Result<Handled, Failure> {
        // The lock spans the printing: no two are printed at once.
        let mut state = self.state.lock();
        if state.more == Some(0) {
            return Ok(if self.requeue { Handled::Requeue } else { Handled::Done });
        }
        if let Err(problem) = self.print(notification) {
            state.problem = Some(problem);
            state.more = Some(0);
            self.ended.notify_one();
            return Ok(if self.requeue { Handled::Requeue } else { Handled::Done });
        }
        if let Some(more) = &mut state.more {
            *more -= 1;
            if *more == 0 {
                self.ended.notify_one();
            }
        }
        Ok(Handled::Done)
    }
}

/// A head line, and the payload below.
fn pretty(notification: &IncomingNotification, verbose: bool) -> String {
    let priority = notification.priority;
    let style = style(priority);
    let (event, publisher) =
        (visible(&notification.event_type), visible(&notification.publisher_id));
    let again = if notification.redelivered() { " (again)" } else { "" };
    let mut shown = format!(
        "{QUIET}{}{QUIET:#} {style}{priority:8}{style:#} {NAME}{event}{NAME:#} {QUIET}from{QUIET:#} {publisher}{again}",
        visible(&notification.timestamp),
    );
    if verbose {
        let context = Value::from(notification.context.values().clone());
        let context = visible(&context.to_string());
        let id = visible(&notification.message_id);
        shown = format!("{shown}\n  {QUIET}message_id {id} context {context}{QUIET:#}");
    }
    let payload = notification.payload.to::<Value>();
    let payload = payload.map_or_else(
        |_| notification.payload.as_json().to_owned(),
        |payload| format!("{payload:#}"),
    );
    shown + "\n" + &indented(&payload, 2)
}

fn style(priority: Priority) -> Style {
    match priority {
        Priority::Error | Priority::Critical => ERROR,
        Priority::Warn => WARNING,
        _ => Style::new(),
    }
}
