//! A home of RabbitMQ without the plugins that no node of the tests needs.
//!
//! The broker looks for each of its modules in the folder of every plugin that is there, whether
//! it is enabled or not: without most of them it starts in two thirds of the time.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The plugins that are needed, of those whose names begin as most of them do.
const NEEDED: [&str; 2] = ["rabbitmq_prelaunch", "rabbitmq_auth_mechanism_ssl"];
const PLUGIN: &str = "rabbitmq_";
/// What nothing but other plugins needs.
const THEIRS: [&str; 10] = [
    "accept",
    "amqp10_client",
    "base64url",
    "cowboy",
    "cowlib",
    "eetcd",
    "gun",
    "jose",
    "prometheus",
    "quantile_estimator",
];

/// Makes a home in a folder that is not there yet, of the one that this program stands in, and
/// returns the same program there.
pub(super) fn make(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let program = fs::canonicalize(program)?;
    let (Some(name), Some(scripts)) = (program.file_name(), program.parent()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let Some(home) = scripts.parent() else { return Err(io::ErrorKind::NotFound.into()) };
    // The scripts look for all else beside where they really stand.
    let copies = folder.join("sbin");
    fs::create_dir_all(&copies)?;
    for script in fs::read_dir(scripts)? {
        let script = script?;
        fs::copy(script.path(), copies.join(script.file_name()))?;
    }
    let plugins = folder.join("plugins");
    fs::create_dir(&plugins)?;
    for plugin in fs::read_dir(home.join("plugins"))? {
        let plugin = plugin?;
        if is_needed(&plugin.file_name().to_string_lossy()) {
            symlink(plugin.path(), plugins.join(plugin.file_name()))?;
        }
    }
    Ok(copies.join(name))
}

/// Whether a folder of this name, `PLUGIN-VERSION`, is to be there.
fn is_needed(folder: &str) -> bool {
    let name = folder.split('-').next().unwrap_or(folder);
    !THEIRS.contains(&name) && (!name.starts_with(PLUGIN) || NEEDED.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_has_the_scripts_and_what_is_needed() {
        let package = tempfile::tempdir().unwrap();
        let program = package.path().join("sbin/rabbitmq-server");
        fs::create_dir(package.path().join("sbin")).unwrap();
        fs::write(&program, "a script").unwrap();
        for name in ["rabbit-3.10.8", "rabbitmq_prelaunch-3.10.8", "rabbitmq_mqtt-3.10.8", "gun-1"]
        {
            fs::create_dir_all(package.path().join("plugins").join(name)).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let made = make(&program, &folder.path().join("home")).unwrap();
        assert_eq!(fs::read_to_string(&made).unwrap(), "a script");
        let plugins = fs::read_dir(folder.path().join("home/plugins")).unwrap();
        let mut names: Vec<_> = plugins.map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["rabbit-3.10.8", "rabbitmq_prelaunch-3.10.8"]);
    }

    #[test]
    fn a_program_that_is_not_there_has_no_home() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("nothing");
        assert!(make(&program, &folder.path().join("home")).is_err());
    }
}
