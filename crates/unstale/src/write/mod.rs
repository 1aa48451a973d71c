//! The way of a write: remove → batch → publish → confirm.

mod outcome;
mod receipt;
mod remove;
mod sender;
mod store;

pub use outcome::Outcome;

pub(crate) use remove::remove;
pub(crate) use sender::Sender;
pub(crate) use store::set;
