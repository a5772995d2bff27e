//! Installing Debian packages without asking anybody.

use crate::{Outcome, run};

const QUIET: &[&str] = &["env", "DEBIAN_FRONTEND=noninteractive"];

/// The right to install packages, and how it is used.
pub(super) struct Apt {
    prefix: Vec<&'static str>,
}

/// The right to install, as root or by a `sudo` that asks for no password.
pub(super) fn allowed() -> Option<Apt> {
    if !run::succeeds(&["apt-get", "--version"]) {
        return None;
    }
    let root = run::command(&["id", "-u"]).output().is_ok_and(|id| id.stdout == b"0\n");
    if root {
        return Some(Apt { prefix: QUIET.to_vec() });
    }
    run::succeeds(&["sudo", "-n", "true"])
        .then(|| Apt { prefix: [&["sudo", "-n"], QUIET].concat() })
}

/// What somebody with that right has to do.
pub(super) fn by_hand(packages: &[&str]) -> String {
    format!(
        "It can be installed only as root or with a sudo that asks for no password. On Debian:\n\n  \
         sudo apt-get update && sudo apt-get install --no-install-recommends {}\n",
        packages.join(" ")
    )
}

impl Apt {
    /// Installs the packages.
    pub(super) fn install(&self, packages: &[&str]) -> Outcome {
        // The lists may be old or absent; packages that are known already install all the same.
        if let Err(error) = self.apt_get(&["update"]) {
            eprintln!("warning: {error}");
        }
        self.apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
            .map_err(|error| format!("{error}\n\n{}", by_hand(packages)))
    }

    /// Runs apt-get; waits for another that holds the lock, and for a slow network, a while.
    fn apt_get(&self, arguments: &[&str]) -> Outcome {
        let options = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
        run::loudly(&[&self.prefix, &options[..], arguments].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_install_is_told_the_command() {
        let text = by_hand(&["gcc", "libc6-dev"]);
        assert!(text.contains("apt-get install --no-install-recommends gcc libc6-dev\n"), "{text}");
    }
}
