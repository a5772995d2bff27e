//! `cargo xtask arrows`: no crate of the workspace uses another that the design does not let it.

mod table;

use serde_json::Value;

use crate::{Outcome, no_arguments, run};
use table::{Row, TABLE};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let words = ["cargo", "metadata", "--no-deps", "--format-version=1", "--locked"];
    let output =
        run::command(&words).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("`cargo metadata`: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("what `cargo metadata` prints is not understood: {error}"))?;
    let defects = defects(&metadata, TABLE);
    if defects.is_empty() { Ok(()) } else { Err(defects.join("\n")) }
}

/// Every package that the table does not know, and every arrow that it does not allow.
fn defects(metadata: &Value, table: &[Row]) -> Vec<String> {
    let packages = list(metadata, "packages");
    let ours: Vec<&str> = packages.iter().map(|package| text(package, "name")).collect();
    let mut defects = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let Some(row) = table.iter().find(|row| row.package == name) else {
            defects.push(format!("{name}: the table of arrows has no row for it"));
            continue;
        };
        for dependency in list(package, "dependencies") {
            let used = text(dependency, "name");
            let for_tests = dependency["kind"] == "dev";
            if ours.contains(&used) && !row.allows(used, for_tests) {
                let tests = if for_tests { " in its tests" } else { "" };
                defects.push(format!("{name} must not use {used}{tests}"));
            }
        }
    }
    defects
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ROWS: &[Row] = &[
        Row { package: "core", uses: &[], tests_use: &[] },
        Row { package: "driver", uses: &["core"], tests_use: &["testkit"] },
        Row { package: "testkit", uses: &["core"], tests_use: &[] },
    ];

    fn found(package: &str, uses: &str, kind: Option<&str>) -> Vec<String> {
        let mut packages: Vec<_> = ROWS.iter().map(|row| json!({"name": row.package})).collect();
        packages.retain(|other| other["name"] != package);
        packages.push(json!({"name": package, "dependencies": [
            {"name": "tokio", "kind": null}, {"name": uses, "kind": kind}
        ]}));
        defects(&json!({ "packages": packages }), ROWS)
    }

    #[test]
    fn an_arrow_of_the_table_is_allowed() {
        assert!(found("driver", "core", None).is_empty());
        assert!(found("driver", "core", Some("dev")).is_empty());
        assert!(found("driver", "testkit", Some("dev")).is_empty());
    }

    #[test]
    fn an_arrow_for_tests_is_for_tests_alone() {
        assert_eq!(found("driver", "testkit", None), ["driver must not use testkit"]);
        assert_eq!(found("driver", "testkit", Some("build")), ["driver must not use testkit"]);
    }

    #[test]
    fn an_arrow_against_the_table_is_a_defect() {
        assert_eq!(found("core", "driver", None), ["core must not use driver"]);
        let in_tests = ["core must not use driver in its tests"];
        assert_eq!(found("core", "driver", Some("dev")), in_tests);
    }

    #[test]
    fn a_package_without_a_row_is_a_defect() {
        assert_eq!(
            found("stranger", "core", None),
            ["stranger: the table of arrows has no row for it"]
        );
    }
}
