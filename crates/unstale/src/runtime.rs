//! Where the tasks of an instance run.

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::error::Error;
#[cfg(feature = "evidence")]
use crate::evidence::Gate;
use crate::tiers::Hub;

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
}
