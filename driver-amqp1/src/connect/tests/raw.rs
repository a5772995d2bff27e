//! Peers that speak bytes of our choice.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// The header and mechanisms of a peer that takes anybody, and its outcome.
const MECHANISMS: &[u8] =
    b"AMQP\x03\x01\0\0\0\0\0\x1c\x02\x01\0\0\0\x53\x40\xc0\x0f\x01\xe0\x0c\x01\xa3\x09ANONYMOUS";
const WELCOME: &[u8] = b"\0\0\0\x10\x02\x01\0\0\0\x53\x44\xc0\x03\x01\x50\0";
const HEADER: &[u8] = b"AMQP\0\x01\0\0";
/// An Open that names the container "p" alone.
const OPEN: &[u8] = b"\0\0\0\x11\x02\0\0\0\0\x53\x10\xc0\x04\x01\xa1\x01p";

/// A peer that says things, one after each thing that it hears; then it does what it is told.
async fn saying(
    words: &'static [&'static [u8]],
    then: impl AsyncFnOnce(&mut TcpStream) + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    tokio::task::spawn_local(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        for said in words {
            let heard = stream.read(&mut [0; 4096]).await.expect("heard");
            assert_ne!(heard, 0);
            stream.write_all(said).await.expect("said");
        }
        then(&mut stream).await;
    });
    port
}

/// What comes of connecting to such a peer, which then hangs up when we do.
async fn refused(words: &'static [&'static [u8]]) -> Error {
    let local = tokio::task::LocalSet::new();
    let connected =
        local.run_until(async move {
            let port = saying(words, async |stream| {
                while stream.read(&mut [0; 4096]).await.is_ok_and(|heard| heard > 0) {}
            })
            .await;
            connect(&format!("amqp://127.0.0.1:{port}/")).await
        });
    connected.await.expect_err("refused")
}

fn close(condition: &str, description: &str) -> Vec<u8> {
    let (a, b) = (condition.len(), description.len());
    let error = [
        &[0, 0x53, 0x1d, 0xc0, u8::try_from(a + b + 5).expect("short"), 2, 0xa3][..],
        &[u8::try_from(a).expect("short")],
        condition.as_bytes(),
        &[0xa1, u8::try_from(b).expect("short")],
        description.as_bytes(),
    ]
    .concat();
    let body =
        [&[0, 0x53, 0x18, 0xc0, u8::try_from(error.len() + 1).expect("short"), 1][..], &error];
    let body = body.concat();
    let size = u32::try_from(body.len() + 8).expect("short").to_be_bytes();
    [&size[..], &[2, 0, 0, 0], &body].concat()
}

#[tokio::test]
async fn a_close_in_answer_to_our_open_is_told_in_the_peers_words() {
    let close: &'static [u8] = close("amqp:not-found", "no vhost like that").leak();
    let error = refused(vec![MECHANISMS, WELCOME, HEADER, close].leak()).await;
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("amqp:not-found: no vhost like that"), "{error}");
}

#[tokio::test]
async fn what_is_no_amqp_is_an_error_that_says_so() {
    for (said, kind, named) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ErrorKind::Connection, "not AMQP"),
        (b"AMQP\0\0\x09\x01", ErrorKind::Refused, "before it"),
        (b"\x15\x03\x03\0\x02\x02\x46\0", ErrorKind::Connection, "amqps"),
        (HEADER, ErrorKind::Refused, "no login"),
    ] {
        let error = refused(vec![said].leak()).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(named), "{named}: {error}");
    }
    let error = refused(&[MECHANISMS, WELCOME, b"HTTP/1.1"]).await;
    assert_eq!(error.kind(), ErrorKind::Connection);
    let error = refused(&[MECHANISMS, WELCOME, HEADER, b"\0\0\0\x03\x02\0\0\0"]).await;
    assert!(error.message().contains("no frame"), "{error}");
}

#[tokio::test]
async fn silence_ends_with_the_deadline() {
    for words in [&[][..], &[MECHANISMS], &[MECHANISMS, WELCOME], &[MECHANISMS, WELCOME, HEADER]] {
        let local = tokio::task::LocalSet::new();
        let tried = local.run_until(async move {
            let port = saying(words, async |_| std::future::pending().await).await;
            let url = format!("amqp://127.0.0.1:{port}/");
            let parsed: TransportUrl = url.parse().expect("a URL");
            let deadline = Instant::now() + Duration::from_millis(200);
            connecting(&url).connect(&parsed.hosts()[0], deadline).await
        });
        let error = tried.await.expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.message().contains("in time"), "{error}");
    }
}

