//! Peers that take few frames at a time on a session, whatever credit its links have.

use std::collections::HashMap;
use std::time::Duration;

use busway_core::rpc::RpcClient;
use busway_core::{ErrorKind, Notifier, Target, Transport};
use busway_testkit::stage::{PATIENCE, Service, serve, soon};
use busway_tests::amqp1_wire::{
    Frame, Link, Manners, Mouth, Stranger, addresses, begun, by_the_book, flow, found, mirrored,
    open, senders, transfer, trial,
};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::messaging::{MessageId, Properties};
use fe2o3_amqp::types::performatives::{Attach, Begin, Flow, Performative, Transfer};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::stand::{HASTE, address, assert_orderly, connections, served, text};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("messages_of_many_frames_pass_by_a_window_of_few", sent),
        trial("a_message_of_more_frames_than_our_window_has_comes", received),
        trial("a_window_that_stays_shut_costs_no_more_than_the_deadline", shut),
    ]
}

/// What makes a message of some frames.
const LENGTH: usize = 50_000;

/// A peer whose sessions take so many frames at a time.
struct Narrow {
    window: u32,
    /// The frames that came, by channel.
    came: HashMap<u16, u32>,
    /// The link of the replies.
    replies: Option<(u16, u32)>,
    answered: u32,
    /// What has come of a message.
    coming: Vec<u8>,
}

impl Narrow {
    fn new(window: u32) -> Self {
        Self { window, came: HashMap::new(), replies: None, answered: 0, coming: Vec::new() }
    }

    /// Does something else about some frames than the book says.
    fn answer(&mut self, frame: &Frame, mouth: &mut Mouth) -> bool {
        let channel = frame.channel;
        match &frame.said {
            Performative::Begin(_) => {
                mouth.say(channel, Begin { incoming_window: self.window, ..begun(channel) }, &[]);
                true
            }
            Performative::Attach(attach) if attach.role == Role::Sender => {
                mouth.say(channel, mirrored(attach), &[]);
                let credit = flow(attach.handle.0, 0, 1000);
                mouth.say(channel, self.narrow(channel, credit), &[]);
                true
            }
            Performative::Attach(attach) => {
                self.attached(channel, attach);
                false
            }
            Performative::Transfer(transfer) => {
                self.transfer(frame, transfer, mouth);
                false
            }
            _ => false,
        }
    }

    fn attached(&mut self, channel: u16, attach: &Attach) {
        if addresses(attach).0.is_none() {
            self.replies = Some((channel, attach.handle.0));
        }
    }

    /// A flow that takes so many frames more.
    fn narrow(&self, channel: u16, flow: Flow) -> Flow {
        let came = self.came.get(&channel).copied().unwrap_or(0);
        Flow { next_incoming_id: Some(came), incoming_window: self.window, ..flow }
    }

    /// Opens the window again once it is used up; replies to a request that is whole.
    fn transfer(&mut self, frame: &Frame, transfer: &Transfer, mouth: &mut Mouth) {
        let channel = frame.channel;
        let came = self.came.entry(channel).or_default();
        *came += 1;
        if came.is_multiple_of(self.window) {
            let more =
                Flow { handle: None, delivery_count: None, link_credit: None, ..flow(0, 0, 0) };
            mouth.say(channel, self.narrow(channel, more), &[]);
        }
        self.coming.extend(&frame.payload);
        if !transfer.more {
            let whole = Frame { payload: std::mem::take(&mut self.coming), ..frame.clone() };
            let asked = whole.message().properties.and_then(|it| it.message_id);
            self.reply(asked, mouth);
        }
    }

