use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslChallenge, SaslMechanisms};
use tokio::io::{DuplexStream, duplex};

use super::*;

/// A peer that offers mechanisms, and is asked for one.
async fn offer(peer: &mut DuplexStream, mechanisms: &[&str]) -> Option<SaslInit> {
    let mut header = [0; 8];
    peer.read_exact(&mut header).await.expect("a header");
    assert_eq!(&header, b"AMQP\x03\x01\0\0");
    peer.write_all(&header).await.expect("written");
    let mechanisms = Array::from(mechanisms.iter().map(|it| Symbol::from(*it)).collect::<Vec<_>>());
    let offer = SaslMechanisms { sasl_server_mechanisms: mechanisms };
    frames::write(peer, &Frame::Mechanisms(offer)).await.expect("written");
    match frames::read(peer).await {
        Ok(Frame::Init(init)) => Some(init),
        _ => None,
    }
}

async fn challenge(peer: &mut DuplexStream, text: &str) -> Vec<u8> {
    let challenge = SaslChallenge { challenge: Binary::from(text.as_bytes().to_vec()) };
    frames::write(peer, &Frame::Challenge(challenge)).await.expect("written");
    match frames::read(peer).await {
        Ok(Frame::Response(response)) => response.response.into_vec(),
        other => panic!("no response: {other:?}"),
    }
}

async fn outcome(peer: &mut DuplexStream, code: SaslCode, data: Option<&str>) {
    let additional_data = data.map(|text| Binary::from(text.as_bytes().to_vec()));
    let outcome = SaslOutcome { code, additional_data };
    frames::write(peer, &Frame::Outcome(outcome)).await.expect("written");
}

/// Logs in while the peer does its part.
async fn with_peer<T>(
    option: &str,
    user: Option<&str>,
    certificate: bool,
    peer: impl AsyncFnOnce(&mut DuplexStream) -> T,
) -> (Result<(), Failure>, T) {
    let (mut ours, mut theirs) = duplex(4096);
    let allowed = Allowed::read(option).0;
    let password = Secret::new("hunter2");
    let login = Login {
        allowed: &allowed,
        credentials: user.map(|user| (user, &password)),
        certificate,
        hostname: "vhost",
        trace: true,
    };
    let peer = async {
        let done = peer(&mut theirs).await;
        drop(theirs);
        done
    };
    let ours = async {
        let done = log_in(&mut ours, login).await;
        drop(ours);
        done
    };
    tokio::join!(ours, peer)
}

fn response(init: &SaslInit) -> &[u8] {
    init.initial_response.as_ref().expect("a response")
}

#[tokio::test]
async fn plain_names_user_and_password() {
    let (logged_in, init) = with_peer("", Some("bob"), false, async |peer| {
        let init = offer(peer, &["ANONYMOUS", "PLAIN", "EXTERNAL"]).await.expect("a login");
        outcome(peer, SaslCode::Ok, None).await;
        init
    })
    .await;
    logged_in.expect("logged in");
    assert_eq!(init.mechanism.as_str(), "PLAIN");
    assert_eq!(response(&init), b"\0bob\0hunter2");
    assert_eq!(init.hostname.as_deref(), Some("vhost"));
}

#[tokio::test]
async fn the_best_of_what_is_offered_and_allowed_is_used() {
    let offered = ["PLAIN", "SCRAM-SHA-1", "ANONYMOUS", "SCRAM-SHA-256", "EXTERNAL"];
    for (option, user, certificate, used) in [
        ("", Some("bob"), true, "SCRAM-SHA-256"),
        ("PLAIN SCRAM-SHA-1", Some("bob"), true, "SCRAM-SHA-1"),
        ("PLAIN EXTERNAL", Some("bob"), true, "EXTERNAL"),
        ("", None, true, "EXTERNAL"),
        ("ANONYMOUS", None, true, "ANONYMOUS"),
        ("", None, false, "ANONYMOUS"),
    ] {
        let (_, init) =
            with_peer(option, user, certificate, async |peer| offer(peer, &offered).await).await;
        assert_eq!(init.expect("a login").mechanism.as_str(), used, "{option} {user:?}");
    }
}

#[tokio::test]
async fn nothing_in_common_tells_what_is_offered() {
    let (logged_in, init) =
        with_peer("", None, false, async |peer| offer(peer, &["PLAIN", "GSSAPI"]).await).await;
    assert!(init.is_none());
    match logged_in {
        Err(Failure::NothingInCommon { offered, usable }) => {
            assert_eq!(offered, ["PLAIN", "GSSAPI"]);
            assert_eq!(usable, [Mechanism::Anonymous]);
        }
        other => panic!("{other:?}"),
    }
}

/// What SCRAM's server has of a password, made by the client's own functions.
fn serve(init: &SaslInit) -> (String, Scram) {
    let first = String::from_utf8(response(init).to_vec()).expect("text");
    let nonce = first.rsplit_once("r=").expect("a nonce").1.to_owned();
    let challenge = format!("r={nonce}XYZ,s=QSXCR+Q6sek8bf92,i=4096");
    (challenge, Scram::new(scram::Hash::Sha256, "bob", &Secret::new("hunter2"), nonce))
}

