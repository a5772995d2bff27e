//! Finding a Python that has the engine.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The variable that names one.
const VARIABLE: &str = "PROTON_PYTHON";
/// The one that this repository makes for its tests.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/amqp1/bin/python");
const CHECK: &str = "import proton";
/// Logs in by all that there is of SCRAM, half the way.
const SCRAM: &str = include_str!("cyrus.py");

/// A Python that has the engine: the one that is named, the repository's own, or the machine's.
pub(super) fn find() -> Option<&'static OsString> {
    static FOUND: OnceLock<Option<OsString>> = OnceLock::new();
    FOUND.get_or_init(|| candidates().into_iter().find(suits)).as_ref()
}

/// What it takes to have one.
pub(super) fn not_found() -> String {
    format!(
        "no Python has `python-qpid-proton`: `cargo xtask peers` makes one that has; elsewhere, \
         install it with pip into a virtual environment and name its Python by {VARIABLE} \
         (Debian's packages to begin with: `python3-venv`, `python3-dev`, `gcc`)"
    )
}

/// Whether the machine has Cyrus SASL, with SCRAM and a file of users.
pub(super) fn has_scram() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| find().is_some_and(|python| runs(python, SCRAM)))
}

/// What it takes to have it.
pub(super) fn no_scram() -> String {
    "no Cyrus SASL with SCRAM and sasldb (Debian's packages: `libsasl2-2`, `libsasl2-modules`, \
     `libsasl2-modules-db`)"
        .to_owned()
}

fn candidates() -> Vec<OsString> {
    match std::env::var_os(VARIABLE) {
        Some(named) => vec![named],
        None if Path::new(OURS).exists() => vec![OURS.into(), "python3".into()],
        None => vec!["python3".into()],
    }
}

#[allow(clippy::ptr_arg, reason = "it is called for each of them")]
fn suits(python: &OsString) -> bool {
    runs(python, CHECK)
}

fn runs(python: &OsString, program: &str) -> bool {
    let mut command = Command::new(python);
    command.args(["-B", "-c", program]).stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_python_does_not_suit() {
        assert!(!suits(&"false".into()));
        assert!(!suits(&"no-such-program-of-any-machine".into()));
    }

    #[test]
    fn who_lacks_it_is_told_how_to_name_it() {
        assert!(not_found().contains(VARIABLE));
    }
}
