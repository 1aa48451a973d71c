//! Where the tasks of an instance run.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

use crate::error::Error;
#[cfg(feature = "evidence")]
use crate::evidence::Gate;
use crate::tiers::Hub;

/// Until a task that panicked is begun anew.
const PAUSE: Duration = Duration::from_millis(200);

/// The runtime that a cache was made in.
#[derive(Clone)]
pub(crate) struct Runtime {
    handle: Handle,
    /// What holds up the tasks of this instance.
    #[cfg(feature = "evidence")]
    gate: Option<Gate>,
}

impl Runtime {
    /// The one that this is called in.
    #[cfg_attr(not(feature = "evidence"), expect(unused_variables))]
    pub(crate) fn current(hub: Option<&Hub>) -> Result<Self, Error> {
        Ok(Self {
            handle: Handle::try_current().map_err(|_| Error::NoRuntime)?,
            #[cfg(feature = "evidence")]
            gate: hub.and_then(Hub::gate),
        })
    }

    pub(crate) fn spawn<T>(&self, task: T) -> JoinHandle<T::Output>
    where
        T: Future + Send + 'static,
        T::Output: Send + 'static,
    {
        #[cfg(feature = "evidence")]
        if let Some(gate) = &self.gate {
            let running = self.handle.spawn(gate.through(task));
            gate.guard(running.abort_handle());
            return running;
        }
        self.handle.spawn(task)
    }

    /// Keeps a task going: one that panics, as a subscriber of `tracing` may in the middle of it, is begun
    /// anew.
    pub(crate) fn keep<T>(&self, begin: impl Fn() -> T + Send + 'static) -> AbortHandle
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let kept = self.spawn(async move {
            while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        });
        kept.abort_handle()
    }
}

/// The tasks of an instance that run for as long as it does.
pub(crate) struct Tasks {
    pub(crate) runtime: Runtime,
    running: Mutex<Vec<AbortHandle>>,
}

impl Tasks {
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self {
            runtime,
            running: Mutex::default(),
        }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.running
            .lock()
            .push(self.runtime.spawn(task).abort_handle());
    }

    /// Keeps a task going; see [`Runtime::keep`].
    pub(crate) fn keep<T>(&self, begin: impl Fn() -> T + Send + 'static)
    where
        T: Future<Output = ()> + Send + 'static,
    {
        self.running.lock().push(self.runtime.keep(begin));
    }

    pub(crate) fn stop(&self) {
        self.running.lock().drain(..).for_each(|task| task.abort());
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.stop();
    }
}
