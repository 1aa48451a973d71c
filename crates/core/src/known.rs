//! What an instance knows of the history it follows: which entry stands where.

use std::collections::VecDeque;

use super::guard::Guard;
use super::position::Place;

/// No more places than this are remembered of each kind. Beyond it the oldest are forgotten: what a
/// server loses that goes back are the newest.
const REMEMBERED: usize = 1024;

/// Places of one history.
///
/// An acknowledgement or a fence tells of a place that may be far ahead of what has been read, or
/// behind it, and a later one says nothing of whether the earlier is still there: the server may have
/// gone back in between, and come further than before. So each is remembered until the entries read
/// one after the other come to it, or until the fence was asked about it.
#[derive(Clone, Default, Debug)]
pub(super) struct Known {
    newest: Place,
    /// Those that were read last, in their order: what is told late is compared with them.
    read: VecDeque<Place>,
    /// Told of, and not read yet; in their order.
    unread: VecDeque<Place>,
    /// Told of, and passed over unread: to be asked for at the fence.
    unseen: VecDeque<Place>,
}

impl Known {
    /// The highest of them.
    pub(super) fn newest(&self) -> Place {
        self.newest
    }

    /// Whether anything was passed over unread, and the fence was not asked about it.
    pub(super) fn has_unseen(&self) -> bool {
        !self.unseen.is_empty()
    }

    /// What the next fence is to be asked about, besides the newest: what was passed over, the newest of
    /// that first, which are lost first; else what is still to be read.
    pub(super) fn unseen(&self) -> Place {
        let unseen = self.unseen.back().or(self.unread.front());
        unseen.copied().unwrap_or_default()
    }

    /// Whether another entry is known to stand at this place.
    pub(super) fn contradicts(&self, place: Place) -> bool {
        let sorted = [&self.read, &self.unread];
        let mut known = sorted
            .into_iter()
            .filter_map(|places| at(places, place.seq));
        Guard::KnownIsRecognised.forbids(
            known.any(|known| known.contradicts(place))
                || self.unseen.iter().any(|known| known.contradicts(place)),
        )
    }

    /// Takes note of a place that the server told of; everything up to `cursor` is read.
    pub(super) fn learn(&mut self, place: Place, cursor: u64) {
        if place.seq > self.newest.seq {
            self.newest = place;
        }
        if place.seq > cursor {
            let next = self.unread.partition_point(|known| known.seq < place.seq);
            if self.unread.get(next) != Some(&place) {
                self.unread.insert(next, place);
                forget_oldest(&mut self.unread);
            }
        } else if at(&self.read, place.seq).is_none() {
            self.ask_for(place);
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
            for place in [last].into_iter().chain(passed) {
                if place != to {
                    self.ask_for(place);
                }
            }
        }
    }

    /// The fence was asked about this place, and nothing speaks against it.
    pub(super) fn vouch(&mut self, place: Place) {
        self.unseen.retain(|unseen| *unseen != place);
    }

    fn ask_for(&mut self, place: Place) {
        if place.seq > 0 && !self.unseen.contains(&place) {
            self.unseen.push_back(place);
            forget_oldest(&mut self.unseen);
        }
    }
}

fn at(sorted: &VecDeque<Place>, seq: u64) -> Option<Place> {
    let index = sorted.binary_search_by_key(&seq, |place| place.seq).ok()?;
    sorted.get(index).copied()
}

fn forget_oldest(places: &mut VecDeque<Place>) {
    let surplus = places.len().saturating_sub(REMEMBERED);
    places.drain(..surplus);
}

#[cfg(feature = "evidence")]
impl Known {
    pub(super) fn write(&self, to: &mut crate::Canonical) {
        to.place(self.newest);
        for places in [&self.read, &self.unread, &self.unseen] {
            to.list(places, |to, place| to.place(*place));
        }
    }
}
