use busway_core::Secret;

/// Who logs in, and how: the twin of pika's `PlainCredentials` and `ExternalCredentials`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A user with a password.
    Plain {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// The client certificate of `ssl_options`, and nothing else.
    External,
}

impl Credentials {
    /// A user with a password.
    pub fn plain(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::Plain { username: username.into(), password: password.into() }
    }
}

impl Default for Credentials {
    /// RabbitMQ's own `guest`.
    fn default() -> Self {
        Self::plain("guest", "guest")
    }
}
