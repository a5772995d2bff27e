//! The book's examples are tests only as long as every page is among the modules of
//! `check/lib.rs`.

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
