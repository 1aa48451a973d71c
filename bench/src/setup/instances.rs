//! Several empty instances, to be given a workload.

use std::time::Duration;

use anyhow::Result;
use workload::Unstale;

use super::{Bed, Log, MultiTier, config};

/// So many instances of Unstale on an empty server.
///
/// # Errors
/// When they do not come into service.
pub fn fresh_ours(bed: &Bed, instances: usize, ttl: Duration) -> Result<Vec<Unstale>> {
    bed.server().flush_all()?;
    let config = config(bed, Log::Stream)?;
    Ok(bed.block_on(Unstale::start(config, instances, ttl))?)
}

/// So many instances of `multi-tier-cache` on an empty server, with as much room in L1.
///
/// # Errors
/// When they do not come into service.
pub fn fresh_theirs(bed: &Bed, instances: usize, ttl: Duration) -> Result<Vec<MultiTier>> {
    bed.server().flush_all()?;
    let url = bed.url();
    let started = (0..instances).map(|_| MultiTier::start(&url, super::ROOM));
    let started = bed.block_on(futures_util::future::join_all(started));
    let started = started.into_iter();
    started.map(|multi| Ok(multi?.with_ttl(ttl))).collect()
}
