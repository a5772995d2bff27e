//! A peer that says anything.

use std::time::Duration;

use busway_core::Secret;
use tokio::io::{AsyncReadExt, join, sink};
use tokio::runtime::{Builder, Runtime};

use super::sasl::{Allowed, Login, log_in};
use super::tap::{Guard, Settings, Tap};
use super::tls;
use crate::options::AmqpOptions;

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// What the peer says from the protocol header on; the first byte says in what pieces it comes.
pub fn amqp1_tap(data: &[u8]) {
    let Some((piece, said)) = data.split_first() else { return };
    let settings = Settings {
        patience: Duration::from_secs(1),
        max_frame_size: 64 * 1024,
        max_message_size: 1024 * 1024,
        trace: true,
        names: tls::names(&AmqpOptions::default()),
    };
    let (mut tap, handle) = Tap::new(join(said, sink()), settings, None);
    let mut piece = vec![0; usize::from(*piece) + 1];
    RUNTIME.with(|runtime| {
        runtime
            .block_on(async { while tap.read(&mut piece).await.is_ok_and(|count| count > 0) {} });
    });
    drop(handle.words().map(|words| words.to_string()));
}

/// What the engine gets to see of a message that comes in frames of so many bytes.
pub(crate) fn passed(message: &[u8], frames: usize) -> Vec<u8> {
    /// The performative of a piece, after which there is more.
    const TRANSFER: &[u8] = &[0, 0x53, 0x14, 0xc0, 7, 6, 0x43, 0x43, 0x40, 0x43, 0x42, 0x41];
    let mut guard = Guard::new(1024 * 1024);
    let mut pass = |bytes: &mut Vec<u8>| guard.pass(bytes).expect("its frames are in order");
    pass(&mut b"AMQP\0\x01\0\0".to_vec());
    let frame = |piece: &[u8]| {
        let size = u32::try_from(8 + TRANSFER.len() + piece.len()).expect("small");
        let mut frame = [&size.to_be_bytes(), &[2, 0, 0, 0][..], TRANSFER, piece].concat();
        pass(&mut frame);
        frame.split_off(8 + TRANSFER.len())
    };
    message.chunks(frames).flat_map(frame).collect()
}

/// What the peer says while we log in.
pub fn amqp1_sasl(data: &[u8]) {
    let login = Login {
        allowed: &Allowed::Any,
        credentials: Some(("user", &Secret::from("password"))),
        certificate: false,
        hostname: "host",
        trace: true,
    };
    let mut peer = join(data, sink());
    RUNTIME.with(|runtime| drop(runtime.block_on(log_in(&mut peer, login))));
}
