//! What an instance knows of the history it follows: which entry stands where.

use std::collections::VecDeque;

use super::guard::Guard;
use super::position::Place;

/// No more places than this are remembered of each kind.
const REMEMBERED: usize = 1024;

/// Places of one history.
///
/// An acknowledgement or a fence tells of a place that may be far ahead of what has been read, or
/// behind it, and a later one says nothing of whether the earlier is still there: the server may have
/// gone back in between, and come further than before. So each is remembered until the entries read
/// one after the other come to it, or until the server was asked about it: then the place that the
/// answer tells of stands for it, since no history has that one without the other.
#[derive(Clone, Default, Debug)]
pub(super) struct Known {
    newest: Place,
    /// Those that were read last, in their order: what is told late is compared with them.
    read: VecDeque<Place>,
    /// Told of, and not read yet; in their order.
    unread: VecDeque<Place>,
    /// Told of, and passed over unread: to be asked for.
    unseen: VecDeque<Place>,
    /// Read, but not seen to come before what was read next: to be asked for as well.
    left: VecDeque<Place>,
    /// More was told of than is remembered.
    overflowed: bool,
}

impl Known {
    /// The highest of them.
    pub(super) fn newest(&self) -> Place {
        self.newest
    }

    /// Whether there is anything that the server has yet to be asked about.
    pub(super) fn has_unseen(&self) -> bool {
        !self.unseen.is_empty() || !self.left.is_empty()
    }

    /// Up to here nothing is missed that the log has no longer: those who wrote it answer for it.
    pub(super) fn read(&self, cursor: u64) -> u64 {
        let unseen = self.unseen.iter().map(|place| place.seq - 1);
        unseen.min().map_or(cursor, |unseen| unseen.min(cursor))
    }

    /// Whether a place was forgotten that nothing stands for.
    pub(super) fn has_overflowed(&self) -> bool {
        Guard::KnownIsNotForgotten.forbids(self.overflowed)
    }

    /// What the server is to be asked about next, besides the newest: what was passed over, the newest
    /// of that first, which are lost first; else what is still to be read.
    pub(super) fn unseen(&self) -> Place {
        let passed = self.unseen.back().or(self.left.back());
        passed.or(self.unread.front()).copied().unwrap_or_default()
    }

    /// Whether another entry is known to stand at this place.
    pub(super) fn contradicts(&self, place: Place) -> bool {
        let sorted = [&self.read, &self.unread];
        let mut known = sorted
            .into_iter()
            .filter_map(|places| at(places, place.seq));
        Guard::KnownIsRecognised.forbids(
            known.any(|known| known.contradicts(place))
                || self.unseen.iter().any(|known| known.contradicts(place))
                || self.left.iter().any(|known| known.contradicts(place)),
        )
    }

    /// Takes note of a place that the server told of, when it was asked about others that it has
    /// `kept`; everything up to `cursor` is read.
    pub(super) fn learn(&mut self, place: Place, kept: [Place; 2], cursor: u64) {
        if place.seq > self.newest.seq {
            self.newest = place;
        }
        if place.seq > cursor {
            let next = self.unread.partition_point(|known| known.seq < place.seq);
            if self.unread.get(next) != Some(&place) {
                self.unread.insert(next, place);
                self.overflowed |= forget_oldest(&mut self.unread);
            }
        } else if at(&self.read, place.seq).is_none() {
            self.overflowed |= ask_for(&mut self.unseen, place);
        }
        let stands_for = |known: &Place| kept.contains(known) && *known != place;
        for places in [&mut self.unread, &mut self.unseen, &mut self.left] {
            places.retain(|known| !stands_for(known));
        }
    }

    /// Everything up to this place has been read, one entry after the other.
    pub(super) fn advance(&mut self, place: Place) {
        while self
            .unread
            .pop_front_if(|known| known.seq <= place.seq)
            .is_some()
        {}
        self.read.push_back(place);
        forget_oldest(&mut self.read);
        if place.seq > self.newest.seq {
            self.newest = place;
        }
    }

    /// Reading goes on from `to`, which came `last` before. What is known from there on is still to be
    /// seen.
    pub(super) fn skip(&mut self, last: Place, to: Place) {
        let passed = self.unread.partition_point(|known| known.seq <= to.seq);
        let passed: Vec<_> = self.unread.drain(..passed).collect();
        if last != to {
            self.advance(to);
            self.overflowed |= ask_for(&mut self.left, last);
            for place in passed.into_iter().filter(|place| *place != to) {
                self.overflowed |= ask_for(&mut self.unseen, place);
            }
        }
    }
}

/// Whether there is too much to ask for.
fn ask_for(places: &mut VecDeque<Place>, place: Place) -> bool {
    if place.seq == 0 || places.contains(&place) {
        return false;
    }
    places.push_back(place);
    forget_oldest(places)
}

fn at(sorted: &VecDeque<Place>, seq: u64) -> Option<Place> {
    let index = sorted.binary_search_by_key(&seq, |place| place.seq).ok()?;
    sorted.get(index).copied()
}

/// Whether there were too many.
fn forget_oldest(places: &mut VecDeque<Place>) -> bool {
    let surplus = places.len().saturating_sub(REMEMBERED);
    places.drain(..surplus);
    surplus > 0
}

#[cfg(feature = "evidence")]
impl Known {
    pub(super) fn write(&self, to: &mut crate::Canonical) {
        to.place(self.newest);
        for places in [&self.read, &self.unread, &self.unseen, &self.left] {
            to.list(places, |to, place| to.place(*place));
        }
        to.flag(self.overflowed);
    }
}
