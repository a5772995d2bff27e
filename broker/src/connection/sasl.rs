//! Who may come in: SASL ANONYMOUS and PLAIN.

use std::fmt;
use std::sync::Arc;

use fe2o3_amqp::acceptor::SaslAcceptor;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use secrecy::{ExposeSecret, SecretString};

const ANONYMOUS: &str = "ANONYMOUS";
const PLAIN: &str = "PLAIN";

/// A name and its password.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: SecretString,
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Who may come in.
#[derive(Debug, Clone)]
pub(crate) struct Sasl {
    users: Arc<[User]>,
    anonymous: bool,
}

impl Sasl {
    pub(crate) fn new(users: Vec<User>, anonymous: bool) -> Self {
        Self { users: users.into(), anonymous }
    }

    /// Whether a peer needs no name.
    pub(crate) fn takes_anybody(&self) -> bool {
        self.anonymous
    }

    fn judge(&self, init: &SaslInit) -> SaslCode {
        let good = match init.mechanism.as_str() {
            ANONYMOUS => self.anonymous,
            PLAIN => {
                let response = init.initial_response.as_ref();
                response.is_some_and(|response| self.knows(response.as_ref()))
            }
            _ => false,
        };
        if good { SaslCode::Ok } else { SaslCode::Auth }
    }

    /// Whether a response of PLAIN names a user with its password: an identity to act as (which
    /// has to be none or the user's own), the user and the password, between zero bytes.
    fn knows(&self, response: &[u8]) -> bool {
        let mut parts = response.splitn(3, |byte| *byte == 0);
        let (Some(identity), Some(name), Some(password)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let mut known = false;
        for user in self.users.iter() {
            let named = user.name.as_bytes() == name;
            known |= named && is_same(user.password.expose_secret().as_bytes(), password);
        }
        known && (identity.is_empty() || identity == name)
    }
}

/// Whether two passwords are the same, told in a time that does not depend on how much of them is.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other));
    one.len() == other.len() && differs == 0
}

impl SaslAcceptor for Sasl {
    fn mechanisms(&self) -> Array<Symbol> {
        let anonymous = self.anonymous.then_some(ANONYMOUS);
        let plain = (!self.users.is_empty()).then_some(PLAIN);
        Array::from(plain.into_iter().chain(anonymous).map(Symbol::from).collect::<Vec<_>>())
    }

    fn on_init(&mut self, init: SaslInit) -> SaslServerFrame {
        outcome(self.judge(&init))
    }

    fn on_response(&mut self, _: SaslResponse) -> SaslServerFrame {
        // Neither mechanism has a challenge.
        outcome(SaslCode::Auth)
    }
}

fn outcome(code: SaslCode) -> SaslServerFrame {
    SaslServerFrame::Outcome(SaslOutcome { code, additional_data: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sasl() -> Sasl {
        let user = |name: &str, password: &str| User {
            name: name.to_owned(),
            password: password.to_owned().into(),
        };
        Sasl::new(vec![user("ann", "secret"), user("bob", "")], false)
    }

    #[test]
    fn a_user_is_known_by_the_whole_password() {
        assert!(sasl().knows(b"\0ann\0secret"));
        assert!(sasl().knows(b"ann\0ann\0secret"));
        assert!(sasl().knows(b"\0bob\0"));
        for wrong in [
            &b"\0ann\0secre"[..],
            b"\0ann\0secrets",
            b"\0ann\0secret\0",
            b"\0ann\0",
            b"\0bob\0secret",
            b"bob\0ann\0secret",
            b"\0eve\0secret",
            b"\0ann",
            b"",
        ] {
            assert!(!sasl().knows(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        assert!(!format!("{:?}", sasl()).contains("secret"));
    }
}
