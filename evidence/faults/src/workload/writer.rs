//! A task that writes the database, and removes what it wrote from the cache.

use std::time::Duration;

use history::{Event, Write};
use tokio::time::timeout;

use super::{Actor, PATIENCE};
use crate::{
    clock,
    keyspace::{Group, Key},
    settings::MAX_BANS,
    subject::{Removal, Removed, Subject},
};

const PAUSE: Duration = Duration::from_millis(8);

pub(super) async fn run<S: Subject>(mut actor: Actor<S>) {
    while actor.goes_on() {
        if actor.random.u16(0..1500) == 0 {
            actor.ban_much().await;
        }
        let removal = actor.draw_removal();
        actor.write(&removal).await;
        // Now and then several in a row, so that they are grouped and overtake each other.
        if actor.random.u8(0..4) != 0 {
            actor.pause(PAUSE).await;
        }
        actor.reporter.send_if_due();
    }
}

impl<S: Subject> Actor<S> {
    fn draw_removal(&mut self) -> Removal {
        let random = &mut self.random;
        match random.u16(0..1000) {
            0..700 => Removal::Keys(vec![Key::draw(random)]),
            700..820 => {
                let count = random.usize(2..6);
                Removal::Keys((0..count).map(|_| Key::draw(random)).collect())
            }
            820..910 => Removal::Group(Group::draw_pattern(random)),
            910..995 => Removal::Group(Group::draw_tag(random)),
            _ => Removal::Group(Group::All),
        }
    }

    /// More bans than are kept, all on keys that nobody reads: they are folded into broader ones.
    async fn ban_much(&mut self) {
        let bans = (0..=MAX_BANS).map(|number| Removal::Group(Group::Nothing(number)));
        for ban in bans {
            // Whatever becomes of it, no read depends on it.
            let _ = timeout(PATIENCE, self.subject.remove(&ban)).await;
        }
    }

    /// The database first, then the cache; and then reads what was written.
    async fn write(&mut self, removal: &Removal) {
        let began = clock::moment();
        let mut written = Vec::new();
        for key in removal.keys() {
            written.push((key, self.database.write(key).await));
        }
        // Some callers give up early; the removal goes on without them.
        let patience = match self.random.u8(0..20) {
            0 => Duration::from_micros(self.random.u64(0..800)),
            _ => PATIENCE,
        };
        let removed = timeout(patience, self.subject.remove(removal)).await;
        let ended = clock::moment();
        let acknowledged = matches!(removed, Ok(Removed::Applied(_)));
        for (key, version) in &written {
            self.reporter.note(Event::Write(Write {
                key: key.number(),
                version: *version,
                instance: self.instance,
                began,
                ended,
                acknowledged,
                invalidation: removal.invalidation(),
            }));
        }
        if let Ok(Removed::Applied(Some(token))) = &removed {
            for (key, version) in &written {
                self.database.carry(*key, *version, token);
            }
        }
        for (key, _) in written.iter().take(2) {
            self.read(*key).await;
        }
    }
}