#[tokio::test]
async fn a_hang_up_is_an_error_wherever_it_comes() {
    for words in [&[][..], &[MECHANISMS], &[MECHANISMS, WELCOME], &[MECHANISMS, WELCOME, HEADER]] {
        let local = tokio::task::LocalSet::new();
        let tried = local.run_until(async move {
            let port = saying(words, async |_| {}).await;
            connect(&format!("amqp://127.0.0.1:{port}/")).await
        });
        let error = tried.await.expect_err("hung up");
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    }
}

#[tokio::test]
async fn a_frame_longer_than_agreed_ends_the_connection() {
    let local = tokio::task::LocalSet::new();
    let ended = local.run_until(async {
        let port = saying(&[MECHANISMS, WELCOME, HEADER, OPEN], async |stream| {
            stream.write_all(b"\0\x01\0\x01\x02\0\0\0").await.expect("said");
            while stream.read(&mut [0; 4096]).await.is_ok_and(|heard| heard > 0) {}
        })
        .await;
        let connected = connect(&format!("amqp://127.0.0.1:{port}/")).await.expect("connected");
        connected.tap.gone().await;
        connected.tap.words().expect("words")
    });
    let words = ended.await;
    assert!(words.message().contains("65537 bytes"), "{words}");
}

#[tokio::test]
async fn a_peer_that_opens_only_to_refuse_is_told_in_its_words() {
    let mut properties = Fields::new();
    let refuses = Symbol::from("amqp:connection-establishment-failed");
    properties.insert(refuses, Value::Bool(true));
    let open = fe2o3_amqp::types::performatives::Open {
        container_id: "p".to_owned(),
        hostname: None,
        max_frame_size: 512.into(),
        channel_max: 1.into(),
        idle_time_out: None,
        outgoing_locales: None,
        incoming_locales: None,
        offered_capabilities: None,
        desired_capabilities: None,
        properties: Some(properties),
    };
    let body = serde_amqp::to_vec(&open).expect("encoded");
    let size = u32::try_from(body.len() + 8).expect("short").to_be_bytes();
    let open: &'static [u8] = [&size[..], &[2, 0, 0, 0], &body].concat().leak();
    let local = tokio::task::LocalSet::new();
    let tried = local.run_until(async move {
        let said: &'static [&'static [u8]] = vec![MECHANISMS, WELCOME, HEADER, open].leak();
        let port = saying(said, async |stream| {
            // The reason comes by itself.
            let reason = close("amqp:unauthorized-access", "not you");
            stream.write_all(&reason).await.expect("said");
            while stream.read(&mut [0; 4096]).await.is_ok_and(|heard| heard > 0) {}
        })
        .await;
        connect(&format!("amqp://127.0.0.1:{port}/")).await
    });
    let error = tried.await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("amqp:unauthorized-access: not you"), "{error}");
}

/// The engine waits for ever for a peer that does not answer its Close, when its handle is gone
/// too: the socket would stay open.
#[tokio::test]
async fn a_kill_ends_the_wait_for_a_peer_that_does_not_answer_our_close() {
    let local = tokio::task::LocalSet::new();
    let (hung_up, told) = tokio::sync::oneshot::channel();
    let killed = local.run_until(async {
        let port = saying(&[MECHANISMS, WELCOME, HEADER, OPEN], async |stream| {
            while stream.read(&mut [0; 4096]).await.is_ok_and(|heard| heard > 0) {}
            let _ = hung_up.send(());
        })
        .await;
        let Connected { mut connection, tap, .. } =
            connect(&format!("amqp://127.0.0.1:{port}/")).await.expect("connected");
        let closing = tokio::time::timeout(Duration::from_millis(100), connection.close());
        closing.await.expect_err("nobody answers");
        drop(connection);
        // The engine learns of it, and waits again.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        tap.kill();
        tap.gone().await;
        told.await.expect("the socket is closed");
    });
    tokio::time::timeout(LONG, killed).await.expect("it hangs");
}
