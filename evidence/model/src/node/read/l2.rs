//! L2: what a read asks it for, and whether what it has may be used.

use unstale_core::{Guard, Looked, Position, Reach, Snapshot, Tick};

use super::{Around, Fill, Lease, Next, Node, Phase, Read, tags};
use crate::ledger::Version;
use crate::scope::{How, KEYS};
use crate::site::{Peer, Record};
use crate::tale::{Mark, say};

impl Node {
    /// What it asks L2 for.
    pub(super) fn ask(&mut self, read: &Read, around: &mut Around<'_>) -> Next {
        let asked = around.now;
        match (read.reach, read.how) {
            (Reach::SourceOnly, How::Get) => Next::Nothing,
            (Reach::SourceOnly, _) => self.load_without_lease(),
            (Reach::Guarded, how) => match self.use_line(around) {
                Some(_) => {
                    say!(around.tale, "its read asks L2, and for the bans");
                    let ours = self.partition.witness();
                    Next::Goes(Phase::Guarding { ours, asked })
                }
                None if how == How::Get => Next::Nothing,
                None => self.load_without_lease(),
            },
            (Reach::Direct, How::Get) => match self.use_line(around) {
                Some(_) => Next::Goes(Phase::Looking { asked }),
                None => Next::Nothing,
            },
            (Reach::Direct, _) => self.claim(read, around),
        }
    }

    /// The lease was not granted: a record is there.
    pub(super) fn judge_occupied(
        &mut self,
        read: &Read,
        lease: Lease,
        looked: Looked<Record>,
        asked: Tick,
        around: &mut Around<'_>,
    ) -> Next {
        let record = &looked.record;
        if record.value.is_none() {
            let recent = self
                .partition
                .is_recent_enough(KEYS[read.key], record.stamp);
            if recent {
                around.tale.mark(Mark::LeaseOfAnother);
                let token = Some(record.token);
                return Next::Goes(Phase::Waiting { token });
            }
        } else if let Some(fill) = self.judge(read.key, &looked, asked) {
            around.tale.mark(Mark::L2Hit);
            say!(around.tale, "its read finds version {} in L2", fill.value);
            return Next::Goes(Phase::Found { fill });
        } else {
            around.tale.mark(Mark::BannedRecord);
        }
        say!(around.tale, "its read takes over what is of no use in L2");
        match self.use_line(around) {
            Some(_) => Next::Goes(Phase::TakingOver {
                lease,
                seen: looked.record,
            }),
            None => self.load_without_lease(),
        }
    }

    /// The record came together with the server's bans.
    pub(super) fn judge_guarded(
        &mut self,
        read: &Read,
        looked: Option<Looked<Record>>,
        snapshot: Option<Snapshot>,
        asked: Tick,
        around: &mut Around<'_>,
    ) -> Next {
        let told = snapshot.as_ref().map(|snapshot| snapshot.fenced);
        let adopted = told.is_some_and(|fenced| self.adopt(fenced, around));
        if (told.is_none() || self.partition.is_disowned())
            && let Some(peer) = self.line.peer()
        {
            self.fence_again(peer, around);
        }
        let found = snapshot.and_then(|snapshot| {
            let looked = looked?;
            let stamp = looked.record.stamp;
            let accepted = snapshot.reaches(read.at_least)
                && snapshot.accepts(KEYS[read.key], &tags(read.key), stamp);
            let found = self.judge(read.key, &looked, asked)?;
            (adopted && accepted).then_some(found)
        });
        match found {
            Some(fill) => {
                around.tale.mark(Mark::GuardedHit);
                say!(around.tale, "its read finds version {} in L2", fill.value);
                Next::Goes(Phase::Found { fill })
            }
            None if read.how == How::Get => Next::Nothing,
            None => {
                around.tale.mark(Mark::GuardedMiss);
                self.claim_missing(around)
            }
        }
    }

    /// The record came alone.
    pub(super) fn judge_looked(
        &mut self,
        read: &Read,
        looked: Option<Looked<Record>>,
        asked: Tick,
        around: &mut Around<'_>,
    ) -> Next {
        match looked.and_then(|looked| self.judge(read.key, &looked, asked)) {
            Some(fill) => {
                around.tale.mark(Mark::L2Hit);
                say!(around.tale, "its read finds version {} in L2", fill.value);
                Next::Goes(Phase::Found { fill })
            }
            None => Next::Nothing,
        }
    }

    /// Whether L2 has it, as far as this read may tell.
    fn judge(&self, key: usize, looked: &Looked<Record>, asked: Tick) -> Option<Fill> {
        let record = &looked.record;
        let value = record.value?;
        let accepted = self.partition.accepts(KEYS[key], &tags(key), record.stamp);
        accepted.then(|| Fill {
            value,
            stamp: record.stamp,
            lives_until: asked + looked.remaining.min(record.ttl),
            long: false,
        })
    }

    /// What L2 would answer to a plain look, if this instance may look at all.
    pub(crate) fn look_now(
        &self,
        key: usize,
        at_least: Position,
        around: &Around<'_>,
    ) -> Option<Version> {
        let (peer, epoch) = self.line.in_service()?;
        let now = around.now;
        if Guard::RefenceWhenBehind.forbids(epoch < self.history().epoch) {
            // It would be fenced again first.
            return None;
        }
        let looked = around.site.look(peer, key, now)?;
        match self.partition.reach(KEYS[key], at_least, now) {
            Reach::SourceOnly => None,
            Reach::Direct => Some(self.judge(key, &looked, now)?.value),
            Reach::Guarded if peer == Peer::Replica => None,
            Reach::Guarded => {
                let ours = self.partition.witness();
                let (_, snapshot) = around.site.look_guarded(key, ours, now);
                let snapshot = snapshot?;
                // Of its own history it learns nothing that it judges by.
                let is_ours = snapshot.fenced.history == self.history();
                let adopting = (!is_ours).then(|| {
                    let mut after = self.clone();
                    let adopted = after.partition.adopt(snapshot.fenced, &mut after.shelf);
                    (after, adopted)
                });
                let (after, adopted) = match &adopting {
                    Some((after, adopted)) => (after, *adopted),
                    None => (self, true),
                };
                let stamp = looked.record.stamp;
                let accepted =
                    snapshot.reaches(at_least) && snapshot.accepts(KEYS[key], &tags(key), stamp);
                let found = after.judge(key, &looked, now)?;
                (adopted && accepted).then_some(found.value)
            }
        }
    }
}
