//! Peers that do not behave: an error within the deadline, and nothing is left behind.

use std::sync::Arc;

use busway_core::ErrorKind;
use libtest_mimic::Trial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::peer::{answer, be_silent, peer};
use crate::stand::{HANG, Stand, assert_says, bobs, open, refused, trial};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("a_silent_peer_is_given_up", stand, |_| a_silent_peer_is_given_up()),
        trial("an_opening_that_is_dropped_hangs_up", stand, |_| a_dropped_opening_hangs_up()),
        trial("nobody_there_is_an_error", stand, |_| nobody_there_is_an_error()),
        trial("words_that_are_no_amqp_are_an_error", stand, |_| no_amqp_is_an_error()),
        trial("another_version_of_amqp_is_refused", stand, |_| another_version_is_refused()),
        trial("a_frame_of_absurd_length_is_an_error", stand, |_| an_absurd_frame_is_an_error()),
        trial("a_peer_that_hangs_up_is_an_error", stand, |_| a_hang_up_is_an_error()),
        trial("a_peer_that_half_closes_is_an_error", stand, |_| a_half_close_is_an_error()),
    ]
}

async fn a_silent_peer_is_given_up() {
    for scheme in ["pika", "pika+tls"] {
        let (address, mut gone) = peer(be_silent).await;
        let url = bobs(scheme, "127.0.0.1", address.port()).with_option("login_timeout", "0.3");
        let error = refused(url, ErrorKind::Connection).await;
        assert_says(&error, &["login_timeout", &address.to_string()]);
        timeout(HANG, gone.recv()).await.expect("the socket was not closed");
    }
}

async fn a_dropped_opening_hangs_up() {
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
    let url = bobs("pika", "127.0.0.1", address.port()).with_option("login_timeout", "3600");
    let opening = tokio::spawn(open(url));
    begun.notified().await;
    opening.abort();
    timeout(HANG, gone.recv()).await.expect("the socket was not closed");
}

async fn nobody_there_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let error = refused(bobs("pika", "127.0.0.1", port), ErrorKind::Connection).await;
    assert_says(&error, &["cannot be reached", &port.to_string()]);
}

async fn no_amqp_is_an_error() {
    let (address, _told) = peer(|stream| answer(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let url = bobs("pika", "127.0.0.1", address.port());
    let error = refused(url, ErrorKind::Connection).await;
    assert_says(&error, &["not AMQP 0-9-1"]);
}

async fn another_version_is_refused() {
    let (address, _told) = peer(|stream| answer(stream, b"AMQP\0\0\x09\0")).await;
    let error = refused(bobs("pika", "127.0.0.1", address.port()), ErrorKind::Refused).await;
    assert_says(&error, &["does not speak AMQP 0-9-1", "AMQP 0.9.0"]);
    let (address, _told) = peer(|stream| answer(stream, b"AMQP\0\x01\0\0")).await;
    let error = refused(bobs("pika", "127.0.0.1", address.port()), ErrorKind::Refused).await;
    assert_says(&error, &["does not speak AMQP 0-9-1"]);
}

async fn an_absurd_frame_is_an_error() {
    let (address, mut gone) =
        peer(|stream| answer(stream, &[1, 0, 0, 255, 255, 255, 255, 0, 10, 0, 10])).await;
    let url = bobs("pika", "127.0.0.1", address.port()).with_option("login_timeout", "0.5");
    refused(url, ErrorKind::Connection).await;
    timeout(HANG, gone.recv()).await.expect("the socket was not closed");
}

async fn a_hang_up_is_an_error() {
    let (address, _told) = peer(|stream| async { drop(stream) }).await;
    for scheme in ["pika", "pika+tls"] {
        let url = bobs(scheme, "127.0.0.1", address.port());
        let error = refused(url, ErrorKind::Connection).await;
        assert_says(&error, &["hung up"]);
    }
}

async fn a_half_close_is_an_error() {
    let (address, _told) = peer(|mut stream| async {
        stream.shutdown().await.expect("a half");
        be_silent(stream).await;
    })
    .await;
    for scheme in ["pika", "pika+tls"] {
        let url = bobs(scheme, "127.0.0.1", address.port());
        let error = refused(url, ErrorKind::Connection).await;
        assert_says(&error, &["hung up"]);
    }
}
