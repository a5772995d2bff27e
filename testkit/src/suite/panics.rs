//! What a panicking case said, and silence about panics that cases provoke.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Once;

/// What the message of a panic begins with that a case provokes in a handler.
pub(crate) const ON_PURPOSE: &str = "on purpose:";

thread_local! {
    /// Whether this thread runs a case.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// What the last panic of this thread said, and where.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a closure; what a panic in it says is kept for [`last`] instead of being printed.
pub(super) fn watched<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(install);
    WATCHED.set(true);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    WATCHED.set(false);
    result.map_err(|_| LAST.take().unwrap_or_else(|| "it panicked".to_owned()))
}

fn install() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = text(info);
        if text.starts_with(ON_PURPOSE) {
            return;
        }
        if !WATCHED.get() {
            return default(info);
        }
        let at = info.location().map_or_else(String::new, |at| format!("\n    at {at}"));
        LAST.set(Some(format!("{text}{at}")));
    }));
}

fn text<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("it panicked")
}
