//! Which known name somebody may have meant.

use strsim::osa_distance;

/// Options of other programs in the section `[DEFAULT]` that only look like ours.
const FOREIGN: [&str; 5] = [
    "max_request_body_size",
    "rpc_conn_pool_size",
    "rpc_ping_interval",
    "rpc_response_max_timeout",
    "rpc_workers",
];

/// The nearest of the known names, if one is near: a few letters differ.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = (name.chars().count() / 3).clamp(1, 5);
    nearest_within(name, known, far)
}

/// The name of ours that a name in a shared section is a misspelling of, rather than another
/// program's own: at most two letters differ, one in a short name.
pub(super) fn misspelled<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if FOREIGN.contains(&name) {
        return None;
    }
    let far = if name.chars().count() < 8 { 1 } else { 2 };
    nearest_within(name, known, far)
}

fn nearest_within<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    far: usize,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distances = known.map(|known| (osa_distance(&name, &known.to_lowercase()), known));
    let near = distances.filter(|(distance, _)| *distance <= far);
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["transport_url", "control_exchange", "topics"];

    #[test]
    fn the_nearest_name_is_found() {
        assert_eq!(nearest("transport_ulr", KNOWN.into_iter()), Some("transport_url"));
        assert_eq!(nearest("Topic", KNOWN.into_iter()), Some("topics"));
        assert_eq!(nearest("colour", KNOWN.into_iter()), None);
    }

    #[test]
    fn a_name_of_another_program_is_no_misspelling() {
        assert_eq!(misspelled("transport_uri", KNOWN.into_iter()), Some("transport_url"));
        assert_eq!(misspelled("nova_control_exchange", KNOWN.into_iter()), None);
        assert_eq!(misspelled("rpc_workers", ["rpc_workerz"].into_iter()), None);
    }
}
