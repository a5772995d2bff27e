use std::panic::Location;
use std::time::Duration;

/// How long a case waits for what must happen: a bound for failure, never a measure.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for what must happen, [`PATIENCE`] at most.
///
/// # Panics
/// When it has not happened by then; the message names the caller.
#[track_caller]
pub fn soon<F: Future>(running: F) -> impl Future<Output = F::Output> {
    let caller = Location::caller();
    async move {
        let ended = tokio::time::timeout(PATIENCE, running).await;
        ended.unwrap_or_else(|_| panic!("waited for {} s in vain at {caller}", PATIENCE.as_secs()))
    }
}

/// Waits until a count is right that nobody tells about: it can only be looked at again and again.
///
/// # Errors
/// What the check fails with.
pub async fn until<E>(check: impl AsyncFn() -> Result<bool, E>) -> Result<(), E> {
    while !check().await? {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}
