//! Faults of a cluster.

mod node;
mod slot;

use super::{Kind, kind};

use node::Node;
use slot::Slot;

/// Everything that can go wrong there. Not among it: a primary that was stopped for so long that it was
/// replaced, and goes on before it has heard of that. It is an isolated old primary that accepts writes.
pub(crate) const KINDS: &[Kind] = &[
    kind("primary killed, replica promoted", |draw| {
        Box::new(Node::killed(draw))
    }),
    kind("primary killed, removals lost", |draw| {
        Box::new(Node::losing(draw))
    }),
    kind("primary hands over to its replica", |draw| {
        Box::new(Node::handing_over(draw))
    }),
    kind("primary restarts empty", |draw| {
        Box::new(Node::restarting(draw))
    }),
    kind("another primary restarts empty", |draw| {
        Box::new(Node::another_restarting(draw))
    }),
    kind("primary stopped for a moment", |draw| {
        Box::new(Node::stopped(draw))
    }),
    kind("slot moved at once", |draw| Box::new(Slot::at_once(draw))),
    kind("slot moved in steps", |draw| Box::new(Slot::in_steps(draw))),
    kind("slot moved, meta first", |draw| {
        Box::new(Slot::meta_first(draw))
    }),
    kind("slot moved, log first", |draw| {
        Box::new(Slot::log_first(draw))
    }),
    kind("slot moved, records first", |draw| {
        Box::new(Slot::records_first(draw))
    }),
];
