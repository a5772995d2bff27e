use super::Script;

/// The shortest script found in so many tries that still fails, and how: pieces are taken out, at
/// first large ones, as long as it does.
pub(super) fn shorten(
    script: Script,
    why: String,
    mut tries: usize,
    fails: impl Fn(&Script) -> Option<String>,
) -> (Script, String) {
    let (mut shortest, mut why) = (script, why);
    let mut piece = shortest.steps().len().div_ceil(2);
    while piece > 0 && tries > 0 {
        let mut removed = false;
        let mut from = 0;
        while from < shortest.steps().len() && tries > 0 {
            let to = (from + piece).min(shortest.steps().len());
            let (before, after) = (&shortest.steps()[..from], &shortest.steps()[to..]);
            let shorter = Script::new([before, after].concat());
            tries -= 1;
            match fails(&shorter) {
                Some(how) => (shortest, why, removed) = (shorter, how, true),
                None => from = to,
            }
        }
        // What could not go before may go now that something else has gone.
        piece = if removed && piece == 1 { 1 } else { piece / 2 };
    }
    (shortest, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_a_failure_needs_is_left() {
        let long = "wait; open 0.0; pause; notify; sever; cast 0; heal; wait; stop 0.0; pause";
        let needs = ["open 0.0", "cast 0", "stop 0.0"];
        let fails = |script: &Script| {
            let steps: Vec<_> = script.steps().iter().map(ToString::to_string).collect();
            needs.iter().all(|need| steps.iter().any(|step| step == need)).then(|| "lost".into())
        };
        let (shortest, why) = shorten(script(long), "at first".into(), 100, fails);
        assert_eq!(shortest.to_string(), "open 0.0; cast 0; stop 0.0");
        assert_eq!(why, "lost");
    }

    #[test]
    fn what_does_not_fail_again_stays_as_it_was() {
        let long = script("notify; sever; heal");
        let (shortest, why) = shorten(long.clone(), "once".into(), 100, |_| None);
        assert_eq!((shortest, why.as_str()), (long, "once"));
    }

    #[test]
    fn it_ends_after_so_many_tries() {
        let tried = std::cell::Cell::new(0);
        let fails = |_: &Script| {
            tried.set(tried.get() + 1);
            None
        };
        shorten(script(&"pause;".repeat(1000)), "slow".into(), 5, fails);
        assert_eq!(tried.get(), 5);
    }
}
