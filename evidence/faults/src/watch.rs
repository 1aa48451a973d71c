//! Looks at every instance all the time that a fault is about.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{task::JoinHandle, time::sleep};

use crate::instance::{Instance, Observation};

/// How often.
const LOOK: Duration = Duration::from_millis(4);

/// Looks at instances until it is stopped.
pub(crate) struct Watch {
    stopped: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<Observation>>>,
}

impl Watch {
    pub(crate) fn start(instances: Vec<Arc<dyn Instance>>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let watch = |instance: Arc<dyn Instance>| {
            let stopped = Arc::clone(&stopped);
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !stopped.load(Ordering::Relaxed) {
                    seen.extend(instance.observe().await);
                    sleep(LOOK).await;
                }
                seen
            })
        };
        Self {
            tasks: instances.into_iter().map(watch).collect(),
            stopped,
        }
    }

    /// What was seen, for each instance in its place.
    pub(crate) async fn stop(self) -> Result<Vec<Vec<Observation>>> {
        self.stopped.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.push(task.await?);
        }
        Ok(all)
    }
}
