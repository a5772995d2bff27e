//! Every page with a Rust example is among the doc tests.

use std::fs;
use std::path::Path;

#[test]
fn every_page_with_a_rust_example_is_tested() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tested = fs::read_to_string(book.join("check/lib.rs")).expect("the list of pages");
    for entry in fs::read_dir(book.join("src")).expect("the pages") {
        let path = entry.expect("a page").path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let listed = tested.contains(&format!("\"../src/{name}\""));
        assert!(listed || !text.contains("```rust"), "{name} has examples that nothing compiles");
    }
}
