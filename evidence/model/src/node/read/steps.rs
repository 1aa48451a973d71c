//! The steps of a read.

use super::{Fill, Lease, Phase, Read};
use crate::ledger::Version;
use crate::node::{Around, Copy, NAMES, Node, tags};
use crate::promise::Violation;
use crate::scope::{How, KEYS};
use crate::site::{Peer, Record};
use crate::tale::{Mark, say};
use unstale_core::{Guard, Position, Reach, Tick};

/// What becomes of a read after one step.
pub(super) enum Next {
    Goes(Phase),
    /// It has what it came for.
    Kept(Fill, bool),
    /// L1 answered after all.
    Served(Version),
    /// There is nothing for it.
    Nothing,
    /// L1 had nothing: it joins a flight, waits for one, or leads one.
    Boards,
}

impl Node {
    /// The next turn of a read that waits for nobody.
    pub(crate) fn proceed(
        &mut self,
        index: usize,
        around: &mut Around<'_>,
    ) -> Result<(), Violation> {
        let read = self.reads[index].clone();
        let next = self.next(&read, around);
        match next {
            Next::Goes(phase) => {
                self.reads[index].phase = phase;
                Ok(())
            }
            Next::Kept(fill, keep) => {
                let before = self.shelf.0[read.key].clone();
                if keep {
                    self.keep(&read, fill, around);
                }
                if read.was_refused() && self.shelf.0[read.key] != before {
                    around.tale.mark(Mark::RefusedAndKept);
                }
                self.land(index);
                say!(around.tale, "its read returns version {}", fill.value);
                read.check(around.by, fill.value)
            }
            Next::Served(value) => {
                self.land(index);
                around.tale.mark(Mark::L1Hit);
                say!(around.tale, "its read returns version {value} from L1");
                read.check(around.by, value)
            }
            Next::Nothing => {
                self.land(index);
                say!(around.tale, "its read finds nothing");
                Ok(())
            }
            Next::Boards => {
                self.land(index);
                let again = self.hit(read.key, read.at_least, around.now).cloned();
                let (key, how) = (read.key, read.how);
                let floors = read.clone();
                let leads = self.board(read, around);
                // Somebody's flight may have landed since this reader looked into L1.
                let Some(copy) = again.filter(|_| leads && how == How::Load) else {
                    return Ok(());
                };
                self.land(self.reads.len() - 1);
                self.note_checked(key, &copy);
                around.tale.mark(Mark::LandedMeanwhile);
                say!(
                    around.tale,
                    "its read returns version {} from L1 after all",
                    copy.value
                );
                floors.check(around.by, copy.value)
            }
        }
    }

