//! SCRAM (RFC 5802), the client's side, without channel binding.

use std::borrow::Cow;
use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use busway_core::Secret;
use ring::{digest, hmac, pbkdf2};

use super::Failure;

/// Which hash function is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

/// The most rounds that a peer may make us compute: it takes a second or two.
const MOST_ROUNDS: u32 = 2_000_000;
/// What stands before the first message: no channel binding, no other identity.
const GS2: &str = "n,,";

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        self.hmac().digest_algorithm()
    }
}

/// A login under way.
pub(super) struct Scram {
    hash: Hash,
    password: Secret,
    nonce: String,
    first: String,
}

/// What the peer has to say last.
pub(super) struct Proof {
    pub(super) message: String,
    expected: Vec<u8>,
}

impl Scram {
    pub(super) fn new(hash: Hash, user: &str, password: &Secret, nonce: String) -> Self {
        let user = prepared(user).replace('=', "=3D").replace(',', "=2C");
        let first = format!("n={user},r={nonce}");
        Self { hash, password: password.clone(), nonce, first }
    }

    /// What we say first.
    pub(super) fn first(&self) -> String {
        format!("{GS2}{}", self.first)
    }

    /// What we answer to the peer's challenge. This computes for a while.
    pub(super) fn answer(&self, challenge: &[u8]) -> Result<Proof, Failure> {
        let challenge = std::str::from_utf8(challenge).map_err(|_| Failure::BadChallenge)?;
        let mut parts = challenge.split(',');
        let mut part = |key: &str| parts.next()?.strip_prefix(key);
        // Whatever asks for an extension that we do not know begins with another key.
        let nonce = part("r=").ok_or(Failure::BadChallenge)?;
        let salt = part("s=").and_then(|salt| STANDARD.decode(salt).ok());
        let salt = salt.ok_or(Failure::BadChallenge)?;
        let rounds = part("i=").and_then(|rounds| rounds.parse::<NonZeroU32>().ok());
        let rounds = rounds.filter(|rounds| rounds.get() <= MOST_ROUNDS);
        let rounds = rounds.ok_or(Failure::BadChallenge)?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(Failure::BadChallenge);
        }
        let mut salted = vec![0; self.hash.digest().output_len()];
        let password = prepared(self.password.expose());
        pbkdf2::derive(self.hash.pbkdf2(), rounds, &salt, password.as_bytes(), &mut salted);
        let client_key = self.sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest(), client_key.as_ref());
        let binding = STANDARD.encode(GS2);
        let bare = format!("c={binding},r={nonce}");
        let signed = format!("{},{challenge},{bare}", self.first);
        let signature = self.sign(stored_key.as_ref(), signed.as_bytes());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
        let server_key = self.sign(&salted, b"Server Key");
        let expected = self.sign(server_key.as_ref(), signed.as_bytes()).as_ref().to_vec();
        Ok(Proof { message: format!("{bare},p={}", STANDARD.encode(proof)), expected })
    }

    fn sign(&self, key: &[u8], text: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(self.hash.hmac(), key), text)
    }
}

impl Proof {
    /// What the peer has to say.
    #[cfg(test)]
    pub(super) fn proof(&self) -> String {
        format!("v={}", STANDARD.encode(&self.expected))
    }

    /// Whether the peer knows the password too.
    pub(super) fn is_met_by(&self, last: &[u8]) -> bool {
        let signature = std::str::from_utf8(last).ok().and_then(|last| {
            last.split(',').next()?.strip_prefix("v=").and_then(|it| STANDARD.decode(it).ok())
        });
        // Of no use to whoever could measure it: it is another one for each login.
        signature.is_some_and(|signature| signature == self.expected)
    }
}

/// As RFC 4013 has names and passwords; as they are where it forbids them.
fn prepared(text: &str) -> Cow<'_, str> {
    stringprep::saslprep(text).unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(hash: Hash, user: &str, password: &str, nonce: &str) -> Scram {
        Scram::new(hash, user, &Secret::new(password), nonce.to_owned())
    }

    /// The example of RFC 5802.
    #[test]
    fn sha_1_is_as_the_standard_has_it() {
        let scram = login(Hash::Sha1, "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL");
        assert_eq!(scram.first(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let proof = scram.answer(challenge).expect("an answer");
        assert_eq!(
            proof.message,
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
        );
        assert!(proof.is_met_by(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
        assert!(!proof.is_met_by(b"v=rmF9pqV8S7suAoZWja4dJRkFsKR="));
        assert!(!proof.is_met_by(b"e=other-error"));
        assert!(!proof.is_met_by(b"v="));
    }

    /// The example of RFC 7677.
    #[test]
    fn sha_256_is_as_the_standard_has_it() {
        let scram = login(Hash::Sha256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                          s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let proof = scram.answer(challenge).expect("an answer");
        assert!(proof.message.ends_with("p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
        assert!(proof.is_met_by(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    }

    #[test]
    fn a_name_is_escaped_and_a_password_prepared() {
        assert_eq!(login(Hash::Sha512, "a=b,c", "", "n").first(), "n,,n=a=3Db=2Cc,r=n");
        assert_eq!(prepared("I\u{00AD}X"), "IX");
        assert_eq!(prepared("\u{2168}"), "IX");
    }

    #[test]
    fn a_challenge_that_is_no_good_is_not_answered() {
        let scram = login(Hash::Sha1, "user", "pencil", "abc");
        for challenge in [
            "",
            "r=abc,s=QSXCR+Q6sek8bf92,i=4096",
            "r=xyz1,s=QSXCR+Q6sek8bf92,i=4096",
            "m=ext,r=abcd,s=QSXCR+Q6sek8bf92,i=4096",
            "r=abcd,s=!,i=4096",
            "r=abcd,s=QSXCR+Q6sek8bf92,i=0",
            "r=abcd,s=QSXCR+Q6sek8bf92,i=4000000000",
            "r=abcd,s=QSXCR+Q6sek8bf92",
        ] {
            assert!(scram.answer(challenge.as_bytes()).is_err(), "{challenge}");
        }
        assert!(scram.answer(b"r=abcd,s=QSXCR+Q6sek8bf92,i=1").is_ok());
        assert!(scram.answer(b"r=\xff").is_err());
    }
}
