use std::fmt;
use std::str::FromStr;

/// Which server of which topic, or which member of which pool: pool 0 is that of the listeners
/// without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The topic, or the pool.
    pub group: u8,
    /// Its server, or its member.
    pub member: u8,
}

/// A call, a cast or a fan-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools, reason = "each is a word of the script or is not there")]
pub struct Request {
    /// The topic.
    pub topic: u8,
    /// One server of it; otherwise any.
    pub server: Option<u8>,
    /// Without retries.
    pub once: bool,
    /// Its handler takes a while.
    pub slow: bool,
    /// Its deadline is near.
    pub short: bool,
}

/// What is done to the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// Every connection is cut.
    Sever,
    /// No byte passes.
    Stall,
    /// The bus takes nothing.
    Block,
    /// The bus is started anew.
    Restart,
}

/// One operation. Each has a meaning in every state: what cannot be done is not done, so that a
/// script stays one whatever is taken out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Opens a server.
    Open(Place),
    /// Stops a server.
    Stop(Place),
    /// Calls; the answer is not waited for.
    Call(Request),
    /// Casts; its acceptance is not waited for.
    Cast(Request),
    /// Casts to every server of a topic.
    Fanout(Request),
    /// Calls a target that nobody serves.
    CallNobody,
    /// Opens a listener to notifications.
    Listen(Place),
    /// Stops a listener.
    Unlisten(Place),
    /// Notifies; the confirmation is not waited for.
    Notify {
        /// Whether the first who gets it gives it back.
        requeue: bool,
    },
    /// Does something to the bus.
    Trouble(Trouble),
    /// Ends the trouble.
    Heal,
    /// Lets a little time pass.
    Pause,
    /// Waits until what is under way has ended, for a second at most; in trouble for a moment.
    Wait,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.member)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('.').and_then(|(group, member)| {
            Some(Self { group: group.parse().ok()?, member: member.parse().ok()? })
        });
        parsed.ok_or_else(|| format!("'{text}' is no place such as 0.1"))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.topic)?;
        if let Some(server) = self.server {
            write!(f, ".{server}")?;
        }
        let words = [(self.once, " once"), (self.slow, " slow"), (self.short, " short")];
        words.iter().filter(|(is, _)| *is).try_for_each(|(_, word)| f.write_str(word))
    }
}

impl Request {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let (target, options) = words.split_first().ok_or("a topic is missing")?;
        let (topic, server) = match target.parse::<u8>() {
            Ok(topic) => (topic, None),
            Err(_) => target.parse().map(|place: Place| (place.group, Some(place.member)))?,
        };
        let mut request = Self { topic, server, once: false, slow: false, short: false };
        for option in options {
            match *option {
                "once" => request.once = true,
                "slow" => request.slow = true,
                "short" => request.short = true,
                other => return Err(format!("'{other}' is no way to send")),
            }
        }
        Ok(request)
    }
}

impl Trouble {
    const WORDS: [(Self, &'static str); 4] = [
        (Self::Sever, "sever"),
        (Self::Stall, "stall"),
        (Self::Block, "block"),
        (Self::Restart, "restart"),
    ];
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(place) => write!(f, "open {place}"),
            Self::Stop(place) => write!(f, "stop {place}"),
            Self::Call(request) => write!(f, "call {request}"),
            Self::Cast(request) => write!(f, "cast {request}"),
            Self::Fanout(request) => write!(f, "fanout {request}"),
            Self::CallNobody => f.write_str("call nobody"),
            Self::Listen(place) => write!(f, "listen {place}"),
            Self::Unlisten(place) => write!(f, "unlisten {place}"),
            Self::Notify { requeue: false } => f.write_str("notify"),
            Self::Notify { requeue: true } => f.write_str("notify requeue"),
            Self::Trouble(trouble) => {
                let word = Trouble::WORDS.iter().find(|(other, _)| other == trouble);
                f.write_str(word.map_or("", |(_, word)| word))
            }
            Self::Heal => f.write_str("heal"),
            Self::Pause => f.write_str("pause"),
            Self::Wait => f.write_str("wait"),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        let trouble = |word| Trouble::WORDS.iter().find(|(_, other)| *other == word);
        match words.as_slice() {
            ["open", place] => place.parse().map(Self::Open),
            ["stop", place] => place.parse().map(Self::Stop),
            ["call", "nobody"] => Ok(Self::CallNobody),
            ["call", request @ ..] => Request::parse(request).map(Self::Call),
            ["cast", request @ ..] => Request::parse(request).map(Self::Cast),
            ["fanout", request @ ..] => Request::parse(request).map(Self::Fanout),
            ["listen", place] => place.parse().map(Self::Listen),
            ["unlisten", place] => place.parse().map(Self::Unlisten),
            ["notify"] => Ok(Self::Notify { requeue: false }),
            ["notify", "requeue"] => Ok(Self::Notify { requeue: true }),
            ["heal"] => Ok(Self::Heal),
            ["pause"] => Ok(Self::Pause),
            ["wait"] => Ok(Self::Wait),
            [word] if trouble(*word).is_some() => {
                trouble(*word).map(|it| Self::Trouble(it.0)).ok_or_else(String::new)
            }
            _ => Err(format!("'{text}' is no step of a script")),
        }
    }
}