    fn reply(&mut self, asked: Option<MessageId>, mouth: &mut Mouth) {
        let (Some(asked), Some((channel, handle))) = (asked, self.replies) else { return };
        let properties = Properties { correlation_id: Some(asked), ..Properties::default() };
        let reply = text(r#"{"response": 7}"#, properties);
        mouth.say(channel, transfer(handle, self.answered, true), &reply);
        self.answered += 1;
    }
}

async fn narrow(window: u32) -> Stranger {
    let manners = move |_| -> Manners {
        let mut narrow = Narrow::new(window);
        Box::new(move |frame, mouth| narrow.answer(frame, mouth))
    };
    Stranger::start(manners).await.expect("a peer")
}

fn notifier(transport: &Transport, timeout: Duration) -> Notifier {
    let notifier = Notifier::builder(transport).publisher_id("test").topics(["log"]);
    notifier.timeout(timeout).build().expect("a notifier")
}

async fn sent() {
    for window in [1, 2] {
        let peer = narrow(window).await;
        let transport = open(peer.address(), HASTE).await;
        let client = crate::stand::client(&transport);
        let notifier = notifier(&transport, PATIENCE);
        let long = json!({ "it": "x".repeat(LENGTH) });
        for _ in 0..3 {
            let (called, cast, told) = soon(async {
                tokio::join!(
                    client.call::<_, Value>("echo", &long),
                    client.cast("echo", &long),
                    notifier.info("event", &long)
                )
            })
            .await;
            assert_eq!(called.expect("answered"), json!(7));
            cast.expect("taken");
            told.expect("taken");
        }
        let heard = peer.heard();
        let frames = |topic| {
            let links = senders(&heard, &address(topic));
            links.iter().map(|it| it.transfers(&heard).len()).sum::<usize>()
        };
        assert!(frames("topic") > 6 * 10 && frames("log.info") > 3 * 10, "in few frames");
        assert_orderly(&heard);
        assert_eq!(connections(&peer), 1);
    }
}

/// The frame up to which a peer may send on the session of a link.
fn allowed(peer: &Stranger, link: &Link) -> u32 {
    let begun = peer.heard().into_iter().find_map(|it| match it.frame.said {
        Performative::Begin(begin) if it.frame.channel == link.channel => {
            Some(begin.incoming_window)
        }
        _ => None,
    });
    let mut flows = peer.heard().into_iter().filter_map(|it| match it.frame.said {
        Performative::Flow(flow) if it.frame.channel == link.channel => {
            Some(flow.next_incoming_id.unwrap_or(0) + flow.incoming_window)
        }
        _ => None,
    });
    flows.next_back().or(begun).unwrap_or(0)
}

/// How many frames a request is sent in.
const PIECES: u32 = 5000;

async fn received() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let link = served(&peer, "topic").pop().expect("a link");
    let properties = Properties {
        message_id: Some(MessageId::String("long".to_owned())),
        reply_to: Some("caller".to_owned()),
        ..Properties::default()
    };
    let args = json!({ "it": "x".repeat(10 * PIECES as usize) });
    let request = json!({ "request": { "method": "echo", "args": args }, "context": {} });
    let whole = text(&request.to_string(), properties);
    let pieces: Vec<_> = whole.chunks(whole.len().div_ceil(PIECES as usize)).collect();
    let count = u32::try_from(pieces.len()).expect("not so many");
    for (number, piece) in (1..).zip(pieces) {
        if allowed(&peer, &link) < number {
            found(|| (allowed(&peer, &link) >= number).then_some(())).await;
        }
        let it = Transfer { more: number < count, ..transfer(link.handle(), 0, true) };
        peer.say(link.channel, it, piece);
    }
    let reply = found(|| senders(&peer.heard(), "caller").pop()).await;
    found(|| {
        let heard = peer.heard();
        let sent: usize = reply.transfers(&heard).iter().map(|it| it.2.payload.len()).sum();
        (sent > 10 * PIECES as usize).then_some(())
    })
    .await;
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}

async fn shut() {
    let peer = narrow(0).await;
    let transport = open(peer.address(), HASTE).await;
    let brief = Duration::from_millis(300);
    let client = RpcClient::builder(&transport, Target::new("topic")).timeout(brief).build();
    let notifier = notifier(&transport, brief);
    for text in ["x".to_owned(), "x".repeat(LENGTH)] {
        let args = json!({ "it": text });
        let called = soon(client.call::<_, ()>("echo", &args)).await.expect_err("not taken");
        let cast = soon(client.cast("echo", &args)).await.expect_err("not taken");
        let told = soon(notifier.info("event", &args)).await.expect_err("not taken");
        for error in [called, cast, told] {
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        }
    }
    let heard = peer.heard();
    let came = heard.iter().any(|it| matches!(it.frame.said, Performative::Transfer(_)));
    assert!(!came, "sent by a window that is shut");
}
