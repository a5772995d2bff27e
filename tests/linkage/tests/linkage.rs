//! A driver is found when the program names its crate, or that of the facade, and not otherwise;
//! whether the compiler optimizes or not.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Each program, as this test's own profile builds it, and the drivers that it finds.
const PROGRAMS: [(&str, &[&str]); 3] = [
    (env!("CARGO_BIN_EXE_unnamed"), &[]),
    (env!("CARGO_BIN_EXE_named"), &["fake"]),
    (env!("CARGO_BIN_EXE_facade"), &["amqp1", "fake", "pika"]),
];

#[test]
fn a_driver_is_registered_when_it_is_named() {
    for (program, drivers) in PROGRAMS {
        assert_eq!(drivers_of(Path::new(program)), drivers, "{program}");
    }
}

#[test]
fn a_driver_is_registered_when_it_is_named_in_a_release_build() {
    let target = target_directory();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--locked", "--package", env!("CARGO_PKG_NAME")])
        // What is at stake is our own crates; the others are built faster so.
        .args(["--config", "profile.release.package.'*'.opt-level=0"])
        .arg("--target-dir")
        .arg(&target)
        .status();
    assert!(built.expect("cargo runs").success());
    for (program, drivers) in PROGRAMS {
        let name = Path::new(program).file_name().expect("a program has a name");
        let program = target.join("release").join(name);
        assert_eq!(drivers_of(&program), drivers, "{}", program.display());
    }
}

/// The directory above `debug`, where this test was built: what is built there already is shared.
fn target_directory() -> PathBuf {
    let program = Path::new(PROGRAMS[0].0);
    program.ancestors().nth(2).expect("a profile's directory in a target directory").to_owned()
}

fn drivers_of(program: &Path) -> Vec<String> {
    let output = Command::new(program).output().expect("the program runs");
    assert!(output.status.success(), "{}", program.display());
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}
