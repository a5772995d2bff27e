//! What is fed with anything by the programs in `fuzz/`: it must not panic, whatever comes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, join, sink};
use tokio::runtime::{Builder, Runtime};

use crate::tap::Tap;

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// What a client says from the protocol header on; the first byte says in what pieces it comes.
pub fn broker_tap(data: &[u8]) {
    let Some((piece, said)) = data.split_first() else { return };
    // Some of it was read before there was a tap.
    let (first, said) = said.split_at(said.len().min(8));
    let (mut tap, _) = Tap::new(join(said, sink()), first.to_vec(), 16, Duration::from_secs(1));
    let mut piece = vec![0; usize::from(*piece) + 1];
    RUNTIME.with(|runtime| {
        runtime
            .block_on(async { while tap.read(&mut piece).await.is_ok_and(|count| count > 0) {} });
    });
}

#[cfg(test)]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_is_too_bad() {
        seeds::and_what_is_near("broker_tap", broker_tap);
    }
}
