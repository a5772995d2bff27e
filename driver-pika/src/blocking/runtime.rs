use busway_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle};

/// The thread that does the work of a connection. It ends with it.
#[derive(Debug)]
pub(super) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    pub(super) fn start() -> Result<Self> {
        check_that_waiting_is_fine()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("busway-pika-blocking")
            .enable_all()
            .build()
            .map_err(|error| {
                let message = "the thread of the connection could not be started";
                Error::new(ErrorKind::Internal, message).because(error)
            })?;
        Ok(Self(Some(runtime)))
    }

    /// Waits for a future.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        check_that_waiting_is_fine()?;
        match &self.0 {
            Some(runtime) => runtime.block_on(future),
            None => Err(Error::new(ErrorKind::Closed, "the connection has ended")),
        }
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            // It ends with the runtime at the latest.
            drop(runtime.spawn(task));
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // To wait for the thread here would panic where nobody may wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waiting stops the thread; one of an async runtime is needed by others.
pub(super) fn check_that_waiting_is_fine() -> Result<()> {
    if Handle::try_current().is_err() {
        return Ok(());
    }
    Err(Error::unsupported(
        "busway_driver_pika::blocking was called within an async runtime, whose thread would stand \
         still: use a thread of its own",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn within_an_async_runtime_it_is_refused() {
        assert_eq!(Runtime::start().expect_err("refused").kind(), ErrorKind::Unsupported);
        let runtime = std::thread::spawn(Runtime::start).join().expect("no panic");
        let runtime = runtime.expect("a thread of its own may wait");
        let waited = runtime.block_on(async { Ok(()) });
        assert_eq!(waited.expect_err("refused").kind(), ErrorKind::Unsupported);
        drop(runtime);
    }
}
