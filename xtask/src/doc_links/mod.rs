//! `cargo xtask doc-links`: links between the repository's pages lead somewhere, and the book's
//! table of contents lists every page.

mod links;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, no_arguments, repo};
use links::links;

const BOOK: &str = "docs/src";
const CONTENTS: &str = "SUMMARY.md";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let mut defects = dead_links(repo::root())?;
    defects.extend(pages_without_entry(&repo::root().join(BOOK))?);
    if defects.is_empty() { Ok(()) } else { Err(defects.join("\n")) }
}

/// Every link of a Markdown file below a folder that names a file that is not there.
fn dead_links(folder: &Path) -> Result<Vec<String>, String> {
    let mut dead = Vec::new();
    for page in repo::markdown_files(folder)? {
        let text = read(&page)?;
        for link in links(&text) {
            if !target(&page, &link.target).exists() {
                let place = format!("{}:{}", repo::name_of(&page), link.line);
                dead.push(format!("{place}: '{}' leads nowhere", link.target));
            }
        }
    }
    Ok(dead)
}

/// Every page of the book that its table of contents does not list.
fn pages_without_entry(book: &Path) -> Result<Vec<String>, String> {
    let contents = book.join(CONTENTS);
    let text = read(&contents)?;
    let listed: BTreeSet<PathBuf> = links(&text)
        .filter_map(|link| target(&contents, &link.target).canonicalize().ok())
        .collect();
    let pages = repo::markdown_files(book)?;
    let forgotten = pages.into_iter().filter(|page| {
        *page != contents && page.canonicalize().is_ok_and(|page| !listed.contains(&page))
    });
    Ok(forgotten
        .map(|page| format!("{}: {CONTENTS} does not list it", repo::name_of(&page)))
        .collect())
}

/// The file that a link on a page names.
fn target(page: &Path, link: &str) -> PathBuf {
    let path = link.split(['#', '?']).next().unwrap_or(link);
    page.parent().unwrap_or(page).join(path)
}

fn read(page: &Path) -> Result<String, String> {
    fs::read_to_string(page).map_err(|error| format!("{}: {error}", repo::name_of(page)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for one test, gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str, pages: &[(&str, &str)]) -> Self {
            let folder = format!("xtask-{test}-{}", std::process::id());
            let folder = std::env::temp_dir().join(folder);
            fs::create_dir_all(folder.join("deep")).expect("a folder to test in");
            for (name, text) in pages {
                fs::write(folder.join(name), text).expect("a page to test with");
            }
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_link_to_a_page_that_is_not_there_is_dead() {
        let pages =
            [("a.md", "[b](deep/b.md#part)\n\n[c](c.md)\n"), ("deep/b.md", "[up](../a.md)\n")];
        let folder = Folder::new("dead", &pages);
        let dead = dead_links(&folder.0).expect("readable");
        assert_eq!(dead.len(), 1, "{dead:?}");
        assert!(dead[0].ends_with("a.md:3: 'c.md' leads nowhere"), "{dead:?}");
    }

    #[test]
    fn a_page_that_the_contents_forget_is_found() {
        let pages = [(CONTENTS, "- [A](a.md)\n"), ("a.md", ""), ("deep/b.md", "")];
        let folder = Folder::new("forgotten", &pages);
        let forgotten = pages_without_entry(&folder.0).expect("readable");
        assert_eq!(forgotten.len(), 1, "{forgotten:?}");
        assert!(forgotten[0].contains("deep/b.md"), "{forgotten:?}");
    }
}
