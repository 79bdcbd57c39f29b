//! A future on a thread and a runtime of its own, for servers that tests talk to.
//!
//! It ends with its handle, and it runs whatever the test's own runtime is doing.

use std::future::Future;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// Runs a future until it ends or this is dropped.
#[derive(Debug)]
pub struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts `future`, which ends at the latest when the handle is dropped.
    ///
    /// # Panics
    ///
    /// Panics if the machine has no thread to give.
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
            // A panic of the thread has been printed by itself; a second one while unwinding would abort.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn dropping_the_handle_ends_the_future_and_frees_what_it_held() {
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
