//! An instance as a few tasks of this process.

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use testbed::Proxy;
use tokio::sync::Mutex;
use unstale::Cache;

use crate::{
    instance::{Instance, Observation},
    options::{SubjectKind, Transport},
    settings,
    subject::{Aside, Unstale},
    workload::{Moods, Work, Workload},
};

/// One instance, with its workload.
pub(crate) struct Task {
    name: String,
    proxy: Proxy,
    /// What can be observed and closed; nothing where something else is under test.
    cache: Option<Cache>,
    workload: Mutex<Workload>,
    moods: std::sync::Arc<Moods>,
}

impl Task {
    /// Makes a cache and puts it to work.
    pub(crate) async fn start(
        name: String,
        proxy: Proxy,
        kind: SubjectKind,
        transport: Transport,
        work: Work<()>,
    ) -> Result<Self> {
        let (cache, workload) = match kind {
            SubjectKind::Unstale => {
                let server = proxy.url().parse()?;
                let config = settings::config(server, transport, &name);
                let cache = Cache::from_config(config).await?;
                let workload = Workload::start(work.on(Unstale::new(cache.clone())));
                (Some(cache), workload)
            }
            SubjectKind::CacheAside => {
                let aside = Aside::new(&proxy.url()).context("cannot make a client")?;
                (None, Workload::start(work.on(aside)))
            }
        };
        Ok(Self {
            name,
            proxy,
            cache,
            moods: workload.moods(),
            workload: Mutex::new(workload),
        })
    }
}

#[async_trait]
impl Instance for Task {
    fn name(&self) -> &str {
        &self.name
    }

    fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    async fn observe(&self) -> Option<Observation> {
        match &self.cache {
            Some(cache) => Some(Observation::of(cache)),
            None => Some(Observation::blissful()),
        }
    }

    fn moods(&self) -> Option<&Moods> {
        Some(&self.moods)
    }

    async fn stop(&self) {
        self.workload.lock().await.stop().await;
        if let Some(cache) = &self.cache {
            cache.close().await;
        }
    }
}
