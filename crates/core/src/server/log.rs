//! The log of a server: a Stream, or what stays of it where it is published.

use std::collections::VecDeque;

use crate::message::Message;
use crate::position::Position;

/// Entries in their order, or their ids alone.
#[derive(Clone, Default, Debug)]
pub(super) struct Log {
    entries: VecDeque<(Position, Message)>,
    /// The ids of entries that were published instead of kept.
    trail: VecDeque<(Position, u64)>,
    /// The newest position, also of what was trimmed away.
    top: Position,
}

impl Log {
    pub(super) fn top(&self) -> Position {
        self.top
    }

    pub(super) fn push(&mut self, position: Position, message: Message) {
        self.entries.push_back((position, message));
        self.top = position;
    }

    pub(super) fn after(&self, cursor: Position) -> Vec<(Position, Message)> {
        let first = self
            .entries
            .partition_point(|(position, _)| *position <= cursor);
        self.entries.range(first..).cloned().collect()
    }

    /// Which entry stands there, as far as anything is left of it.
    pub(super) fn id_at(&self, position: Position) -> Option<u64> {
        let kept = self.entries.binary_search_by_key(&position, |(at, _)| *at);
        let kept = kept.ok().and_then(|index| self.entries.get(index));
        let published = self.trail.binary_search_by_key(&position, |(at, _)| *at);
        let published = published.ok().and_then(|index| self.trail.get(index));
        kept.map(|(_, message)| message.id)
            .or_else(|| published.map(|(_, id)| *id))
    }

    /// Keeps the newest.
    pub(super) fn trim(&mut self, length: usize) {
        let surplus = self.entries.len().saturating_sub(length);
        self.entries.drain(..surplus);
        let surplus = self.trail.len().saturating_sub(length);
        self.trail.drain(..surplus);
    }

    /// Takes the entries out; their ids stay.
    pub(super) fn publish(&mut self) -> Vec<(Position, Message)> {
        let published: Vec<_> = self.entries.drain(..).collect();
        let ids = published.iter().map(|(at, message)| (*at, message.id));
        self.trail.extend(ids);
        published
    }
}

#[cfg(feature = "evidence")]
impl Log {
    pub(super) fn has_after(&self, cursor: Position) -> bool {
        self.entries.back().is_some_and(|(last, _)| *last > cursor)
    }

    /// Writes down what nobody has read yet who has read up to `cursor`, and how far back it reaches
    /// for those who ask about what they know.
    pub(super) fn write(&self, to: &mut crate::Canonical, cursor: Position) {
        to.position(self.top);
        let kept = self.entries.iter().map(|(at, _)| *at);
        let kept = kept.chain(self.trail.iter().map(|(at, _)| *at));
        let of_this_epoch = kept.filter(|at| at.epoch == self.top.epoch);
        to.number(of_this_epoch.map(|at| at.seq).min().unwrap_or(0));
        let unread = self.entries.iter().filter(|(at, _)| *at > cursor);
        to.list(unread, |to, (position, message)| {
            to.position(*position);
            to.message(message);
        });
        let unread = self.trail.iter().filter(|(at, _)| *at > cursor);
        to.list(unread, |to, (position, id)| {
            to.position(*position);
            to.entry(*id);
        });
    }
}
