//! The tap over streams that do as they are told.

mod guard;
mod order;
mod stream;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use busway_core::ErrorKind;
use fe2o3_amqp::types::performatives::Open;
use futures_util::FutureExt;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use stream::{Counted, Counts};

const SETTINGS: Settings = Settings {
    patience: Duration::from_secs(30),
    max_frame_size: 1000,
    max_message_size: 100_000,
    trace: true,
    names: &TlsNames::DEFAULT,
};
const HEADER: &[u8] = b"AMQP\0\x01\0\0";
const EMPTY: &[u8] = &[0, 0, 0, 8, 2, 0, 0, 0];

fn frame(body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).expect("small").to_be_bytes();
    [&size[..], &[2, 0, 0, 0], body].concat()
}

fn open(idle_time_out: Option<u32>) -> Open {
    Open {
        container_id: "someone".to_owned(),
        hostname: None,
        max_frame_size: 4096.into(),
        channel_max: 9.into(),
        idle_time_out,
        outgoing_locales: None,
        incoming_locales: None,
        offered_capabilities: None,
        desired_capabilities: None,
        properties: None,
    }
}

fn encoded(open: &Open) -> Vec<u8> {
    frame(&serde_amqp::to_vec(open).expect("encoded"))
}

/// A tapped stream, and the peer's end of it.
fn tapped(room: usize) -> (Tap<DuplexStream>, Handle, DuplexStream) {
    let (ours, theirs) = duplex(room);
    let (tap, handle) = Tap::new(ours, SETTINGS, None);
    (tap, handle, theirs)
}

