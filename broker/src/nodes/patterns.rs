//! Which names the broker makes nodes of.

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Each message goes to one consumer.
    Queue,
    /// Each message goes to every subscription that is there.
    Topic,
}

/// The names that oslo.messaging uses for queues, in its legacy and in its routable addresses.
const QUEUES: [&str; 5] = [
    "exclusive",
    "unicast",
    "openstack.org/om/rpc/unicast",
    "openstack.org/om/rpc/anycast",
    "openstack.org/om/notify/anycast",
];
/// And those for topics.
const TOPICS: [&str; 3] =
    ["broadcast", "openstack.org/om/rpc/multicast", "openstack.org/om/notify/multicast"];

/// The beginnings of names that make a queue or a topic.
#[derive(Debug, Clone)]
pub(crate) struct Patterns {
    pub(crate) queues: Vec<String>,
    pub(crate) topics: Vec<String>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            queues: QUEUES.map(str::to_owned).to_vec(),
            topics: TOPICS.map(str::to_owned).to_vec(),
        }
    }
}

impl Patterns {
    /// What the broker makes of a name: the longest pattern decides, and of two that are the same
    /// the queue's.
    pub(crate) fn kind(&self, name: &str) -> Option<Kind> {
        let longest = |patterns: &[String]| {
            patterns.iter().filter(|pattern| matches(pattern, name)).map(String::len).max()
        };
        match (longest(&self.queues), longest(&self.topics)) {
            (None, None) => None,
            (queue, topic) if queue >= topic => Some(Kind::Queue),
            _ => Some(Kind::Topic),
        }
    }
}

/// Whether the name is the pattern, or goes on after it with a part of its own: `unicast` matches
/// `unicast` and `unicast.a`, and does not match `unicasting`.
fn matches(pattern: &str, name: &str) -> bool {
    let Some(rest) = name.strip_prefix(pattern) else { return false };
    rest.is_empty() || pattern.ends_with(['.', '/']) || rest.starts_with(['.', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_oslo_messaging_have_nodes() {
        let patterns = Patterns::default();
        for queue in [
            "exclusive.openstack.topic.server",
            "unicast.openstack.topic",
            "openstack.org/om/rpc/unicast/openstack/topic/server",
            "openstack.org/om/rpc/anycast/openstack/topic",
            "openstack.org/om/notify/anycast/openstack/topic.info",
        ] {
            assert_eq!(patterns.kind(queue), Some(Kind::Queue), "{queue}");
        }
        for topic in
            ["broadcast.openstack.topic.all", "openstack.org/om/rpc/multicast/openstack/topic"]
        {
            assert_eq!(patterns.kind(topic), Some(Kind::Topic), "{topic}");
        }
    }

    #[test]
    fn a_name_that_only_begins_with_the_same_letters_has_none() {
        let patterns = Patterns::default();
        for name in ["unicasting", "unicas", "", "amq.topic", "broadcaster.x"] {
            assert_eq!(patterns.kind(name), None, "{name}");
        }
    }

    #[test]
    fn the_longest_pattern_decides() {
        let patterns = Patterns {
            queues: vec!["a".to_owned(), "a.b.c".to_owned(), "q-/".to_owned()],
            topics: vec!["a.b".to_owned()],
        };
        assert_eq!(patterns.kind("a.x"), Some(Kind::Queue));
        assert_eq!(patterns.kind("a.b.x"), Some(Kind::Topic));
        assert_eq!(patterns.kind("a.b.c"), Some(Kind::Queue));
        assert_eq!(patterns.kind("q-/anything"), Some(Kind::Queue));
    }
}
