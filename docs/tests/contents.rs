//! The book's examples are tests only as long as every page is among the modules of
//! `check/lib.rs`, and its driver only as long as it is the one that the suite is run on.

use std::fs;
use std::path::Path;

#[test]
fn every_page_with_rust_is_a_doc_test() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = fs::read_to_string(book.join("check/lib.rs")).expect("readable");
    let pages = fs::read_dir(book.join("src")).expect("readable");
    for page in pages.map(|page| page.expect("readable").path()) {
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = page.file_name().and_then(|name| name.to_str()).expect("a name");
        let text = fs::read_to_string(&page).expect("readable");
        let listed = modules.contains(&format!("\"../src/{name}\""));
        assert!(listed || !text.contains("```rust"), "{name} is no doc test: see check/lib.rs");
    }
}

#[test]
fn the_driver_on_its_page_is_the_one_that_passes_the_suite() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let driver = fs::read_to_string(book.join("tests/conformance/tube.rs")).expect("readable");
    let page = fs::read_to_string(book.join("src/writing-a-driver.md")).expect("readable");
    assert!(
        page.contains(&driver),
        "docs/src/writing-a-driver.md and docs/tests/conformance/tube.rs differ"
    );
}
