//! A thousand faults under load.

use busway_testkit::stage::{PATIENCE, until};
use tokio::time::timeout;

use crate::chaos::Chaos;
use crate::load::{Book, Load, Serving};
use crate::stand::Stand;
use crate::usage::{Usage, resident};

/// How often the peer is severed or stalled.
const TIMES: usize = 800;
/// How often it is killed, or severed in between.
const DEATHS: usize = 200;
/// How often it is looked whether all still works.
const EACH: usize = 50;
/// What memory may grow by after the first quarter of the faults, in KiB.
const GROWTH: u64 = 16 * 1024;

/// The peer lives, and holds what it accepted: nothing of it is lost.
pub(crate) async fn severed() {
    strike(TIMES, false).await;
}

/// The peer dies, with all that it held.
pub(crate) async fn killed() {
    strike(DEATHS, true).await;
}

async fn strike(times: usize, deadly: bool) {
    let book = &Book::new();
    let before = Usage::now();
    let mut chaos = Chaos::new(deadly);
    let stand = Stand::new().await;
    let (below, above) = (stand.open(0).await, stand.open(1).await);
    let serving = Serving::start(&below, book).await;
    let load = Load::start(&above, book);
    all_works(book).await;
    let (mut idle, mut memory) = (Usage::now(), 0);
    for time in 1..=times {
        chaos.strike(&stand).await;
        if time % EACH == 0 {
            all_works(book).await;
        }
        if time == times / 4 {
            (idle, memory) = (Usage::now(), resident());
        }
    }
    all_works(book).await;
    let grown = resident();
    println!("resident after {} and {times} faults: {memory} and {grown} KiB", times / 4);
    book.tell();
    load.end().await;
    book.check_runs();
    if !deadly {
        book.all_came().await;
    }
    idle.back().await;
    assert!(grown <= memory + GROWTH, "grew from {memory} to {grown} KiB");
    serving.stop().await;
    for transport in [below, above] {
        transport.close().await.expect("closed");
    }
    drop(stand);
    before.back().await;
}

/// Everything that is done goes well once more.
async fn all_works(book: &Book) {
    let things = ["once", "again", "cast", "notify"];
    let now = || things.map(|what| book.ended(what, "ok"));
    let before = now();
    let more = || now().iter().zip(&before).all(|(now, before)| now > before);
    let worked = timeout(PATIENCE, until(async || Ok::<_, ()>(more()))).await;
    assert!(worked.is_ok(), "of {things:?}, {before:?} went well so far, now {:?}", now());
}