    fn next(&mut self, read: &Read, around: &mut Around<'_>) -> Next {
        let now = around.now;
        match read.phase.clone() {
            Phase::Glanced { holds_until } => Next::Goes(match self.shelf.0[read.key].clone() {
                Some(copy) => {
                    say!(
                        around.tale,
                        "its read takes version {} out of L1",
                        copy.value
                    );
                    Phase::Took { holds_until, copy }
                }
                None => Phase::Missed,
            }),
            Phase::Took { holds_until, copy } => self.judge_copy(read, holds_until, &copy, now),
            Phase::Missed => Next::Boards,
            Phase::Boarded => self.ask(read, around),
            Phase::Waiting => self.claim(read, around),
            Phase::Occupied {
                lease,
                looked,
                asked,
            } => {
                let record = &looked.record;
                if record.value.is_none() {
                    let recent = self
                        .partition
                        .is_recent_enough(KEYS[read.key], record.stamp);
                    if recent {
                        around.tale.mark(Mark::LeaseOfAnother);
                        return Next::Goes(Phase::Waiting);
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
            Phase::Guarded {
                looked,
                snapshot,
                asked,
            } => {
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
                    let accepted = snapshot.accepts(KEYS[read.key], &tags(read.key), stamp);
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
            Phase::Looked { looked, asked } => {
                match looked.and_then(|looked| self.judge(read.key, &looked, asked)) {
                    Some(fill) => {
                        around.tale.mark(Mark::L2Hit);
                        say!(around.tale, "its read finds version {} in L2", fill.value);
                        Next::Goes(Phase::Found { fill })
                    }
                    None => Next::Nothing,
                }
            }
            Phase::Loading { lease, stamp } => {
                let value = around.ledger.source[read.key];
                around.tale.mark(Mark::Load);
                say!(around.tale, "its read loads version {value}");
                // Where the server has to be asked for longer lives first, that is a step of its own.
                let may_fill = self.partition.is_ttl_allowed(around.scope.ttl(read.long));
                match lease {
                    Some(lease) if may_fill && Guard::StampBeforeLoad.holds() => {
                        self.fill(read, lease, value, stamp, around)
                    }
                    _ => Next::Goes(Phase::Loaded {
                        lease,
                        stamp,
                        value,
                    }),
                }
            }
            Phase::Loaded {
                lease,
                stamp,
                value,
            } => {
                let stamp = if Guard::StampBeforeLoad.holds() {
                    stamp
                } else {
                    self.partition.known()
                };
                match lease {
                    Some(lease) => self.fill(read, lease, value, stamp, around),
                    None => Next::Kept(self.fill_of(read, value, stamp, around), true),
                }
            }
            Phase::Filled {
                lease,
                fill,
                stored,
            } => {
                if stored.is_none() {
                    self.release(read.key, lease, around);
                }
                let refused = stored == Some(false);
                Next::Kept(fill, Guard::RefusedFillStaysOut.demands(!refused))
            }
            Phase::Found { fill } => {
                let stamp = if Guard::CopyKeepsStamp.holds() {
                    fill.stamp
                } else {
                    self.partition.known()
                };
                Next::Kept(Fill { stamp, ..fill }, true)
            }
            under_way => Next::Goes(under_way),
        }
    }

    fn judge_copy(&mut self, read: &Read, holds_until: Tick, copy: &Copy, now: Tick) -> Next {
        let holds_until = if Guard::ProofBeforeCopy.holds() {
            holds_until
        } else {
            self.partition.holds_until()
        };
        if !self.serves(read.key, copy, holds_until, now) {
            return Next::Goes(Phase::Missed);
        }
        self.note_checked(read.key, copy);
        Next::Served(copy.value)
    }

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

    fn draft(&self, around: &mut Around<'_>) -> Lease {
        Lease {
            token: around.fresh_name(),
            stamp: self.partition.known(),
        }
    }

    fn claim(&mut self, read: &Read, around: &mut Around<'_>) -> Next {
        let (name, now) = (KEYS[read.key], around.now);
        let reach = self.partition.reach(name, read.at_least, now);
        if read.is_waiting() && reach != Reach::Direct {
            return self.load_without_lease();
        }
        let lease = self.draft(around);
        match self.use_line(around) {
            Some(_) => {
                say!(around.tale, "its read asks L2, with a lease in hand");
                Next::Goes(Phase::Claiming { lease, asked: now })
            }
            None => self.load_without_lease(),
        }
    }

    fn claim_missing(&mut self, around: &mut Around<'_>) -> Next {
        let lease = self.draft(around);
        match self.use_line(around) {
            Some(_) => Next::Goes(Phase::ClaimingMissing { lease }),
            None => self.load_without_lease(),
        }
    }

    fn load_without_lease(&self) -> Next {
        Next::Goes(self.loading_without_lease())
    }

    fn loading_without_lease(&self) -> Phase {
        Phase::Loading {
            lease: None,
            stamp: self.partition.known(),
        }
    }

    /// Gives up waiting for another's fill.
    pub(crate) fn give_up_waiting(&mut self, index: usize) {
        self.reads[index].phase = self.loading_without_lease();
    }

    fn fill_of(&self, read: &Read, value: Version, stamp: Position, around: &Around<'_>) -> Fill {
        Fill {
            value,
            stamp,
            lives_until: around.now + around.scope.ttl(read.long),
            long: read.long,
        }
    }

    /// Fills L2 on the lease, once bans are kept long enough for it.
    fn fill(
        &mut self,
        read: &Read,
        lease: Lease,
        value: Version,
        stamp: Position,
        around: &mut Around<'_>,
    ) -> Next {
        let fill = self.fill_of(read, value, stamp, around);
        let ttl = around.scope.ttl(read.long);
        let may = self
            .allow_ttl(ttl, around)
            .and_then(|()| self.use_line(around));
        Next::Goes(match may {
            Some(_) => Phase::Filling { lease, fill },
            None => Phase::Filled {
                lease,
                fill,
                stored: None,
            },
        })
    }

    /// `Instance::allow_ttl`.
    pub(crate) fn allow_ttl(
        &mut self,
        ttl: std::time::Duration,
        around: &mut Around<'_>,
    ) -> Option<()> {
        self.partition.raise_longest_ttl(ttl);
        if Guard::LongestTtlFirst.demands(self.partition.is_ttl_allowed(ttl)) {
            return Some(());
        }
        let peer = self.use_line(around)?;
        around.tale.mark(Mark::TtlRaised);
        say!(around.tale, "asks the server to keep bans for longer");
        self.fence_again(peer, around)
    }

    fn release(&mut self, key: usize, lease: Lease, around: &mut Around<'_>) {
        if self.use_line(around) == Some(Peer::Primary) {
            let now = around.now;
            let site = around.site();
            let clock = site.clock(now);
            site.primary
                .release(KEYS[key], |record| lease.is(record), clock);
        }
    }

    /// Spends the ticket: keeps the copy if nothing newer is known.
    fn keep(&mut self, read: &Read, fill: Fill, around: &mut Around<'_>) {
        let Some(ticket) = read.ticket else {
            return;
        };
        let key = read.key;
        let ttl = around.scope.ttl(fill.long);
        let admitted = self
            .partition
            .admit(ticket, KEYS[key], &tags(key), fill.stamp, ttl);
        match admitted {
            Some(checked) if around.now < fill.lives_until => {
                self.shelf.0[key] = Some(Copy {
                    value: fill.value,
                    stamp: fill.stamp,
                    checked,
                    lives_until: fill.lives_until,
                });
                say!(around.tale, "keeps version {} in L1", fill.value);
            }
            Some(_) => {}
            None => {
                around.tale.mark(Mark::TicketRevoked);
                say!(around.tale, "may not keep version {} in L1", fill.value);
            }
        }
    }

    fn land(&mut self, index: usize) {
        let read = self.reads.remove(index);
        if let Some(ticket) = read.ticket {
            self.partition.land(KEYS[read.key], ticket);
        }
    }

    /// Whoever waits for it gives up.
    pub(crate) fn cancel(&mut self, index: usize, around: &mut Around<'_>) {
        let read = self.reads[index].clone();
        self.land(index);
        say!(around.tale, "its read is cancelled");
        let lease = match read.phase {
            Phase::Claiming { lease, .. }
            | Phase::Occupied { lease, .. }
            | Phase::TakingOver { lease, .. }
            | Phase::ClaimingMissing { lease }
            | Phase::Filling { lease, .. }
            | Phase::Loading {
                lease: Some(lease), ..
            }
            | Phase::Loaded {
                lease: Some(lease), ..
            } => lease,
            _ => return,
        };
        self.release(read.key, lease, around);
    }

    /// The server does what a read has asked it for.
    pub(crate) fn execute_read(&mut self, index: usize, around: &mut Around<'_>) {
        let Some(peer) = self.line.peer() else {
            return;
        };
        let read = self.reads[index].clone();
        if peer == Peer::Replica && !matches!(read.phase, Phase::Looking { .. }) {
            around.tale.mark(Mark::ReplicaRefused);
            say!(
                around.tale,
                "the replica refuses its read: the connection is given up"
            );
            return self.lose_line(around);
        }
        let phase = served(&read, peer, around);
        self.reads[index].phase = phase.unwrap_or_else(|| self.loading_without_lease());
    }

    /// No answer comes to what a read has asked for: `Acquired::Nothing`, or a fill not tried.
    pub(crate) fn fail_read(&mut self, index: usize) {
        let read = &self.reads[index];
        if !read.is_under_way() {
            return;
        }
        self.reads[index].phase = match read.phase {
            Phase::Filling { lease, fill } => Phase::Filled {
                lease,
                fill,
                stored: None,
            },
            // It will find nothing.
            _ if read.how == How::Get => Phase::Looked {
                looked: None,
                asked: Tick::default(),
            },
            _ => self.loading_without_lease(),
        };
    }

    /// The server has done it, and whoever asked does not know.
    pub(crate) fn forget_answer(&mut self, index: usize, before: Read) {
        if index < self.reads.len() {
            self.reads[index] = before;
            self.fail_read(index);
        }
    }
}

/// What a server answers; `None` when there is nothing in it for this read.
fn served(read: &Read, peer: Peer, around: &mut Around<'_>) -> Option<Phase> {
    let (name, now) = (KEYS[read.key], around.now);
    let lease_ttl = around.scope.limits().lease_ttl;
    let ttl = around.scope.ttl(read.long);
    let clock = around.site.clock(now);
    let who = NAMES[around.by];
    let record = |lease: Lease| lease.record(around.scope);
    Some(match read.phase.clone() {
        Phase::Claiming { lease, asked } => {
            let record = record(lease);
            let server = &mut around.site().primary;
            match server.claim(name, record, clock, clock + lease_ttl) {
                None => granted(lease, around),
                Some(looked) => {
                    let what = what(&looked.record);
                    say!(around.tale, "the server answers the read with {what}");
                    Phase::Occupied {
                        lease,
                        looked,
                        asked,
                    }
                }
            }
        }
        Phase::ClaimingMissing { lease } => {
            let record = record(lease);
            let server = &mut around.site().primary;
            match server.claim(name, record, clock, clock + lease_ttl) {
                None => granted(lease, around),
                Some(_) => return None,
            }
        }
        Phase::TakingOver { lease, seen } => {
            let record = record(lease);
            let is_seen = |other: &Record| {
                other.token == seen.token && other.value.is_some() == seen.value.is_some()
            };
            let server = &mut around.site().primary;
            if server.replace(name, is_seen, record, clock, clock + lease_ttl) {
                around.tale.mark(Mark::TakenOver);
                granted(lease, around)
            } else {
                Phase::Waiting
            }
        }
        Phase::Guarding { ours, asked } => {
            let (looked, snapshot) = around.site.look_guarded(read.key, ours, now);
            Phase::Guarded {
                looked,
                snapshot,
                asked,
            }
        }
        Phase::Looking { asked } => Phase::Looked {
            looked: around.site.look(peer, read.key, now),
            asked,
        },
        Phase::Filling { lease, fill } => {
            let record = Record {
                token: lease.token,
                stamp: fill.stamp,
                value: Some(fill.value),
                ttl,
            };
            let server = &mut around.site().primary;
            let stored = server.replace(name, |r| lease.is(r), record, clock, clock + ttl);
            let (mark, word) = if stored {
                (Mark::FillStored, "stores")
            } else {
                (Mark::FillRefused, "refuses")
            };
            around.tale.mark(mark);
            say!(
                around.tale,
                "the server {word} version {} from {who}",
                fill.value
            );
            Phase::Filled {
                lease,
                fill,
                stored: Some(stored),
            }
        }
        other => other,
    })
}

fn granted(lease: Lease, around: &mut Around<'_>) -> Phase {
    around.tale.mark(Mark::LeaseGranted);
    say!(
        around.tale,
        "the server grants the lease, stamped {}",
        lease.stamp
    );
    Phase::Loading {
        lease: Some(lease),
        stamp: lease.stamp,
    }
}

fn what(record: &Record) -> String {
    match record.value {
        Some(value) => format!("version {value}, stamped {}", record.stamp),
        None => format!("a lease, stamped {}", record.stamp),
    }
}
