//! The cache itself: its verbs, on plain keys, stand below `cache/`.

use std::sync::Arc;

use crate::core::Position;
use crate::instance::Instance;
use crate::read::Request;

mod opening;
mod reading;
mod removing;
mod storing;
mod watching;

/// A hybrid cache: a small one in this process in front of one that all instances share.
///
/// Cloning it is cheap; all clones are the same instance. When the last one is dropped, its tasks
/// stop; [`close`](Cache::close) sends what is pending first.
#[derive(Clone)]
pub struct Cache(Arc<Instance>);

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Cache {
    pub(crate) fn new(instance: Arc<Instance>) -> Self {
        Self(instance)
    }

    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.0
    }

    #[inline]
    fn request<'a>(&'a self, key: &'a str) -> Request<'a> {
        Request {
            instance: &self.0,
            slice: self.0.partitions.of(key),
            key,
            at_least: Position::ORIGIN,
            policy: None,
            label: None,
        }
    }
}
