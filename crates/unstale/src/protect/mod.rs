//! What keeps a failing server out of the way, and brings it back safely.

mod breaker;
mod link;
mod pauses;
mod recovery;
mod route;

pub(crate) use link::{Line, Link};
pub(crate) use pauses::Pauses;
pub(crate) use recovery::{Supervised, recover, recover_forever};
pub(crate) use route::{Failure, Route};
