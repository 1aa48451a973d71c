//! What keeps a failing server out of the way, and brings it back safely.

mod breaker;
mod pauses;
mod recovery;

pub(crate) use breaker::Breaker;
pub(crate) use pauses::Pauses;
pub(crate) use recovery::{recover, recover_forever};
