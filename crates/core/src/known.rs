//! What an instance knows of the history it follows: which entry stands where.

use std::collections::VecDeque;

use super::guard::Guard;
use super::position::{Fenced, Place};

/// So many places are remembered of those that were read.
const READ: usize = 1024;

/// More places than this are not remembered of each other kind.
const TOLD: usize = 4096;

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
    /// The one that was read last, unless something else stands for it.
    tip: Place,
    /// Told of, and not read yet; in their order.
    unread: VecDeque<Place>,
    /// Told of, and passed over unread: to be asked for.
    unseen: VecDeque<Place>,
    /// Read, but not seen to come before what was read next: to be asked for as well.
    left: VecDeque<Place>,
    /// Those of the unread and unseen ones that are our own entries, or stand for one: nobody else may
    /// know of them.
    own: VecDeque<Place>,
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

    /// Whatever is known up to here may have been trimmed: others know of it as well.
    pub(super) fn excused(&self) -> u64 {
        let own = self.own.iter().map(|place| place.seq - 1);
        own.min().unwrap_or(u64::MAX)
    }

    /// Whether a place was forgotten that nothing stands for.
    pub(super) fn has_overflowed(&self) -> bool {
        Guard::KnownIsNotForgotten.forbids(self.overflowed)
    }

    /// What the server is to be asked about next, besides the newest: what was passed over, the newest
    /// of that first, which are lost first; then what was read last; else what is still to be read.
    pub(super) fn unseen(&self) -> Place {
        let tip = Some(&self.tip).filter(|tip| tip.seq > 0 && **tip != self.newest);
        let read = self.unseen.back().or(self.left.back()).or(tip);
        read.or(self.unread.front()).copied().unwrap_or_default()
    }

    /// Whether that and the newest are all that there is to ask about.
    pub(super) fn tells_all(&self) -> bool {
        let told = [self.newest, self.unseen(), Place::default()];
        let remembered = [&self.unread, &self.unseen, &self.left];
        let remembered = remembered.into_iter().flatten().chain([&self.tip]);
        remembered.into_iter().all(|place| told.contains(place))
    }

    /// Whether another entry is known to stand at this place.
    pub(super) fn contradicts(&self, place: Place) -> bool {
        let sorted = [&self.read, &self.unread];
        let mut known = sorted
            .into_iter()
            .filter_map(|places| at(places, place.seq));
        let mut asked_for = self.unseen.iter().chain(&self.left);
        Guard::KnownIsRecognised.forbids(
            known.any(|known| known.contradicts(place))
                || asked_for.any(|known| known.contradicts(place)),
        )
    }

    /// Takes note of the place that the server told of, our own entry's or the tail, which stands for
    /// those that it has kept; everything up to `cursor` is read.
    pub(super) fn learn(&mut self, fenced: Fenced, cursor: u64) {
        let place = fenced.place();
        if place.seq > self.newest.seq {
            self.newest = place;
        }
        if place.seq > cursor {
            let next = self.unread.partition_point(|known| known.seq < place.seq);
            if self.unread.get(next) != Some(&place) {
                self.unread.insert(next, place);
                self.overflowed |= forget_oldest(&mut self.unread, TOLD);
            }
        } else if at(&self.read, place.seq).is_none() {
            self.overflowed |= ask_for(&mut self.unseen, place);
        }
        let is_unread = place.seq > cursor || self.unseen.contains(&place);
        let stood_for = fenced.kept.map(|known| {
            if known == place {
                Place::default()
            } else {
                known
            }
        });
        let own = fenced.own || stood_for.iter().any(|known| self.own.contains(known));
        if own && is_unread && !self.own.contains(&place) {
            self.own.push_back(place);
        }
        if stood_for.contains(&self.tip) {
            self.tip = Place::default();
        }
        for places in [
            &mut self.unread,
            &mut self.unseen,
            &mut self.left,
            &mut self.own,
        ] {
            places.retain(|known| !stood_for.contains(known));
        }
    }

    /// Everything up to this place has been read, one entry after the other.
    pub(super) fn advance(&mut self, place: Place) {
        while self
            .unread
            .pop_front_if(|known| known.seq <= place.seq)
            .is_some()
        {}
        let unseen = &self.unseen;
        self.own
            .retain(|own| own.seq > place.seq || unseen.contains(own));
        self.read.push_back(place);
        forget_oldest(&mut self.read, READ);
        self.tip = place;
        if place.seq > self.newest.seq {
            self.newest = place;
        }
    }

    /// Reading goes on from `to`, which came `last` before. What is known from there on is still to be
    /// seen.
    pub(super) fn skip(&mut self, last: Place, to: Place) {
        if last == to {
            return;
        }
        let passed = self.unread.partition_point(|known| known.seq <= to.seq);
        for place in self.unread.drain(..passed).filter(|place| *place != to) {
            self.overflowed |= ask_for(&mut self.unseen, place);
        }
        self.overflowed |= ask_for(&mut self.left, self.tip);
        self.advance(to);
    }
}

/// Whether there is too much to ask for.
fn ask_for(places: &mut VecDeque<Place>, place: Place) -> bool {
    if place.seq == 0 || places.contains(&place) {
        return false;
    }
    places.push_back(place);
    forget_oldest(places, TOLD)
}

fn at(sorted: &VecDeque<Place>, seq: u64) -> Option<Place> {
    // Almost everything that is looked for comes behind them all.
    if sorted.back()?.seq < seq {
        return None;
    }
    let index = sorted.binary_search_by_key(&seq, |place| place.seq).ok()?;
    sorted.get(index).copied()
}

/// Whether there were too many.
fn forget_oldest(places: &mut VecDeque<Place>, limit: usize) -> bool {
    let surplus = places.len().saturating_sub(limit);
    places.drain(..surplus);
    surplus > 0
}

#[cfg(feature = "evidence")]
impl Known {
    pub(super) fn write(&self, to: &mut crate::Canonical) {
        to.place(self.newest);
        let unread = [&self.unread, &self.unseen, &self.left, &self.own];
        for places in [&self.read].into_iter().chain(unread) {
            to.list(places, |to, place| to.place(*place));
        }
        to.place(self.tip);
        to.flag(self.overflowed);
    }
}
