//! Whether there are colours: `--color`, `NO_COLOR`, and whether there is a terminal.

use std::ffi::OsString;

use clap::ColorChoice;

/// What `--color` says, looked up before the command line is parsed, since what is wrong with
/// the command line is said in colours too.
pub(crate) fn wish(arguments: &[OsString]) -> ColorChoice {
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next(),
            Some(value) => value.strip_prefix('=').map(|value| value.to_owned().into()),
            None if argument == "--" => break,
            None => None,
        };
        if let Some(choice) = value.and_then(|value| value.parse().ok()) {
            return choice;
        }
    }
    ColorChoice::Auto
}

/// Makes it the choice of everything the program writes.
pub(crate) fn choose(choice: ColorChoice) {
    stream_choice(choice).write_global();
}

/// The same choice for one stream.
pub(crate) fn stream_choice(choice: ColorChoice) -> anstream::ColorChoice {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_is_found_in_both_spellings() {
        let wish =
            |line: &str| super::wish(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(wish("busway --color never demo"), ColorChoice::Never);
        assert_eq!(wish("busway demo --color=always"), ColorChoice::Always);
        assert_eq!(wish("busway demo"), ColorChoice::Auto);
        assert_eq!(wish("busway call -- --color=always"), ColorChoice::Auto);
        assert_eq!(wish("busway --color"), ColorChoice::Auto);
    }
}