/// Reads as the engine does, for ever.
async fn read_on(tap: &mut Tap<DuplexStream>) -> io::Error {
    let mut bytes = [0; 64];
    loop {
        match tap.read(&mut bytes).await {
            Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

/// Attaches, flows, settled transfers and a detach, and what they come to.
fn story() -> Vec<u8> {
    let attach = |name: &str, handle: u8, receiver: bool| {
        let role = if receiver { 0x41 } else { 0x42 };
        let fields = [&[0xa1, 3][..], name.as_bytes(), &[0x52, handle, role]].concat();
        let size = u8::try_from(fields.len() + 1).expect("short");
        frame(&[&[0, 0x53, 0x12, 0xc0, size, 3][..], &fields].concat())
    };
    let flow = |handle: u8, count: u8, credit: u8| {
        frame(&[
            0, 0x53, 0x13, 0xc0, 14, 7, 0x40, 0x52, 9, 0x52, 9, 0x52, 9, 0x52, handle, 0x52, count,
            0x52, credit,
        ])
    };
    let transfer = |handle: u8, id: u8, settled: u8, size: usize| {
        let fields = [0x52, handle, 0x52, id, 0xa0, 1, 7, 0x43, settled];
        let body = [&[0, 0x53, 0x14, 0xc0, 10, 5][..], &fields, &vec![7; size]].concat();
        frame(&body)
    };
    [
        HEADER.to_vec(),
        encoded(&open(Some(500))),
        attach("one", 1, true),
        attach("two", 2, true),
        attach("six", 6, false),
        EMPTY.to_vec(),
        flow(1, 3, 20),
        flow(2, 0, 5),
        transfer(6, 1, 0x41, 300),
        transfer(6, 2, 0x42, 3),
        transfer(6, 3, 0x41, 0),
        frame(&[0, 0x53, 0x16, 0xc0, 3, 1, 0x52, 2]),
        flow(1, 4, 30),
    ]
    .concat()
}

proptest! {
    #[test]
    fn what_is_learned_does_not_depend_on_how_the_bytes_are_cut(
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut bytes = story();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let (mut tap, handle, _theirs) = tapped(64);
            let two = handle.credit("two");
            for pair in cuts.windows(2) {
                tap.came(&mut bytes[pair[0]..pair[1]]).expect("it is fine");
            }
            assert_eq!(handle.peer().expect("an Open").max_frame_size, 4096);
            assert_eq!(handle.credit("one").limit(), Some(34));
            assert_eq!((two.limit(), handle.credit("two").limit()), (None, None));
            let six = handle.credit("six");
            let settled = [1, 2, 3].map(|id| six.was_settled(id));
            assert_eq!(settled, [true, false, true]);
        });
    }
}

/// Asks for what has come, as the engine does before it waits.
fn look(tap: &mut Tap<Counted>) {
    assert!(tap.read(&mut [0; 8]).now_or_never().is_none());
}

/// Asks once more when the other tasks have had their turn.
async fn look_twice(tap: &mut Tap<Counted>) {
    look(tap);
    tokio::task::yield_now().await;
    look(tap);
}

#[tokio::test]
async fn what_one_turn_of_the_tasks_writes_leaves_at_once() {
    let counts = Arc::new(Counts::default());
    let (mut tap, _handle) = Tap::new(Counted::new(counts.clone()), SETTINGS, None);
    for _ in 0..3 {
        tap.write_all(&[HEADER, EMPTY].concat()).await.expect("written");
        tap.flush().await.expect("flushed");
        // However often the engine looks before it lets the others have their turn.
        look(&mut tap);
    }
    assert_eq!(counts.writes.load(Ordering::Relaxed), 0);
    tokio::task::yield_now().await;
    tap.write_all(EMPTY).await.expect("written");
    look(&mut tap);
    assert_eq!(counts.writes.load(Ordering::Relaxed), 1);
    assert_eq!(counts.written.load(Ordering::Relaxed), 3 * 16 + 8);
    assert_eq!(counts.flushes.load(Ordering::Relaxed), 1);
    // The next has a turn of its own.
    tap.write_all(EMPTY).await.expect("written");
    look(&mut tap);
    assert_eq!(counts.writes.load(Ordering::Relaxed), 1);
    tokio::task::yield_now().await;
    look(&mut tap);
    assert_eq!(counts.writes.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn dispositions_leave_with_what_follows_or_after_a_moment() {
    let counts = Arc::new(Counts::default());
    let (mut tap, _handle) = Tap::new(Counted::new(counts.clone()), SETTINGS, None);
    let writes = || counts.writes.load(Ordering::Relaxed);
    let disposition = frame(&[0, 0x53, 0x15, 0xc0, 5, 2, 0x41, 0x52, 1, 0x41]);
    tap.write_all(&[HEADER, EMPTY].concat()).await.expect("written");
    look_twice(&mut tap).await;
    assert_eq!(writes(), 1);
    for _ in 0..2 {
        tap.write_all(&disposition).await.expect("written");
        for _ in 0..3 {
            look_twice(&mut tap).await;
        }
    }
    assert_eq!(writes(), 1);
    tap.write_all(&frame(b"body")).await.expect("written");
    look_twice(&mut tap).await;
    assert_eq!(writes(), 2);
    // Its first half is no disposition yet.
    tap.write_all(&disposition[..12]).await.expect("written");
    look_twice(&mut tap).await;
    assert_eq!(writes(), 3);
    tap.write_all(&disposition[12..]).await.expect("written");
    look_twice(&mut tap).await;
    assert_eq!(writes(), 4);
    let begun = Instant::now();
    tap.write_all(&disposition).await.expect("written");
    while writes() == 4 {
        let mut bytes = [0; 8];
        let reading = tokio::time::timeout(Duration::from_micros(500), tap.read(&mut bytes));
        reading.await.expect_err("nothing to read");
    }
    assert!(begun.elapsed() >= LULL && begun.elapsed() < 3 * LULL, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_bytes_is_given_up() {
    let (mut tap, handle, _theirs) = tapped(16);
    let begun = Instant::now();
    let stalled = async {
        loop {
            if let Err(error) = tap.write_all(&[7; 1000]).await {
                return error;
            }
        }
    };
    assert_eq!(stalled.await.kind(), io::ErrorKind::TimedOut);
    assert_eq!(begun.elapsed().as_secs(), 30);
    handle.gone().await;
    let words = handle.words().expect("words");
    assert!(words.message().contains("took no bytes for 30 s"), "{words}");
    // A read would have seen it too.
    let (mut tap, handle, _theirs) = tapped(16);
    tap.write_all(&[7; 1000]).await.expect("it is kept");
    assert_eq!(read_on(&mut tap).await.kind(), io::ErrorKind::TimedOut);
    handle.gone().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_few_bytes_is_waited_for() {
    let (mut tap, handle, mut theirs) = tapped(16);
    let slow = async {
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_secs(29)).await;
            theirs.read_exact(&mut [0; 16]).await.expect("read");
        }
    };
    tap.write_all(&[7; 1600]).await.expect("it is kept");
    tokio::select! {
        () = slow => {}
        error = read_on(&mut tap) => panic!("{error}"),
    }
    assert!(handle.words().is_none());
}

#[tokio::test]
async fn a_kill_wakes_whoever_waits() {
    let (mut tap, handle, _theirs) = tapped(16);
    let (error, ()) = tokio::join!(read_on(&mut tap), async { handle.kill() });
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    let (mut tap, handle, _theirs) = tapped(16);
    tap.write_all(&vec![7; 64 * 1024]).await.expect("it is kept");
    let (error, ()) = tokio::join!(tap.write_all(&[7; 64]), async { handle.kill() });
    assert_eq!(error.expect_err("killed").kind(), io::ErrorKind::ConnectionAborted);
    assert!(tap.shutdown().await.is_err());
    handle.gone().await;
    assert_eq!(handle.words().expect("words").kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn a_stream_that_is_let_go_is_gone_and_its_last_word_leaves() {
    let (mut tap, handle, mut theirs) = tapped(16);
    tap.write_all(HEADER).await.expect("written");
    drop(tap);
    handle.gone().await;
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes).await.expect("read");
    assert_eq!(bytes, HEADER);
}

#[tokio::test]
async fn the_peers_end_is_the_end() {
    let (mut tap, handle, theirs) = tapped(16);
    drop(theirs);
    read_on(&mut tap).await;
    handle.gone().await;
    assert!(handle.words().expect("words").message().contains("hung up"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_with_an_idle_time_out_hears_from_us_in_time() {
    let (mut tap, _handle, mut theirs) = tapped(4096);
    theirs.write_all(&[HEADER, &encoded(&open(Some(3000)))].concat()).await.expect("written");
    let hearing = async {
        let begun = Instant::now();
        let mut bytes = [0; 8];
        for _ in 0..20 {
            let before = Instant::now();
            theirs.read_exact(&mut bytes).await.expect("read");
            assert_eq!(bytes, EMPTY);
            assert!(before.elapsed() <= Duration::from_secs(2), "{:?}", before.elapsed());
        }
        begun.elapsed()
    };
    tokio::select! {
        all = hearing => assert!(all >= Duration::from_secs(15), "{all:?}"),
        error = read_on(&mut tap) => panic!("{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_writes_needs_no_other_word() {
    let (mut tap, _handle, mut theirs) = tapped(1 << 20);
    tap.write_all(HEADER).await.expect("written");
    tap.came(&mut [HEADER, &encoded(&open(Some(300)))].concat()).expect("it is fine");
    for _ in 0..50 {
        tap.write_all(&frame(b"body")).await.expect("written");
        let reading = tokio::time::timeout(Duration::from_millis(90), read_on(&mut tap));
        reading.await.expect_err("nothing to read");
    }
    // In the middle of a frame there is no place for one either.
    tap.write_all(&frame(b"body")[..9]).await.expect("written");
    let reading = tokio::time::timeout(Duration::from_secs(2), read_on(&mut tap));
    reading.await.expect_err("nothing to read");
    drop(tap);
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes).await.expect("read");
    assert_eq!(bytes.len(), 8 + 50 * 12 + 9);
}

#[tokio::test]
async fn a_peer_that_sends_what_it_may_not_is_cut_off() {
    let long = [HEADER, b"\0\0\x03\xe9\x02\0\0\0"].concat();
    let short = [HEADER, b"\0\0\0\x07\x02\0\0\0"].concat();
    for (bytes, said) in [(long, "1001 bytes"), (short, "no frame")] {
        let (mut tap, handle, mut theirs) = tapped(4096);
        theirs.write_all(&bytes).await.expect("written");
        assert_eq!(read_on(&mut tap).await.kind(), io::ErrorKind::InvalidData);
        handle.gone().await;
        let words = handle.words().expect("words");
        assert!(words.message().contains(said), "{words}");
    }
}

#[tokio::test]
async fn what_the_peer_said_first_stands() {
    let (mut tap, handle, mut theirs) = tapped(4096);
    let close = frame(&[0, 0x53, 0x18, 0x45]);
    theirs.write_all(&[HEADER, &close].concat()).await.expect("written");
    drop(theirs);
    read_on(&mut tap).await;
    handle.closed().await;
    handle.kill();
    let words = handle.words().expect("words");
    assert!(words.message().contains("the peer closed"), "{words}");
}
