//! Logging in: the SASL layer, which ends before AMQP's own protocol header.
//!
//! It is spoken here, for the engine takes one mechanism that somebody has to choose before the
//! peer has said which it offers.

mod frames;
mod mechanism;
mod scram;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use busway_core::Secret;
use fe2o3_amqp::frames::sasl::Frame;
use fe2o3_amqp::types::primitives::Binary;
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(super) use mechanism::{Allowed, Mechanism};
use scram::{Proof, Scram};

/// Who logs in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login<'a> {
    pub(super) allowed: &'a Allowed,
    /// The user with its realm, and the password.
    pub(super) credentials: Option<(&'a str, &'a Secret)>,
    /// Whether TLS has shown a client certificate.
    pub(super) certificate: bool,
    /// The virtual host or host that is logged in to.
    pub(super) hostname: &'a str,
    /// Whether the frames are logged.
    pub(super) trace: bool,
}

/// Why a login failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The stream failed or ended.
    Io(io::Error),
    /// The peer answered with another header.
    Header([u8; 8]),
    /// The peer's frames are not those of SASL.
    NoSasl,
    /// What it offers, and what would be usable.
    NothingInCommon { offered: Vec<String>, usable: Vec<Mechanism> },
    /// The user or password is wrong.
    Wrong(Mechanism),
    /// The peer's login is out of order; for now, or for good.
    OutOfOrder { lasting: bool },
    /// A challenge that cannot be answered.
    BadChallenge,
    /// The peer does not know the password either.
    Impostor,
    /// User and password do not fit into a frame.
    TooLong,
    /// The system has no random numbers.
    NoRandom,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Logs in; afterwards the stream stands before the header of AMQP.
pub(super) async fn log_in(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: Login<'_>,
) -> Result<(), Failure> {
    stream.write_all(&frames::HEADER).await?;
    stream.flush().await?;
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    if header != frames::HEADER {
        return Err(Failure::Header(header));
    }
    let Frame::Mechanisms(mechanisms) = frames::read(stream).await? else {
        return Err(Failure::NoSasl);
    };
    let offered: Vec<String> =
        mechanisms.sasl_server_mechanisms.0.iter().map(|it| it.as_str().to_owned()).collect();
    login.log("from the peer", format_args!("mechanisms: {}", offered.join(" ")));
    let usable = login.allowed.usable(login.credentials.is_some(), login.certificate);
    let chosen = usable.iter().find(|it| offered.iter().any(|offered| offered == it.name()));
    let Some(&mechanism) = chosen else {
        return Err(Failure::NothingInCommon { offered, usable });
    };
    Exchange { stream, login, mechanism }.run().await
}

impl Login<'_> {
    /// Tells what passes, without what is secret.
    fn log(&self, way: &str, what: std::fmt::Arguments<'_>) {
        if self.trace {
            tracing::trace!(target: "busway_driver_amqp1::frames", way, "SASL {what}");
        }
    }
}

/// A login by the mechanism that was chosen.
struct Exchange<'a, S> {
    stream: &'a mut S,
    login: Login<'a>,
    mechanism: Mechanism,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Exchange<'_, S> {
    async fn run(self) -> Result<(), Failure> {
        let scram = self.scram()?.map(Arc::new);
        let first = match (&scram, self.mechanism, self.login.credentials) {
            (Some(scram), ..) => scram.first().into_bytes(),
            (None, Mechanism::Plain, Some((user, password))) => {
                [b"\0", user.as_bytes(), b"\0", password.expose().as_bytes()].concat()
            }
            // Something to be told by, as RFC 4505 has it.
            (None, Mechanism::Anonymous, _) => b"busway".to_vec(),
            // The certificate says it all.
            _ => Vec::new(),
        };
        let init = SaslInit {
            mechanism: self.mechanism.name().into(),
            initial_response: Some(Binary::from(first)),
            hostname: Some(self.login.hostname.to_owned()),
        };
        self.login.log("to the peer", format_args!("init: {}", self.mechanism));
        frames::write(self.stream, &Frame::Init(init)).await?;
        let mut proof: Option<Proof> = None;
        let mut proven = scram.is_none();
        // A peer that asks without end is no good.
        for _ in 0..4 {
            let answer = match frames::read(self.stream).await? {
                Frame::Outcome(outcome) => {
                    let last = outcome.additional_data.as_deref().map(Vec::as_slice);
                    proven |= proof.as_ref().zip(last).is_some_and(|(it, last)| it.is_met_by(last));
                    return self.judge(&outcome, proven);
                }
                Frame::Challenge(challenge) => {
                    self.login.log("from the peer", format_args!("challenge"));
                    match (&scram, &proof) {
                        // The peer's proof may come by itself.
                        (Some(_), Some(expected)) => {
                            if !expected.is_met_by(&challenge.challenge) {
                                return Err(Failure::Impostor);
                            }
                            proven = true;
                            Vec::new()
                        }
                        (Some(scram), None) => {
                            let answered =
                                answer(scram.clone(), challenge.challenge.into_vec()).await?;
                            let message = answered.message.clone().into_bytes();
                            proof = Some(answered);
                            message
                        }
                        (None, _) => Vec::new(),
                    }
                }
                _ => return Err(Failure::NoSasl),
            };
            let response = SaslResponse { response: Binary::from(answer) };
            self.login.log("to the peer", format_args!("response"));
            frames::write(self.stream, &Frame::Response(response)).await?;
        }
        Err(Failure::BadChallenge)
    }

    /// The login under way, if the mechanism is one of SCRAM's.
    fn scram(&self) -> Result<Option<Scram>, Failure> {
        let (Some(hash), Some((user, password))) = (self.mechanism.hash(), self.login.credentials)
        else {
            return Ok(None);
        };
        let mut nonce = [0; 24];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Failure::NoRandom)?;
        Ok(Some(Scram::new(hash, user, password, STANDARD.encode(nonce))))
    }

    /// What the outcome means.
    fn judge(&self, outcome: &SaslOutcome, proven: bool) -> Result<(), Failure> {
        self.login.log("from the peer", format_args!("outcome: {:?}", outcome.code));
        match outcome.code {
            SaslCode::Ok if proven => Ok(()),
            SaslCode::Ok => Err(Failure::Impostor),
            SaslCode::Auth => Err(Failure::Wrong(self.mechanism)),
            SaslCode::Sys | SaslCode::SysPerm => Err(Failure::OutOfOrder { lasting: true }),
            SaslCode::SysTemp => Err(Failure::OutOfOrder { lasting: false }),
        }
    }
}

/// Computes the answer where it holds up nobody.
async fn answer(scram: Arc<Scram>, challenge: Vec<u8>) -> Result<Proof, Failure> {
    let computed = tokio::task::spawn_blocking(move || scram.answer(&challenge)).await;
    computed.unwrap_or(Err(Failure::BadChallenge))
}
