use fe2o3_amqp::types::messaging::message::{__private::Serializable, DecodeIntoMessage};
use fe2o3_amqp::types::messaging::{Body, Message, TargetArchetype};
use fe2o3_amqp::types::performatives::{Attach, Performative};
use fe2o3_amqp::types::primitives::Value;
use serde::Deserialize;
use serde_amqp::de::Deserializer;
use serde_amqp::read::IoReader;
use tokio::time::Instant;

/// The length of a header, and of the head of a frame.
const HEAD: usize = 8;

/// One frame, and what follows its performative.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its channel.
    pub channel: u16,
    /// Its performative.
    pub said: Performative,
    /// The payload of a transfer.
    pub payload: Vec<u8>,
}

/// One frame of a client that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The number of the connection, in the order in which they were opened.
    pub connection: usize,
    /// When it came.
    pub at: Instant,
    /// The frame.
    pub frame: Frame,
}

/// What a stream of bytes is made of.
#[derive(Clone, Debug)]
pub enum Piece {
    /// A protocol header: 0 for AMQP, 3 for SASL.
    Header(u8),
    /// A frame of SASL.
    Sasl,
    /// A frame that says but that somebody is there.
    Empty,
    /// A frame.
    Frame(Box<Frame>),
}

impl Frame {
    /// A frame.
    #[must_use]
    pub fn new(channel: u16, said: Performative, payload: &[u8]) -> Self {
        Self { channel, said, payload: payload.to_vec() }
    }

    /// As it is on the wire.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let said = serde_amqp::to_vec(&self.said).expect("a performative");
        let size = u32::try_from(HEAD + said.len() + self.payload.len()).expect("small");
        let channel = self.channel.to_be_bytes();
        [&size.to_be_bytes()[..], &[2, 0], &channel, &said, &self.payload].concat()
    }

    /// The message of a transfer that carries a whole one.
    ///
    /// # Panics
    /// When it carries none.
    #[must_use]
    pub fn message(&self) -> Message<Body<Value>> {
        let reader = IoReader::new(&self.payload[..]);
        Body::<Value>::decode_message_from_reader(reader).expect("a message")
    }
}

/// A message, as it is in the payload of a transfer.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn bytes_of(message: Message<Body<Value>>) -> Vec<u8> {
    serde_amqp::to_vec(&Serializable(message)).expect("a message")
}

/// The address of the source, or else of the target, that an attach names.
#[must_use]
pub fn addresses(attach: &Attach) -> (Option<String>, Option<String>) {
    let source = attach.source.as_ref().and_then(|source| source.address.clone());
    let target = attach.target.as_ref().and_then(|target| match &**target {
        TargetArchetype::Target(target) => target.address.clone(),
        #[allow(unreachable_patterns, reason = "there are others with transactions")]
        _ => None,
    });
    (source, target)
}

/// Takes the whole pieces off what has been read.
///
/// # Panics
/// When it is no AMQP.
pub fn pieces(unread: &mut Vec<u8>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(head) = unread.first_chunk::<HEAD>().copied() {
        if head.starts_with(b"AMQP") {
            pieces.push(Piece::Header(head[4]));
            unread.drain(..HEAD);
            continue;
        }
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if unread.len() < size {
            break;
        }
        let whole: Vec<u8> = unread.drain(..size).collect();
        let body = &whole[usize::from(head[4]) * 4..];
        pieces.push(match (head[5], body) {
            (0, []) => Piece::Empty,
            (0, body) => {
                let channel = u16::from_be_bytes([head[6], head[7]]);
                let mut left = body;
                let mut reader = Deserializer::new(IoReader::new(&mut left));
                let said = Performative::deserialize(&mut reader).expect("a performative");
                drop(reader);
                Piece::Frame(Box::new(Frame::new(channel, said, left)))
            }
            _ => Piece::Sasl,
        });
    }
    pieces
}
