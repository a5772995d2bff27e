use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use fe2o3_amqp::types::definitions::{self, Fields, Handle, Role};
use fe2o3_amqp::types::messaging::{Accepted, DeliveryState};
use fe2o3_amqp::types::performatives::{
    Attach, Begin, Close, Detach, Disposition, End, Flow, Open, Performative, Transfer,
};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Frame, Heard, Piece, pieces};

/// The mechanisms of a peer that takes anybody, and its outcome.
const MECHANISMS: &[u8] =
    b"AMQP\x03\x01\0\0\0\0\0\x1c\x02\x01\0\0\0\x53\x40\xc0\x0f\x01\xe0\x0c\x01\xa3\x09ANONYMOUS";
const WELCOME: &[u8] = b"\0\0\0\x10\x02\x01\0\0\0\x53\x44\xc0\x03\x01\x50\0";
const HEADER: &[u8] = b"AMQP\0\x01\0\0";
/// More than any test sends.
const PLENTY: u32 = 1 << 20;
/// The credit that the peer gives when nothing else is said.
const CREDIT: u32 = 1000;

/// What the peer does about a frame of its client; whether that was all there is to do about it,
/// or it is to be answered by the book.
pub type Manners = Box<dyn FnMut(&Frame, &mut Mouth) -> bool + Send>;

/// Manners that leave everything to the book.
#[must_use]
pub fn by_the_book() -> Manners {
    Box::new(|_, _| false)
}

/// A peer of AMQP 1.0 that does as a test says; it ends when dropped.
#[derive(Debug)]
pub struct Stranger {
    address: SocketAddr,
    notes: Arc<Mutex<Vec<Heard>>>,
    talk: Arc<Mutex<Option<mpsc::UnboundedSender<Say>>>>,
    _accepting: JoinSet<()>,
}

#[derive(Debug)]
enum Say {
    Frame(Box<Frame>),
    HangUp,
}

/// What the peer is about to say on one connection.
#[derive(Debug, Default)]
pub struct Mouth {
    bytes: Vec<u8>,
    hangs_up: bool,
    /// The product that it calls itself.
    product: Option<&'static str>,
    /// The credit that it gives.
    credit: Option<u32>,
    /// The deliveries of which more follows.
    coming: HashMap<(u16, u32), u32>,
    /// The links on which it receives.
    receives: HashSet<(u16, u32)>,
    nodes: usize,
}

impl Stranger {
    /// A peer that has those manners on each connection, by the connection's number.
    ///
    /// # Errors
    /// Why it cannot listen.
    pub async fn start(manners: impl Fn(usize) -> Manners + Send + 'static) -> io::Result<Self> {
        Self::start_as(None, manners).await
    }

    /// As [`start`](Self::start), for one that tells its product.
    ///
    /// # Errors
    /// Why it cannot listen.
    pub async fn start_as(
        product: Option<&'static str>,
        manners: impl Fn(usize) -> Manners + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (notes, talk) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Option<_>>>::default());
        let mut accepting = JoinSet::new();
        let (written, current) = (notes.clone(), talk.clone());
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (sender, sayings) = mpsc::unbounded_channel();
                *current.lock() = Some(sender);
                let mouth = Mouth { product, ..Mouth::default() };
                let talking = Talk { number, stream, sayings, mouth, notes: written.clone() };
                connections.spawn(talking.run(manners(number)));
            }
        });
        Ok(Self { address, notes, talk, _accepting: accepting })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its clients have said so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.notes.lock().clone()
    }

    /// Says something on the newest connection.
    pub fn say(&self, channel: u16, said: impl Into<Said>, payload: &[u8]) {
        let frame = Frame::new(channel, said.into().0, payload);
        self.tell(Say::Frame(Box::new(frame)));
    }

    /// Ends the newest connection without a word.
    pub fn hang_up(&self) {
        self.tell(Say::HangUp);
    }

    fn tell(&self, say: Say) {
        if let Some(talk) = &*self.talk.lock() {
            // The client may be gone.
            let _ = talk.send(say);
        }
    }
}

/// Any performative.
#[derive(Debug)]
pub struct Said(Performative);