#[tokio::test]
async fn scram_proves_both_sides_wherever_the_peer_proves_itself() {
    for in_outcome in [true, false] {
        let (logged_in, ()) = with_peer("", Some("bob"), false, async |peer| {
            let init = offer(peer, &["SCRAM-SHA-256"]).await.expect("a login");
            let (first, server) = serve(&init);
            let expected = server.answer(first.as_bytes()).expect("an answer");
            let answer = challenge(peer, &first).await;
            assert_eq!(answer, expected.message.as_bytes());
            let last = expected.proof();
            if in_outcome {
                outcome(peer, SaslCode::Ok, Some(&last)).await;
            } else {
                assert_eq!(challenge(peer, &last).await, b"");
                outcome(peer, SaslCode::Ok, None).await;
            }
        })
        .await;
        logged_in.expect("logged in");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_know_the_password_is_an_impostor() {
    for last in [None, Some("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")] {
        let (logged_in, ()) = with_peer("", Some("bob"), false, async |peer| {
            let init = offer(peer, &["SCRAM-SHA-256"]).await.expect("a login");
            challenge(peer, &serve(&init).0).await;
            outcome(peer, SaslCode::Ok, last).await;
        })
        .await;
        assert!(matches!(logged_in, Err(Failure::Impostor)), "{logged_in:?}");
    }
    // Neither is one that takes the login at once.
    let (logged_in, ()) = with_peer("", Some("bob"), false, async |peer| {
        offer(peer, &["SCRAM-SHA-256"]).await.expect("a login");
        outcome(peer, SaslCode::Ok, None).await;
    })
    .await;
    assert!(matches!(logged_in, Err(Failure::Impostor)), "{logged_in:?}");
}

#[tokio::test]
async fn what_the_peer_makes_of_a_login_is_told() {
    for (code, expected) in [
        (SaslCode::Auth, "Wrong(Plain)"),
        (SaslCode::Sys, "OutOfOrder { lasting: true }"),
        (SaslCode::SysPerm, "OutOfOrder { lasting: true }"),
        (SaslCode::SysTemp, "OutOfOrder { lasting: false }"),
    ] {
        let (logged_in, ()) = with_peer("", Some("bob"), false, async |peer| {
            offer(peer, &["PLAIN"]).await.expect("a login");
            outcome(peer, code, None).await;
        })
        .await;
        assert_eq!(format!("{:?}", logged_in.expect_err("refused")), expected);
    }
}

#[tokio::test]
async fn a_peer_that_asks_without_end_is_given_up() {
    let (logged_in, ()) = with_peer("", None, false, async |peer| {
        offer(peer, &["ANONYMOUS"]).await.expect("a login");
        for _ in 0..4 {
            assert_eq!(challenge(peer, "more").await, b"");
        }
    })
    .await;
    assert!(matches!(logged_in, Err(Failure::BadChallenge)), "{logged_in:?}");
}

#[tokio::test]
async fn what_is_no_sasl_is_told_apart() {
    async fn answered(bytes: &[u8]) -> Failure {
        let (logged_in, ()) = with_peer("", None, false, async |peer| {
            peer.read_exact(&mut [0; 8]).await.expect("a header");
            peer.write_all(bytes).await.expect("written");
        })
        .await;
        logged_in.expect_err("no login")
    }
    assert!(matches!(answered(b"AMQP\0\0\x09\x01").await, Failure::Header(_)));
    assert!(matches!(answered(b"HTTP/1.1 400").await, Failure::Header(_)));
    assert!(matches!(answered(b"AMQ").await, Failure::Io(_)));
    for frame in [
        // Of AMQP's type; too long; shorter than its head; with a head longer than itself; an
        // outcome before the mechanisms; no performative at all.
        &b"\0\0\0\x08\x02\0\0\0"[..],
        b"\xff\0\0\0\x02\x01\0\0",
        b"\0\0\0\x07\x02\x01\0\0",
        b"\0\0\0\x08\x03\x01\0\0",
        b"\0\0\0\x10\x02\x01\0\0\0\x53\x44\xc0\x03\x01\x50\0",
        b"\0\0\0\x0a\x02\x01\0\0\xff\xff",
    ] {
        let failure = answered(&[&b"AMQP\x03\x01\0\0"[..], frame].concat()).await;
        assert!(matches!(failure, Failure::NoSasl), "{frame:?}: {failure:?}");
    }
}

#[tokio::test]
async fn nothing_is_read_beyond_the_outcome() {
    let (mut ours, mut theirs) = duplex(4096);
    let login = Login {
        allowed: &Allowed::Any,
        credentials: None,
        certificate: false,
        hostname: "h",
        trace: false,
    };
    let peer = async {
        offer(&mut theirs, &["ANONYMOUS"]).await.expect("a login");
        outcome(&mut theirs, SaslCode::Ok, None).await;
        theirs.write_all(b"AMQP\0\x01\0\0").await.expect("written");
    };
    let (logged_in, ()) = tokio::join!(log_in(&mut ours, login), peer);
    logged_in.expect("logged in");
    let mut next = [0; 8];
    ours.read_exact(&mut next).await.expect("what comes next");
    assert_eq!(&next, b"AMQP\0\x01\0\0");
}
