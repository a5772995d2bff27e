//! A peer that sends what it likes.

use busway_broker::Broker;
use fe2o3_amqp::types::definitions::{Handle, ReceiverSettleMode, Role, SenderSettleMode};
use fe2o3_amqp::types::messaging::{Source, Target};
use fe2o3_amqp::types::performatives::{Attach, Begin, Flow, Open, Performative};
use serde_amqp::{from_slice, to_vec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::peer::within;

pub(crate) const AMQP: &[u8] = b"AMQP\x00\x01\x00\x00";
pub(crate) const SASL: &[u8] = b"AMQP\x03\x01\x00\x00";

pub(crate) struct Raw {
    stream: TcpStream,
}

impl Raw {
    pub(crate) async fn to(broker: &Broker) -> Self {
        let connecting = TcpStream::connect(broker.address());
        Self { stream: within(connecting).await.expect("a socket") }
    }

    /// A connection that is open, with a session on channel 0.
    pub(crate) async fn begun(broker: &Broker) -> Self {
        let mut raw = Self::to(broker).await;
        raw.write(AMQP).await;
        raw.frame(&open()).await;
        raw.frame(&begin()).await;
        assert_eq!(raw.read(8).await, AMQP);
        assert!(matches!(raw.next().await, Some(Performative::Open(_))));
        assert!(matches!(raw.next().await, Some(Performative::Begin(_))));
        raw
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        within(self.stream.write_all(bytes)).await.expect("written");
    }

    pub(crate) async fn frame(&mut self, performative: &impl serde_amqp::serde::Serialize) {
        self.write(&framed(&to_vec(performative).expect("encoded"))).await;
    }

    /// Writes this, as much as is taken, and nothing after it.
    pub(crate) async fn say_no_more_than(&mut self, bytes: &[u8]) {
        // Whoever has hung up already has heard enough.
        let _ = within(self.stream.write_all(bytes)).await;
        let _ = within(self.stream.shutdown()).await;
    }

    pub(crate) async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        within(self.stream.read_exact(&mut bytes)).await.expect("read");
        bytes
    }

    /// All that comes until the end.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = within(self.stream.read_to_end(&mut bytes)).await;
        bytes
    }

    /// The next performative; nothing at the end.
    pub(crate) async fn next(&mut self) -> Option<Performative> {
        loop {
            let mut head = [0; 8];
            within(self.stream.read_exact(&mut head)).await.ok()?;
            let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let body = self.read(size - 8).await;
            if !body.is_empty() {
                return Some(from_slice(&body).expect("a performative"));
            }
        }
    }
}

pub(crate) fn begin() -> Begin {
    Begin {
        remote_channel: None,
        next_outgoing_id: 0,
        incoming_window: 1000,
        outgoing_window: 1000,
        handle_max: Handle(u32::MAX),
        offered_capabilities: None,
        desired_capabilities: None,
        properties: None,
    }
}

/// A frame on channel 0.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).expect("small");
    [&size.to_be_bytes()[..], &[2, 0, 0, 0], body].concat()
}

pub(crate) fn open() -> Open {
    Open {
        container_id: "raw".to_owned(),
        hostname: None,
        max_frame_size: 4096.into(),
        channel_max: 10.into(),
        idle_time_out: None,
        outgoing_locales: None,
        incoming_locales: None,
        offered_capabilities: None,
        desired_capabilities: None,
        properties: None,
    }
}

pub(crate) fn attach(name: &str, handle: u32, role: Role, address: &str) -> Attach {
    Attach {
        name: name.to_owned(),
        handle: Handle(handle),
        role,
        snd_settle_mode: SenderSettleMode::Mixed,
        rcv_settle_mode: ReceiverSettleMode::First,
        source: Some(Box::new(Source::builder().address(address).build())),
        target: Some(Box::new(Target::builder().address(address).build().into())),
        unsettled: None,
        incomplete_unsettled: false,
        initial_delivery_count: Some(0),
        max_message_size: None,
        offered_capabilities: None,
        desired_capabilities: None,
        properties: None,
    }
}

pub(crate) fn flow(handle: u32, count: u32, credit: u32, window: u32) -> Flow {
    Flow {
        next_incoming_id: Some(0),
        incoming_window: window,
        next_outgoing_id: 0,
        outgoing_window: 1000,
        handle: Some(Handle(handle)),
        delivery_count: Some(count),
        link_credit: Some(credit),
        available: None,
        drain: false,
        echo: false,
        properties: None,
    }
}
