//! Messages that are not what their address is for.

use busway_core::notify::Priority;
use busway_core::{ErrorKind, Handled, NotificationListener, endpoint_fn};
use busway_testkit::stage::{Journal, Service, serve, soon};
use busway_tests::amqp1_wire::{
    Link, Manners, Stranger, addresses, by_the_book, bytes_of, found, open, receivers, reply_link,
    transfer, trial,
};
use fe2o3_amqp::types::messaging::{
    AmqpSequence, AmqpValue, Body, Data, DeliveryState, Message, MessageId, Properties,
};
use fe2o3_amqp::types::performatives::Performative;
use fe2o3_amqp::types::primitives::{Binary, Value};
use libtest_mimic::Trial;
use serde_json::{Value as Json, json};

use crate::stand::{HASTE, ask, assert_orderly, client, connections, outcome, served, text};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_server_goes_on_whatever_comes", server),
        trial("a_listener_goes_on_whatever_comes", listener),
        trial("a_client_goes_on_whatever_replies_come", replies),
    ]
}

/// The odd payloads that are objects at least.
const OBJECTS: [usize; 2] = [5, 6];

/// Payloads that are no request, no notification and no reply.
fn odd(properties: &Properties) -> Vec<Vec<u8>> {
    let texts = ["", "no JSON", "{", "7", "[]", "{}", r#"{"request": 7}"#, r#"{"response": }"#];
    let texts = texts.iter().map(|it| text(it, properties.clone()));
    let message =
        |body| bytes_of(Message::builder().properties(properties.clone()).body(body).build());
    let bodies = [
        Body::Value(AmqpValue(Value::Uint(7))),
        Body::Data(vec![Data(Binary::from(vec![0xff, 0xfe]))].into()),
        Body::Sequence(vec![AmqpSequence(vec![Value::Uint(7)])].into()),
    ];
    let whole = text("{}", properties.clone());
    let torn =
        [whole[..whole.len() / 2].to_vec(), b"\x00\x53\x99\x45".to_vec(), b"garbage".to_vec()];
    texts.chain(bodies.map(message)).chain(torn).chain(untrue()).collect()
}

/// Payloads that do not hold what they say: they are not to be believed.
fn untrue() -> [Vec<u8>; 4] {
    let body = b"\x00\x53\x77\x40";
    let fields = [b"\x00\x53\x73\xd0\0\0\0\x05\xff\xff\xff\xff\x40", &body[..]].concat();
    let key_alone = [b"\x00\x53\x74\xc1\x04\x01\xa1\x01k", &body[..]].concat();
    let nested = [b"\x00\x53\x77", &b"\x00\x53\x09".repeat(20_000)[..], b"\x40"].concat();
    [fields, key_alone, nested, b"\x00\x53\x77\xb1\xff\xff\xff\xfftext".to_vec()]
}

/// Sends all of them, settled and not: those that are not are rejected.
async fn send_odd(peer: &Stranger, link: &Link) -> u32 {
    let mut id = 0;
    for payload in odd(&Properties::default()) {
        peer.say(link.channel, transfer(link.handle(), id, false), &payload);
        let said = found(|| outcome(link, &peer.heard(), id)).await;
        assert!(matches!(said, DeliveryState::Rejected(_)), "{payload:?}: {said:?}");
        peer.say(link.channel, transfer(link.handle(), id + 1, true), &payload);
        id += 2;
    }
    id
}

async fn server() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let link = served(&peer, "topic").pop().expect("a link");
    let id = send_odd(&peer, &link).await;
    ask(&peer, &link, id).await;
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}

async fn listener() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let journal = Journal::new();
    let written = journal.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        written.write(notification.event_type.clone());
        async { Ok(Handled::Done) }
    });
    let listener = NotificationListener::builder(&transport).topic("log").endpoint(endpoint);
    let _listener = soon(listener.start()).await.expect("a listener");
    let link = receivers(&peer.heard(), "unicast.v.openstack.log.info").pop().expect("a link");
    let id = send_odd(&peer, &link).await;
    let told = json!({ "event_type": "right", "priority": "INFO", "payload": {} });
    let right = json!({ "request": told, "context": {} }).to_string();
    peer.say(
        link.channel,
        transfer(link.handle(), id, false),
        &text(&right, Properties::default()),
    );
    assert_eq!(journal.next().await, "right");
    assert!(journal.rest().await.is_empty());
    assert_orderly(&peer.heard());
}

async fn replies() {
    // Each request is answered with something else, in the end with what is right.
    let manners = |_| -> Manners {
        let (mut link, mut sent) = (None, 0);
        Box::new(move |frame, mouth| {
            match &frame.said {
                Performative::Attach(attach) if addresses(attach).0.is_none() => {
                    link = Some((frame.channel, attach.handle.0));
                }
                Performative::Transfer(_) => {
                    let asked = frame.message().properties.and_then(|it| it.message_id);
                    let (channel, handle) = link.expect("a link for replies");
                    let properties = Properties { correlation_id: asked, ..Properties::default() };
                    let odd = odd(&properties);
                    let right = || text(r#"{"response": 7}"#, properties.clone());
                    let payload = odd.get(sent).cloned().unwrap_or_else(right);
                    let id = u32::try_from(sent).expect("few");
                    mouth.say(channel, transfer(handle, id, false), &payload);
                    sent += 1;
                }
                _ => {}
            }
            false
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport);
    let count = odd(&Properties::default()).len();
    for number in 0..=count {
        let brief = client.prepare().timeout(std::time::Duration::from_millis(500));
        let answer = soon(brief.call::<_, Json>("echo", json!({}))).await;
        match answer {
            Ok(answer) if number == count => assert_eq!(answer, json!(7)),
            // Python's drivers read an object without a result as none.
            Ok(answer) => assert!(OBJECTS.contains(&number) && answer.is_null(), "{number}"),
            // What cannot be read at all does not tell whose reply it is.
            Err(error) => {
                let expected = [ErrorKind::Serialization, ErrorKind::Timeout];
                assert!(expected.contains(&error.kind()), "{number}: {error:?}");
            }
        }
    }
    // A reply that nobody waits for is not wanted here.
    let link = reply_link(&peer.heard());
    let nobody = Properties {
        correlation_id: Some(MessageId::String("nobody".to_owned())),
        ..Properties::default()
    };
    let id = u32::try_from(count + 1).expect("few");
    let payload = text(r#"{"response": 7}"#, nobody);
    peer.say(link.channel, transfer(link.handle(), id, false), &payload);
    let said = found(|| outcome(&link, &peer.heard(), id)).await;
    let DeliveryState::Modified(modified) = said else { panic!("{said:?}") };
    assert_eq!((modified.delivery_failed, modified.undeliverable_here), (Some(true), Some(true)));
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}
