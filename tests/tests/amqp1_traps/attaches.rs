//! Attaches that are answered late, never, or with a refusal.

use busway_core::ErrorKind;
use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Manners, Stranger, addresses, by_the_book, closed, found, mirrored, open, trial,
};
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition};
use fe2o3_amqp::types::performatives::{Attach, Performative};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{HASTE, address, ask, assert_orderly, client, connections, error, served};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("an_attach_that_is_given_up_and_answered_late_costs_nothing", late),
        trial("an_attach_that_is_never_answered_costs_the_connection_alone", never),
        trial("a_link_that_is_refused_leaves_the_session_alone", refused),
    ]
}

/// Whether it is a link to or from `late`.
fn is_late(attach: &Attach) -> bool {
    addresses(attach).0 == Some(address("late"))
}

/// A peer that does not answer attaches of `late` on its first connection.
async fn hesitant() -> Stranger {
    let manners = |number| -> Manners {
        if number > 0 {
            return by_the_book();
        }
        Box::new(|frame, _| matches!(&frame.said, Performative::Attach(it) if is_late(it)))
    };
    Stranger::start(manners).await.expect("a peer")
}

/// An answer to an attach that nobody waits for any more ends the engine's session.
async fn late() {
    let peer = hesitant().await;
    let transport = open(peer.address(), HASTE).await;
    let late = transport.clone();
    let starting =
        tokio::spawn(
            async move { serve(&late, "late", "server", Service::echo()).await.map(drop) },
        );
    let link = found(|| served(&peer, "late").pop()).await;
    starting.abort();
    assert!(starting.await.expect_err("it waits").is_cancelled());
    peer.say(link.channel, mirrored(&link.attach), &[]);
    found(|| link.detached(&peer.heard())).await;
    let server = soon(serve(&transport, "topic", "server", Service::echo())).await;
    let _server = server.expect("a server");
    let link = served(&peer, "topic").pop().expect("a link");
    ask(&peer, &link, 0).await;
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}

async fn never() {
    let peer = hesitant().await;
    let transport = open(peer.address(), HASTE).await;
    let server = soon(serve(&transport, "late", "server", Service::echo())).await;
    let _server = server.expect("a server, by the next connection");
    let link = served(&peer, "late").pop().expect("a link");
    ask(&peer, &link, 0).await;
    assert_eq!(connections(&peer), 2);
}

/// As the specification has it: an attach without a terminus, and the reason in a detach.
async fn refused() {
    for (condition, kind) in [
        (ErrorCondition::from(AmqpError::NotFound), ErrorKind::Undeliverable),
        (AmqpError::UnauthorizedAccess.into(), ErrorKind::Refused),
    ] {
        let why = error(condition);
        let manners = move |_| -> Manners {
            let why = why.clone();
            Box::new(move |frame, mouth| {
                let Performative::Attach(attach) = &frame.said else { return false };
                if !is_late(attach) {
                    return false;
                }
                let mut answer = mirrored(attach);
                (answer.source, answer.target) = (None, None);
                mouth.say(frame.channel, answer, &[]);
                mouth.say(frame.channel, closed(attach.handle.0, Some(why.clone())), &[]);
                true
            })
        };
        let peer = Stranger::start(manners).await.expect("a peer");
        let transport = open(peer.address(), HASTE).await;
        let client = client(&transport);
        let once = client.prepare().topic("late").retry(busway_core::driver::Retry::NEVER);
        let cast = soon(once.cast("echo", json!({}))).await.expect_err("refused");
        assert_eq!(cast.kind(), kind, "{cast:?}");
        assert!(cast.to_string().contains("as the test has it"), "{cast}");
        let serving = serve(&transport, "late", "server", Service::echo());
        let served_not = soon(serving).await.expect_err("refused");
        assert_eq!(served_not.kind(), kind, "{served_not:?}");
        assert!(served_not.to_string().contains("as the test has it"), "{served_not}");
        soon(client.cast("echo", json!({}))).await.expect("taken");
        let server = serve(&transport, "topic", "server", Service::echo()).await;
        let _server = server.expect("a server");
        let link = served(&peer, "topic").pop().expect("a link");
        ask(&peer, &link, 0).await;
        assert_orderly(&peer.heard());
        assert_eq!(connections(&peer), 1);
    }
}
