//! A server written down for the model.

use super::Server;
use crate::canonical::Canonical;
use crate::position::Position;
use crate::tick::Tick;

impl<R> Server<R> {
    /// Writes down what still matters: `now` by its clock, to those who have read the log up to
    /// `cursor`, if its wall clock never reads less than `lowest_wall_ms` again.
    pub fn write(
        &self,
        to: &mut Canonical,
        now: Tick,
        cursor: Position,
        lowest_wall_ms: u64,
        mut write: impl FnMut(&mut Canonical, &R),
    ) {
        to.number(self.owner);
        to.option(self.meta.as_ref(), |to, meta| {
            to.fenced(meta.fenced());
            to.number(meta.owner);
            to.number(meta.newest_wall_ms.saturating_sub(lowest_wall_ms));
            to.set(&meta.bans, |to, (scope, (seq, expires))| {
                to.scope(scope);
                to.number(*seq);
                to.until(*expires, now);
            });
        });
        self.log.write(to, cursor);
        let alive = |(_, stored): &(_, &super::Stored<R>)| now < stored.expires;
        let mut records: Vec<_> = self.records.iter().filter(alive).collect();
        records.sort_unstable_by_key(|(key, _)| *key);
        to.list(records, |to, (key, stored)| {
            to.text(key);
            write(to, &stored.record);
            to.until(stored.expires, now);
        });
    }
}
