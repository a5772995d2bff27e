//! The reference pages of the book are made from the code. This fails when one of them is not up
//! to date; `UPDATE_BOOK=1 cargo test -p busway-book --test reference` writes them anew.

mod options;
mod program;

use std::fs;
use std::path::Path;

#[test]
fn the_page_of_the_options_is_up_to_date() {
    check("options.md", &options::page());
}

#[test]
fn the_page_of_the_program_is_up_to_date() {
    check("command-line.md", &program::page());
}

fn check(name: &str, expected: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/reference").join(name);
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(&page, expected).expect("a page to write");
        return;
    }
    let found = fs::read_to_string(&page).unwrap_or_default();
    let line = (1..).zip(found.lines().zip(expected.lines())).find(|(_, (a, b))| a != b);
    assert!(
        found == expected,
        "docs/src/reference/{name} is not up to date (first difference: {line:?}): run \
         `UPDATE_BOOK=1 cargo test -p busway-book --test reference`"
    );
}
