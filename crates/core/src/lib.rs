//! The pure protocol of Unstale: what an instance knows, and what it may therefore do.
//!
//! Nothing here does I/O, reads a clock or draws a random number, and nothing it depends on does;
//! every clock reading is passed in. The same types run in production, in the model checker and
//! in the simulation.
//!
//! [`Partition`] is the whole of it: one slice of the key space as one instance sees it. The
//! other modules are its parts, each a small state machine of its own. [`Server`] is the other side:
//! what a server does for a partition, one method for each step that is atomic there.
//!
//! This crate is a part of `unstale`, made for it alone: its interface changes with it.

mod ban;
#[cfg(feature = "evidence")]
mod canonical;
mod confirmed;
mod flight;
pub mod glob;
mod guard;
mod keys;
mod known;
mod message;
mod outbox;
mod partition;
mod position;
mod proof;
mod server;
mod tick;
mod ticket;

pub use ban::{Scope, Validity};
#[cfg(feature = "evidence")]
pub use canonical::Canonical;
pub use confirmed::Confirmed;
pub use flight::Arrival;
pub use guard::Guard;
pub use message::{Change, Message};
pub use outbox::{Batch, Outbox};
pub use partition::{Copies, Limits, Partition, Reach, Received, Snapshot, Verdict};
pub use position::{Appended, Fenced, History, Place, Position, Witness};
pub use server::{Looked, Server};
pub use tick::Tick;
pub use ticket::Ticket;

#[cfg(test)]
mod tests;
