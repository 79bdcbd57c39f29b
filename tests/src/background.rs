//! Runs a future on its own thread and runtime, for servers that tests send requests to.
//!
//! Dropping the handle ends the future. A blocked runtime of the test doesn't block the future.

use std::future::Future;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// The handle of a future in the background.
#[derive(Debug)]
pub struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts `future`. Dropping the handle ends it.
    ///
    /// # Panics
    ///
    /// Panics if no thread can be started.
    #[must_use]
    pub fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = future => {}
                    _ = stopped => {}
                }
            });
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread has printed its panic; a second panic while unwinding would abort.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn dropping_the_handle_ends_the_future_and_drops_its_values() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let background = Background::spawn(async move {
            let _inside = inside;
            std::future::pending::<()>().await;
        });
        drop(background);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
