//! What keeps a failing server out of the way, and brings it back safely.

mod breaker;
mod recovery;

pub(crate) use breaker::Breaker;
pub(crate) use recovery::{recover, recover_forever};
