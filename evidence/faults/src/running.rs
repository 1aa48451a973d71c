//! A cache at work, in this process.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;
use unstale::Cache;

use crate::{
    field::InstanceKind,
    instance::Observation,
    options::SubjectKind,
    settings,
    subject::{Aside, Unstale},
    workload::{Mood, Moods, Work, Workload},
};

/// One cache, with its workload.
pub(crate) struct Running {
    /// What can be observed and closed; nothing where something else is under test.
    cache: Option<Cache>,
    workload: Mutex<Workload>,
    moods: Arc<Moods>,
}

impl Running {
    /// Makes the cache of this name, which reaches the server at this address, and puts it to work.
    pub(crate) async fn start(
        name: &str,
        server: &str,
        kind: InstanceKind,
        work: Work<()>,
    ) -> Result<Self> {
        let (cache, workload) = match kind.subject {
            SubjectKind::Unstale => {
                let config =
                    settings::config(server.parse()?, kind.transport, kind.partitions, name);
                let cache = Cache::from_config(config).await?;
                let workload = Workload::start(work.on(Unstale::new(cache.clone())));
                (Some(cache), workload)
            }
            SubjectKind::CacheAside => {
                let aside = Aside::new(server).context("cannot make a client")?;
                (None, Workload::start(work.on(aside)))
            }
        };
        Ok(Self {
            cache,
            moods: workload.moods(),
            workload: Mutex::new(workload),
        })
    }

    /// How it sees itself.
    pub(crate) fn observe(&self) -> Observation {
        match &self.cache {
            Some(cache) => Observation::of(cache),
            None => Observation::blissful(),
        }
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.moods.set(mood);
    }

    /// Ends the workload, sends what is pending, and ends the cache.
    pub(crate) async fn stop(&self) {
        self.workload.lock().await.stop().await;
        if let Some(cache) = &self.cache {
            cache.close().await;
        }
    }
}
