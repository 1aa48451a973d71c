//! The way of a write: remove → batch → publish → confirm.

mod begun;
mod in_flight;
mod outcome;
mod receipt;
mod remove;
mod sender;
mod store;
mod unanswered;

pub use outcome::Outcome;

pub(crate) use remove::remove;
pub(crate) use sender::Sender;
pub(crate) use store::set;

use crate::clock;
use crate::core::{Change, Message};
use crate::random;
use crate::tiers::Unavailable;

/// Changes sent in one script: enough to make the round trip cheap, few enough not to hold up the
/// server.
const BATCH: usize = 1024;

/// An entry of the log, to be appended once: whoever tries again draws another id.
fn message(origin: u64, changes: Vec<Change>) -> Result<Message, Unavailable> {
    Ok(Message {
        id: random::number().map_err(|_| Unavailable::Down)?,
        origin,
        sent_at: clock::wall_micros(),
        changes,
        ..Message::default()
    })
}