macro_rules! said {
    ($($name:ident),*) => {
        $(impl From<$name> for Said {
            fn from(said: $name) -> Self {
                Self(Performative::$name(said))
            }
        })*
    };
}

said!(Open, Begin, Attach, Flow, Transfer, Disposition, Detach, End, Close);

struct Talk {
    number: usize,
    stream: TcpStream,
    sayings: mpsc::UnboundedReceiver<Say>,
    mouth: Mouth,
    notes: Arc<Mutex<Vec<Heard>>>,
}

impl Talk {
    async fn run(mut self, mut manners: Manners) {
        let _ = self.stream.set_nodelay(true);
        let (mut unread, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        while !self.mouth.hangs_up {
            tokio::select! {
                read = self.stream.read(&mut buffer) => {
                    let Ok(count @ 1..) = read else { return };
                    unread.extend_from_slice(&buffer[..count]);
                    let at = Instant::now();
                    for piece in pieces(&mut unread) {
                        self.hear(piece, at, &mut manners);
                    }
                }
                say = self.sayings.recv() => match say {
                    Some(Say::Frame(frame)) => self.mouth.bytes.extend(frame.bytes()),
                    Some(Say::HangUp) | None => return,
                },
            }
            let bytes = std::mem::take(&mut self.mouth.bytes);
            if self.stream.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }

    fn hear(&mut self, piece: Piece, at: Instant, manners: &mut Manners) {
        match piece {
            Piece::Header(3) => self.mouth.bytes.extend(MECHANISMS),
            Piece::Header(_) => self.mouth.bytes.extend(HEADER),
            Piece::Sasl => self.mouth.bytes.extend(WELCOME),
            Piece::Empty => {}
            Piece::Frame(frame) => {
                let heard = Heard { connection: self.number, at, frame: (*frame).clone() };
                self.notes.lock().push(heard);
                if !manners(&frame, &mut self.mouth) {
                    self.mouth.answer(&frame);
                }
            }
        }
    }
}

impl Mouth {
    /// Says something.
    pub fn say(&mut self, channel: u16, said: impl Into<Said>, payload: &[u8]) {
        self.bytes.extend(Frame::new(channel, said.into().0, payload).bytes());
    }

    /// Ends the connection, after what it has said.
    pub fn hang_up(&mut self) {
        self.hangs_up = true;
    }

    /// Gives senders so much credit from now on.
    pub fn give(&mut self, credit: u32) {
        self.credit = Some(credit);
    }

    /// Answers as a peer does that takes everything.
    ///
    /// # Panics
    /// When a transfer begins nothing that it goes on with.
    pub fn answer(&mut self, frame: &Frame) {
        let channel = frame.channel;
        match &frame.said {
            Performative::Open(_) => self.say(channel, self.open(), &[]),
            Performative::Begin(_) => self.say(channel, begun(channel), &[]),
            Performative::Attach(attach) => self.attach(channel, attach),
            Performative::Transfer(transfer) => self.transfer(channel, transfer, &accepted()),
            Performative::Flow(flow) if flow.drain && !self.receives(channel, flow) => {
                let drained = Flow { drain: true, link_credit: Some(0), ..flow.clone() };
                let count = flow.delivery_count.unwrap_or(0);
                let credit = flow.link_credit.unwrap_or(0);
                let delivery_count = Some(count.wrapping_add(credit));
                self.say(channel, Flow { delivery_count, ..windows(drained) }, &[]);
            }
            Performative::Flow(_) | Performative::Disposition(_) => {}
            Performative::Detach(detach) => self.say(channel, closed(detach.handle.0, None), &[]),
            Performative::End(_) => self.say(channel, End { error: None }, &[]),
            Performative::Close(_) => {
                self.say(channel, Close { error: None }, &[]);
                self.hang_up();
            }
        }
    }

    /// Whether the flow is that of a client which sends, and tells what it has.
    fn receives(&self, channel: u16, flow: &Flow) -> bool {
        flow.handle.as_ref().is_some_and(|it| self.receives.contains(&(channel, it.0)))
    }

    fn open(&self) -> Open {
        let properties = self.product.map(|product| {
            let mut properties = Fields::new();
            properties.insert(Symbol::from("product"), Value::String(product.to_owned()));
            properties
        });
        Open {
            container_id: "stranger".to_owned(),
            hostname: None,
            max_frame_size: 4096.into(),
            channel_max: 100.into(),
            idle_time_out: None,
            outgoing_locales: None,
            incoming_locales: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties,
        }
    }

    /// Answers an attach, and gives credit to who sends.
    pub fn attach(&mut self, channel: u16, attach: &Attach) {
        let mut answer = mirrored(attach);
        if let Some(source) = answer.source.as_deref_mut().filter(|source| source.dynamic) {
            self.nodes += 1;
            source.address = Some(format!("node-{}", self.nodes));
        }
        self.say(channel, answer, &[]);
        let link = (channel, attach.handle.0);
        self.receives.remove(&link);
        if attach.role == Role::Sender {
            self.receives.insert(link);
            let count = attach.initial_delivery_count.unwrap_or(0);
            let credit = self.credit.unwrap_or(CREDIT);
            self.say(channel, flow(attach.handle.0, count, credit), &[]);
        }
    }

    /// Tells what becomes of a delivery, when it is whole and waits to hear it.
    ///
    /// # Panics
    /// When a transfer begins nothing that it goes on with.
    pub fn transfer(&mut self, channel: u16, transfer: &Transfer, state: &DeliveryState) {
        let link = (channel, transfer.handle.0);
        let id = transfer.delivery_id.or_else(|| self.coming.get(&link).copied());
        let id = id.expect("the number of the delivery");
        if transfer.more {
            self.coming.insert(link, id);
            return;
        }
        self.coming.remove(&link);
        if transfer.settled != Some(true) {
            self.say(channel, settled(id, state.clone()), &[]);
        }
    }
}

/// The outcome of a message that was taken.
#[must_use]
pub fn accepted() -> DeliveryState {
    DeliveryState::Accepted(Accepted {})
}

/// The answer to a begin.
#[must_use]
pub fn begun(channel: u16) -> Begin {
    Begin {
        remote_channel: Some(channel),
        next_outgoing_id: 0,
        incoming_window: PLENTY,
        outgoing_window: PLENTY,
        handle_max: Handle(1000),
        offered_capabilities: None,
        desired_capabilities: None,
        properties: None,
    }
}

/// The answer to an attach, of the same handle.
#[must_use]
pub fn mirrored(attach: &Attach) -> Attach {
    let sends = attach.role == Role::Receiver;
    Attach {
        role: if sends { Role::Sender } else { Role::Receiver },
        initial_delivery_count: sends.then_some(0),
        ..attach.clone()
    }
}

/// Credit for who sends.
#[must_use]
pub fn flow(handle: u32, count: u32, credit: u32) -> Flow {
    windows(Flow {
        next_incoming_id: None,
        incoming_window: 0,
        next_outgoing_id: 0,
        outgoing_window: 0,
        handle: Some(Handle(handle)),
        delivery_count: Some(count),
        link_credit: Some(credit),
        available: None,
        drain: false,
        echo: false,
        properties: None,
    })
}

fn windows(flow: Flow) -> Flow {
    Flow {
        next_incoming_id: Some(0),
        incoming_window: PLENTY,
        next_outgoing_id: 0,
        outgoing_window: PLENTY,
        ..flow
    }
}

/// What becomes of a delivery of the client's.
#[must_use]
pub fn settled(id: u32, state: DeliveryState) -> Disposition {
    Disposition {
        role: Role::Receiver,
        first: id,
        last: None,
        settled: true,
        state: Some(state),
        batchable: false,
    }
}

/// The end of a link, for a reason or for none.
#[must_use]
pub fn closed(handle: u32, error: Option<definitions::Error>) -> Detach {
    Detach { handle: Handle(handle), closed: true, error }
}

/// A delivery of the peer's, in one piece.
#[must_use]
pub fn transfer(handle: u32, id: u32, settled: bool) -> Transfer {
    Transfer {
        handle: Handle(handle),
        delivery_id: Some(id),
        delivery_tag: Some(id.to_be_bytes().to_vec().into()),
        message_format: Some(0),
        settled: Some(settled),
        more: false,
        rcv_settle_mode: None,
        state: None,
        resume: false,
        aborted: false,
        batchable: false,
    }
}
