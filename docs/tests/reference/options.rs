//! The page of the options: a table for each section.

use std::fmt::Write;

use busway::config::{CoreOptions, NotificationOptions, OptionInfo, Options, describe};
use busway::driver::Registry;

const HEAD: &str = "\
# Options

<!-- Made from the options structs; `UPDATE_BOOK=1 cargo test -p busway-book --test reference`
writes it anew. -->

Every option that Busway knows, by section. [Configuration](../configuration.md) says where they
can be set. Times are in seconds.
";

pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    add(&mut page, CoreOptions::SECTION, "Busway's own", &describe::<CoreOptions>());
    add(
        &mut page,
        NotificationOptions::SECTION,
        "Notifiers and notification listeners",
        &describe::<NotificationOptions>(),
    );
    for driver in Registry::linked().iter() {
        let about = format!("The driver `{}`: {}", driver.name, driver.summary);
        add(&mut page, driver.section, &about, &(driver.options)());
    }
    page
}

fn add(page: &mut String, section: &str, about: &str, options: &[OptionInfo]) {
    let about = about.trim_end_matches('.');
    write!(page, "\n## [{section}]\n\n{about}.\n\n").expect("memory");
    page.push_str("| option | type | default | what it does |\n|---|---|---|---|\n");
    for option in options {
        let OptionInfo { name, kind, default, text, secret, .. } = option;
        let default = default.as_deref().filter(|default| !default.is_empty());
        let default = default.map_or_else(String::new, |default| format!("`{default}` "));
        let secret = if *secret { ", secret" } else { "" };
        let text = one_line(text);
        let kind = one_line(kind);
        writeln!(page, "| `{name}` | {kind}{secret} | {default}| {text} |").expect("memory");
    }
}

/// A text as a cell of a table has it.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
