//! The pure protocol: what an instance knows, and what it may therefore do.
//!
//! Nothing here does I/O, reads a clock or draws a random number; every clock reading is passed
//! in. The same types run in production, in the model checker and in the simulation.
//!
//! [`Partition`] is the whole of it: one slice of the key space as one instance sees it. The
//! other modules are its parts, each a small state machine of its own.

mod ban;
mod flight;
mod keys;
mod message;
mod outbox;
mod partition;
mod position;
mod proof;
mod tick;
mod ticket;

pub(crate) use ban::{Scope, Validity};
pub(crate) use flight::Arrival;
pub(crate) use message::{Change, Message};
pub(crate) use outbox::{Batch, Outbox};
pub(crate) use partition::{Copies, Limits, Partition, Reach, Received, Snapshot};
pub(crate) use position::{Fenced, History, Position};
pub(crate) use tick::Tick;
pub(crate) use ticket::Ticket;

#[cfg(test)]
mod tests;
