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

/// How often an instance is asked that does not answer at first; each time for some time.
const FIRST_LOOKS: u32 = 40;

/// Looks at instances until it is stopped.
pub(crate) struct Watch {
    stopped: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<Observation>>>,
}

impl Watch {
    /// When this returns, every instance has been looked at once, unless one does not answer for
    /// long.
    pub(crate) async fn start(instances: Vec<Arc<dyn Instance>>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for instance in instances {
            let mut seen = Vec::new();
            for _ in 0..FIRST_LOOKS {
                seen.extend(instance.observe().await);
                if !seen.is_empty() {
                    break;
                }
            }
            let stopped = Arc::clone(&stopped);
            tasks.push(tokio::spawn(async move {
                while !stopped.load(Ordering::Relaxed) {
                    sleep(LOOK).await;
                    seen.extend(instance.observe().await);
                }
                seen
            }));
        }
        Self { stopped, tasks }
    }

    /// What was seen, for each instance in its place.
    pub(crate) async fn stop(mut self) -> Result<Vec<Vec<Observation>>> {
        self.stopped.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in &mut self.tasks {
            all.push(task.await?);
        }
        Ok(all)
    }
}

impl Drop for Watch {
    /// A strike that was broken off leaves nobody behind who holds on to the instances.
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
