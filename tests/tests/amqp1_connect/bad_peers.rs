//! Peers that do not behave: an error within the deadline, and nothing is left behind.

use std::sync::Arc;

use busway_core::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::peer::{answer, be_silent, peer};
use crate::stand::{HANG, assert_says, bobs, open, refused};

#[tokio::test]
async fn an_opening_that_is_dropped_hangs_up() {
    let begun = Arc::new(Notify::new());
    let telling = begun.clone();
    let (address, mut gone) = peer(move |mut stream| {
        let telling = telling.clone();
        async move {
            stream.read_exact(&mut [0; 8]).await.expect("a header");
            telling.notify_one();
            be_silent(stream).await;
        }
    })
    .await;
    let opening = tokio::spawn(open(bobs("amqp", "127.0.0.1", address.port())));
    begun.notified().await;
    opening.abort();
    timeout(HANG, gone.recv()).await.expect("the socket was not closed");
}

async fn silence(scheme: &str) {
    let (address, mut gone) = peer(be_silent).await;
    let error = refused(bobs(scheme, "127.0.0.1", address.port()), ErrorKind::Connection).await;
    assert_says(&error, &["in time", &address.to_string()]);
    timeout(HANG, gone.recv()).await.expect("the socket was not closed");
}

#[tokio::test]
async fn a_silent_peer_is_given_up() {
    tokio::join!(silence("amqp"), silence("amqps"));
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let error = refused(bobs("amqp", "127.0.0.1", port), ErrorKind::Connection).await;
    assert_says(&error, &["cannot be reached", &port.to_string()]);
}

#[tokio::test]
async fn words_that_are_no_amqp_are_an_error() {
    let (address, _told) = peer(|stream| answer(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let error = refused(bobs("amqp", "127.0.0.1", address.port()), ErrorKind::Connection).await;
    assert_says(&error, &["not AMQP"]);
}

#[tokio::test]
async fn another_version_of_amqp_is_refused() {
    let (address, _told) = peer(|stream| answer(stream, b"AMQP\0\0\x09\x01")).await;
    let error = refused(bobs("amqp", "127.0.0.1", address.port()), ErrorKind::Refused).await;
    assert_says(&error, &["does not speak AMQP 1.0"]);
}

#[tokio::test]
async fn a_frame_of_absurd_length_is_an_error() {
    let words = b"AMQP\x03\x01\0\0\xff\xff\xff\xff\x02\x01\0\0";
    let (address, mut gone) = peer(|stream| answer(stream, words)).await;
    refused(bobs("amqp", "127.0.0.1", address.port()), ErrorKind::Connection).await;
    timeout(HANG, gone.recv()).await.expect("the socket was not closed");
}

#[tokio::test]
async fn a_peer_that_hangs_up_is_an_error() {
    let (address, _told) = peer(|stream| async { drop(stream) }).await;
    for scheme in ["amqp", "amqps"] {
        let error = refused(bobs(scheme, "127.0.0.1", address.port()), ErrorKind::Connection).await;
        assert_says(&error, &["hung up"]);
    }
}

#[tokio::test]
async fn a_peer_that_half_closes_is_an_error() {
    let (address, _told) = peer(|mut stream| async {
        stream.shutdown().await.expect("a half");
        be_silent(stream).await;
    })
    .await;
    for scheme in ["amqp", "amqps"] {
        let error = refused(bobs(scheme, "127.0.0.1", address.port()), ErrorKind::Connection).await;
        assert_says(&error, &["hung up"]);
    }
}
