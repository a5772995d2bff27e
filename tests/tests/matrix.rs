//! The page of the matrix is what the candidates declare. Whether they hold to it, `conformance`
//! tests in the same run.

use std::fs;

use busway_tests::{MATRIX_PAGE, matrix_page, suite};

#[test]
fn the_page_of_the_matrix_is_up_to_date() {
    let expected = matrix_page(&suite().declared());
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(MATRIX_PAGE, &expected).expect("a page to write");
        return;
    }
    let found = fs::read_to_string(MATRIX_PAGE).unwrap_or_default();
    let line = (1..).zip(found.lines().zip(expected.lines())).find(|(_, (a, b))| a != b);
    assert!(
        found == expected,
        "docs/src/matrix.md is not up to date (first difference: {line:?}): run \
         `cargo xtask matrix`, or `UPDATE_BOOK=1 cargo test -p busway-tests --test matrix` when \
         the conformance suite has passed"
    );
}
