//! Callers whose message ids are no text.

use busway_testkit::stage::{Service, serve};
use busway_tests::amqp1_wire::{Stranger, by_the_book, found, open, senders, transfer, trial};
use fe2o3_amqp::types::messaging::{MessageId, Properties};
use fe2o3_amqp::types::primitives::{Binary, Uuid};
use libtest_mimic::Trial;

use crate::stand::{HASTE, assert_orderly, connections, served, text};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("a_reply_has_the_id_of_its_request_whatever_its_type", replies)]
}

fn ids() -> Vec<MessageId> {
    vec![
        MessageId::Ulong(0),
        MessageId::Ulong(7),
        MessageId::Ulong(u64::MAX),
        MessageId::Uuid(Uuid::from([0xab; 16])),
        MessageId::Binary(Binary::from(vec![0xff, 0, 0xfe])),
        MessageId::Binary(Binary::from(Vec::new())),
        MessageId::String("7".to_owned()),
        MessageId::String(String::new()),
    ]
}

async fn replies() {
    // Both ways of a reply: by a task that waits, and handed over.
    for options in [HASTE.to_owned(), HASTE.replace("rpc-reply", "notify")] {
        let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
        let transport = open(peer.address(), &options).await;
        let server = serve(&transport, "topic", "server", Service::echo()).await;
        let _server = server.expect("a server");
        let link = served(&peer, "topic").pop().expect("a link");
        for (number, id) in (0..).zip(ids()) {
            let properties = Properties {
                message_id: Some(id.clone()),
                reply_to: Some("caller".to_owned()),
                ..Properties::default()
            };
            let request = r#"{"request": {"method": "echo", "args": {}}, "context": {}}"#;
            let it = transfer(link.handle(), number, true);
            peer.say(link.channel, it, &text(request, properties));
            let reply = found(|| {
                let heard = peer.heard();
                let caller = senders(&heard, "caller").pop()?;
                caller.transfers(&heard).into_iter().nth(number as usize)
            });
            let (_, _, frame) = reply.await;
            let said = frame.message().properties.and_then(|it| it.correlation_id);
            assert_eq!(said, Some(id));
        }
        assert_orderly(&peer.heard());
        assert_eq!(connections(&peer), 1);
    }
}
