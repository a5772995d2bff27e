//! Which notifications are printed.

use busway::notify::NotificationFilter;

use crate::problem::Outcome;

// Regular expressions, which must match from the first character on.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters (regular expressions, which match from the start)")]
pub(crate) struct FilterArgs {
    /// What happened.
    #[arg(long, alias = "event_type", value_name = "REGEX")]
    pub(crate) event_type: Option<String>,
    /// Who tells.
    #[arg(long, alias = "publisher_id", value_name = "REGEX")]
    pub(crate) publisher_id: Option<String>,
    /// A value of the context; may be repeated.
    #[arg(long, value_name = "KEY=REGEX", value_parser = pattern)]
    pub(crate) context: Vec<(String, String)>,
    /// A value of the payload; may be repeated.
    #[arg(long, value_name = "KEY=REGEX", value_parser = pattern)]
    pub(crate) payload: Vec<(String, String)>,
    /// The message_id or the timestamp; may be repeated.
    #[arg(long, value_name = "KEY=REGEX", value_parser = pattern)]
    pub(crate) metadata: Vec<(String, String)>,
}

impl FilterArgs {
    /// The filter; what it does not let through is acknowledged and not printed.
    pub(super) fn filter(&self) -> Outcome<NotificationFilter> {
        let mut filter = NotificationFilter::new();
        if let Some(pattern) = &self.event_type {
            filter = filter.event_type(pattern)?;
        }
        if let Some(pattern) = &self.publisher_id {
            filter = filter.publisher_id(pattern)?;
        }
        for (key, pattern) in &self.context {
            filter = filter.context(key, pattern)?;
        }
        for (key, pattern) in &self.payload {
            filter = filter.payload(key, pattern)?;
        }
        for (key, pattern) in &self.metadata {
            filter = filter.metadata(key, pattern)?;
        }
        Ok(filter)
    }
}

fn pattern(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, pattern)) if !key.is_empty() => Ok((key.to_owned(), pattern.to_owned())),
        _ => Err("expected key=regex".to_owned()),
    }
}
