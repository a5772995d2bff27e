//! Peers that do not keep to the protocol: the broker goes on without them.

use std::time::Duration;

use busway_broker::{Broker, Builder};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::messaging::Accepted;
use fe2o3_amqp::types::performatives::{Disposition, Performative};

use crate::peer::{Peer, anywhere, broker, send, send_settled, take, within};
use crate::raw::{AMQP, Raw, SASL, attach, flow, open};

const QUEUE: &str = "unicast.openstack.topic";

/// That others can work with the broker, and that it ends all that it began when it stops.
pub(crate) async fn assert_well(broker: Broker) {
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender("unicast.well").await;
    send(&mut sender, "well").await;
    let mut receiver = peer.receiver("unicast.well", 1).await;
    assert_eq!(take(&mut receiver).await, "well");
    within(broker.stop()).await;
}

/// A broker that does not wait long for peers that answer nothing when it stops.
fn impatient() -> Builder {
    Broker::builder().listen(anywhere()).stop_timeout(Duration::from_millis(100))
}

#[tokio::test]
async fn garbage_before_the_header_ends_the_connection() {
    let broker = broker().await;
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"AMQP\x00\x00\x09\x01", &[0; 8], &[255; 100]] {
        let mut raw = Raw::to(&broker).await;
        raw.write(garbage).await;
        let rest = raw.rest().await;
        assert!(rest.is_empty() || rest == SASL, "{rest:?}");
    }
    assert_well(broker).await;
}

#[tokio::test]
async fn garbage_after_the_header_ends_the_connection() {
    let builder = impatient().handshake_timeout(Duration::from_secs(1));
    let broker = builder.start().await.expect("a broker");
    for garbage in [&[0, 0, 0, 1, 2, 3, 4, 5, 6][..], &[0, 0, 0, 12, 2, 0, 0, 0, 9, 9, 9, 9]] {
        let mut raw = Raw::to(&broker).await;
        raw.write(AMQP).await;
        raw.write(garbage).await;
        raw.rest().await;
        let mut raw = Raw::begun(&broker).await;
        raw.write(garbage).await;
        raw.rest().await;
    }
    assert_well(broker).await;
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_the_connection() {
    let broker = Broker::builder().listen(anywhere()).frame_size(1024).start().await;
    let broker = broker.expect("a broker");
    for size in [1025_u32, 100_000, u32::MAX] {
        let mut raw = Raw::begun(&broker).await;
        raw.write(&[&size.to_be_bytes()[..], &[2, 0, 0, 0]].concat()).await;
        raw.write(&[0; 1024]).await;
        raw.rest().await;
    }
    assert_well(broker).await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_or_half_of_it_is_not_waited_for() {
    let builder = impatient().handshake_timeout(Duration::from_millis(200));
    let broker = builder.start().await.expect("a broker");
    for said in [&b""[..], b"AMQP", AMQP, SASL] {
        let mut raw = Raw::to(&broker).await;
        raw.write(said).await;
        raw.rest().await;
    }
    within(broker.stop()).await;
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_not_waited_for() {
    let builder = impatient().idle_timeout(Duration::from_millis(200));
    let broker = builder.start().await.expect("a broker");
    Raw::begun(&broker).await.rest().await;
    within(broker.stop()).await;
}

#[tokio::test]
async fn a_frame_where_it_does_not_belong_ends_the_connection() {
    let builder = impatient().handshake_timeout(Duration::from_secs(1));
    let broker = builder.start().await.expect("a broker");
    let mut raw = Raw::to(&broker).await;
    raw.write(AMQP).await;
    raw.frame(&attach("too early", 0, Role::Sender, QUEUE)).await;
    raw.rest().await;
    let mut raw = Raw::begun(&broker).await;
    raw.frame(&open()).await;
    raw.frame(&flow(77, 0, 1, 1000)).await;
    drop(raw);
    assert_well(broker).await;
}

#[tokio::test]
async fn a_disposition_of_all_deliveries_there_could_be_cuts_the_peer_off() {
    let broker = broker().await;
    let mut raw = Raw::begun(&broker).await;
    raw.frame(&Disposition {
        role: Role::Receiver,
        first: 0,
        last: Some(u32::MAX),
        settled: true,
        state: Some(Accepted {}.into()),
        batchable: false,
    })
    .await;
    raw.rest().await;
    assert_well(broker).await;
}

#[tokio::test]
async fn a_closed_window_holds_back_the_consumer_alone() {
    let broker = broker().await;
    let mut raw = Raw::begun(&broker).await;
    raw.frame(&attach("closed", 0, Role::Receiver, QUEUE)).await;
    assert!(matches!(raw.next().await, Some(Performative::Attach(_))));
    // All the credit in the world, and no window.
    raw.frame(&flow(0, 0, 1_000_000, 0)).await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    for number in 0..1000 {
        send_settled(&mut sender, &number.to_string()).await;
    }
    // Those that the closed one was given wait in the engine, a bounded number; the others are
    // there for others.
    let mut other = peer.receiver(QUEUE, 1000).await;
    let first: usize = take(&mut other).await.parse().expect("a number");
    assert!((1..=100).contains(&first), "{first} messages wait in the engine");
    drop(raw);
    assert_well(broker).await;
}

#[tokio::test]
async fn the_second_link_of_a_name_takes_the_place_of_the_first() {
    let broker = impatient().start().await.expect("a broker");
    let mut raw = Raw::begun(&broker).await;
    raw.frame(&attach("same", 0, Role::Receiver, QUEUE)).await;
    assert!(matches!(raw.next().await, Some(Performative::Attach(_))));
    raw.frame(&attach("same", 1, Role::Receiver, QUEUE)).await;
    let Some(Performative::Detach(detach)) = raw.next().await else { panic!("no detach") };
    let error = detach.error.clone().expect("an error");
    assert_eq!(crate::peer::condition(&error), "amqp:link:stolen");
    raw.frame(&fe2o3_amqp::types::performatives::Detach { error: None, ..detach }).await;
    assert!(matches!(raw.next().await, Some(Performative::Attach(_))));
    assert_well(broker).await;
}
