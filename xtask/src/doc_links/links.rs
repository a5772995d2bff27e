//! Finding the links of a Markdown text that name files.

/// A link to a file, relative to the page it stands on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The line it stands on, from 1.
    pub(super) line: usize,
    /// What it names, with its fragment.
    pub(super) target: String,
}

/// The links to files: inline (`[a](b.md)`), images, and references (`[a]: b.md`), but not what
/// stands in code.
pub(super) fn links(markdown: &str) -> impl Iterator<Item = Link> + '_ {
    let mut fence: Option<&str> = None;
    markdown.lines().enumerate().flat_map(move |(index, line)| {
        let marker = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        let in_code = fence.is_some() || marker.is_some();
        match (fence, marker) {
            (None, Some(_)) => fence = marker,
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let targets = if in_code { Vec::new() } else { targets(&without_code(line)) };
        targets.into_iter().map(move |target| Link { line: index + 1, target })
    })
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

fn targets(line: &str) -> Vec<String> {
    let reference = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"))
        .filter(|(label, _)| !label.contains(']'))
        .map(|(_, target)| target);
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    reference
        .into_iter()
        .chain(inline)
        .filter_map(|target| target.split_whitespace().next())
        .map(|target| target.trim_start_matches('<').trim_end_matches('>'))
        .filter(|target| names_file(target))
        .map(str::to_owned)
        .collect()
}

/// Whether it names a file: no address, no place on the same page, no item of the code.
fn names_file(target: &str) -> bool {
    !target.is_empty()
        && !target.starts_with('#')
        && !target.starts_with("mailto:")
        && !target.contains("://")
        && !names_item(target)
}

/// Whether it names an item of the code, as pages that are a crate's documentation may: rustdoc
/// checks those.
fn names_item(target: &str) -> bool {
    target.contains("::") || target.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(markdown: &str) -> Vec<(usize, String)> {
        links(markdown).map(|link| (link.line, link.target)).collect()
    }

    #[test]
    fn links_images_and_references_are_found() {
        let found = of("[a](b.md) and ![i](img/i.svg \"title\")\n\n[ref]: ../c.md#part\n");
        let expected = [(1, "b.md"), (1, "img/i.svg"), (3, "../c.md#part")];
        assert_eq!(found, expected.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn addresses_places_and_items_name_no_file() {
        let text =
            "[a](https://example.org) [b](#here) [c](mailto:x@y) [d](crate::Error) [e](Result)";
        assert_eq!(of(text), []);
        assert_eq!(of("[licence](LICENSE-MIT)"), [(1, "LICENSE-MIT".to_owned())]);
    }

    #[test]
    fn code_holds_no_links() {
        assert_eq!(of("```rust\nlet a = [b](c.md);\n```\n`[a](b.md)` done\n"), []);
        assert_eq!(of("~~~\n```\n[a](b.md)\n~~~\n[c](d.md)\n"), [(5, "d.md".to_owned())]);
    }
}
