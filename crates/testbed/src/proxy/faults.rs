//! The faults of a proxy, and the directions they act in.

use std::time::Duration;

/// A direction through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From clients to the server: what it is told.
    ToServer,
    /// From the server to clients: what it answers.
    ToClient,
    /// Both of them.
    Both,
}

impl Direction {
    pub(super) fn sides(self) -> &'static [Side] {
        match self {
            Self::ToServer => &[Side::ToServer],
            Self::ToClient => &[Side::ToClient],
            Self::Both => &[Side::ToServer, Side::ToClient],
        }
    }
}

/// One of the two directions a byte can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    ToServer,
    ToClient,
}

/// One value for each side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PerSide<T> {
    to_server: T,
    to_client: T,
}

impl<T> PerSide<T> {
    pub(super) fn of(&self, side: Side) -> &T {
        match side {
            Side::ToServer => &self.to_server,
            Side::ToClient => &self.to_client,
        }
    }

    pub(super) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::ToServer => &mut self.to_server,
            Side::ToClient => &mut self.to_client,
        }
    }
}

impl PerSide<u64> {
    pub(super) fn sum(&self, direction: Direction) -> u64 {
        direction.sides().iter().map(|&side| self.of(side)).sum()
    }
}

/// What happens to the bytes of one side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) swallow: bool,
    pub(super) stall: bool,
    pub(super) delay: Duration,
}

impl Faults {
    /// Both at once.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            swallow: self.swallow || other.swallow,
            stall: self.stall || other.stall,
            delay: self.delay.saturating_add(other.delay),
        }
    }
}

/// How many more bytes may pass before everything is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) direction: Direction,
    pub(super) bytes: u64,
}
