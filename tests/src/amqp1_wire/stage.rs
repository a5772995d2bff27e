use std::net::SocketAddr;
use std::time::Duration;

use busway_core::Transport;
use busway_testkit::stage::{soon, until};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Builder;

/// Longer than a test may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(2);

/// A test, on a runtime of its own.
#[must_use]
pub fn trial<F>(name: &str, test: fn() -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    Trial::test(name, move || -> Result<(), Failed> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = runtime.block_on(async { tokio::time::timeout(HANG, test()).await });
        ended.map_err(|_| "it hangs".into())
    })
}

/// A transport to the virtual host `v`, with these options.
///
/// # Panics
/// When there is none soon.
pub async fn open(address: SocketAddr, options: &str) -> Transport {
    let url = format!("amqp://{address}/v?{options}");
    soon(Transport::open(&url)).await.expect("a transport")
}

/// Waits for something to be there.
///
/// # Panics
/// When it is not soon.
pub async fn found<T>(look: impl Fn() -> Option<T>) -> T {
    let there = async || Ok::<_, ()>(look().is_some());
    soon(until(there)).await.expect("looked at");
    look().expect("it was there")
}
