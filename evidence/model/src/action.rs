//! What can happen next.

use crate::node::delivery::Slot;
use crate::scope::{Fate, Fault, How, Target};
use crate::site::Peer;

/// One step of a world.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) enum Action {
    /// Time passes.
    Tick,
    /// Something befalls the servers; the number says which key, where that matters.
    Befalls(Fault, u8),
    /// A replica takes over; the fates are those of A's and B's line, then of their feeds.
    FailOver([Fate; 4]),
    /// A request arrives that its sender has given up.
    Late(u8),
    /// An instance takes a step.
    By(u8, Step),
}

/// One step of an instance.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) enum Step {
    Remove(Target),
    Set(u8),
    Read {
        key: u8,
        how: How,
        /// The write whose token it carries.
        token: Option<u8>,
        long: bool,
    },
    /// The sender takes a batch.
    Send,
    /// The server does what it was asked for.
    Execute(Task),
    /// Whoever asked learns what came of it.
    Settle(Task),
    /// A read takes its next turn.
    Proceed(u8),
    /// A read waits no longer for another's fill.
    GiveUp(u8),
    /// A read takes what another's load has brought.
    Share(u8),
    /// A hit compares a copy with the bans.
    Recheck(u8),
    Connect(Peer),
    Open,
    Listen(Peer),
    Probe,
    ReadLog,
    Turn,
    Tidy,
    /// Something befalls what it has under way.
    Suffers(Fault, Task),
    CutLine,
    CutFeed,
    LosePush,
}

/// Something that an instance has under way.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) enum Task {
    Batch(Slot),
    Store,
    Read(u8),
}
