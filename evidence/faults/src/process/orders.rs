//! What parent and child say to each other.

use serde::{Deserialize, Serialize};
use unstale::Token;

use crate::{
    field::InstanceKind, footprint::Usage, instance::Observation, keyspace::Key, report::Report,
    workload::Mood,
};

/// The first word on a connection: what it is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Hello {
    Orders,
    Database,
}

/// What the parent says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// The first: be this instance.
    Begin(Assignment),
    Answer(u64, Question),
    SetMood(Mood),
    /// End the workload, send what is pending, and end.
    Stop,
}

/// Which instance a child is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) instance: u32,
    /// Where it reaches the server.
    pub(super) server: String,
    pub(super) kind: InstanceKind,
    pub(super) seed: u64,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Question {
    Health,
    WallClock,
    Usage,
}

/// What the child says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Notice {
    Report(Report),
    Reply(u64, Reply),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Reply {
    Health(Observation),
    /// In milliseconds since 1970.
    WallClock(i64),
    Usage(Usage),
}

/// What the child asks the database for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Query {
    Read(u64, Key),
    Write(u64, Key),
    /// A user was told this, and goes on to another instance.
    Carry(Key, u64, Token),
}

/// What the database says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    Version(u64, u64),
    /// A user who was told this elsewhere has come here.
    Carried(Key, u64, Token),
}
