//! A server in miniature: what the scripts do, for one partition.

use super::*;

/// What L2 holds under a key. No two leases have the same token, and a value keeps its lease's.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Record {
    pub(super) token: u64,
    pub(super) stamp: Position,
    /// None: it is a lease.
    pub(super) value: Option<u64>,
    pub(super) tags: Vec<Arc<str>>,
    pub(super) expires: Tick,
}

#[derive(Clone, Debug)]
struct Meta {
    history: History,
    owner: u32,
    seq: u64,
    bans: HashMap<Scope, (u64, Tick)>,
}

/// What a replica has a copy of.
#[derive(Clone, Default, Debug)]
struct Data {
    meta: Option<Meta>,
    log: Vec<(Position, Message)>,
    records: HashMap<Arc<str>, Record>,
}

#[derive(Default, Debug)]
pub(super) struct Server {
    data: Data,
    /// A replica that lags behind.
    replica: Data,
    /// The replication id.
    owner: u32,
    nonces: u64,
}

impl Server {
    pub(super) fn fence(&mut self, ours: History) -> Fenced {
        let owner = self.owner;
        let intact = |meta: &&Meta| meta.owner == owner && !meta.is_behind(ours);
        if let Some(meta) = self.data.meta.as_ref().filter(intact) {
            return fenced(meta.history, meta.seq);
        }
        let known = self.data.meta.as_ref().map_or(0, |m| m.history.epoch);
        let top = self.data.log.last().map_or(0, |(at, _)| at.epoch);
        self.nonces += 1;
        let history = History {
            epoch: known.max(top).max(ours.epoch) + 1,
            nonce: self.nonces,
        };
        let first = Position {
            epoch: history.epoch,
            seq: 1,
        };
        self.data.log.push((first, Message::default()));
        self.data.meta = Some(Meta {
            history,
            owner,
            seq: 1,
            bans: HashMap::new(),
        });
        fenced(history, 1)
    }

    /// Appends, then deletes the keys and records the bans; `None` when it is not fenced.
    pub(super) fn invalidate(
        &mut self,
        ours: History,
        message: &Message,
        now: Tick,
        limits: &Limits,
        retention: Duration,
    ) -> Option<(History, u64)> {
        let meta = self.data.meta.as_mut().filter(|m| !m.is_behind(ours))?;
        meta.seq += 1;
        let position = Position {
            epoch: meta.history.epoch,
            seq: meta.seq,
        };
        self.data.log.push((position, message.clone()));
        meta.bans.retain(|_, (_, expires)| now < *expires);
        for change in &message.changes {
            match change {
                Change::Key(key) => {
                    self.data.records.remove(key);
                }
                Change::Ban(scope) => {
                    meta.bans.insert(scope.clone(), (meta.seq, now + retention));
                }
            }
        }
        if meta.bans.len() > limits.max_bans {
            let newest = meta.bans.values().copied().max().unwrap_or_default();
            meta.bans = HashMap::from([(Scope::All, newest)]);
        }
        Some((meta.history, meta.seq))
    }

    pub(super) fn look(&self, key: &str, now: Tick) -> Option<Record> {
        let record = self.data.records.get(key)?;
        (now < record.expires).then(|| record.clone())
    }

    /// Puts `record` in the place of `seen`.
    pub(super) fn replace(
        &mut self,
        key: &Arc<str>,
        seen: Option<&Record>,
        record: Record,
        now: Tick,
    ) -> bool {
        let same = self.look(key, now).as_ref() == seen;
        if same {
            self.data.records.insert(key.clone(), record);
        }
        same
    }

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        let meta = self.data.meta.as_ref()?;
        let bans = meta.bans.iter();
        Some(Snapshot {
            fenced: fenced(meta.history, meta.seq),
            bans: bans
                .map(|(scope, (seq, _))| (scope.clone(), *seq))
                .collect(),
        })
    }

    pub(super) fn entries_after(&self, cursor: Position) -> Vec<(Position, Message)> {
        let after = self.data.log.iter().filter(|(at, _)| *at > cursor);
        after.cloned().collect()
    }

    /// The tail, while this history is the one that instances would be fenced into.
    pub(super) fn tail(&self) -> Option<Position> {
        let meta = self.data.meta.as_ref()?;
        (meta.owner == self.owner).then(|| fenced(meta.history, meta.seq).position())
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (&Arc<str>, &Record)> {
        self.data.records.iter()
    }

    /// The replica catches up.
    pub(super) fn replicate(&mut self) {
        self.replica = self.data.clone();
    }

    /// The replica takes over, without what it had not got yet.
    pub(super) fn fail_over(&mut self) {
        self.data = self.replica.clone();
        self.owner += 1;
    }

    /// Everything is gone; connections stay.
    pub(super) fn flush(&mut self) {
        self.data = Data::default();
    }

    /// Only this many entries of the log are kept.
    pub(super) fn trim(&mut self, length: usize) {
        let surplus = self.data.log.len().saturating_sub(length);
        self.data.log.drain(..surplus);
    }
}

impl Meta {
    fn is_behind(&self, ours: History) -> bool {
        self.history.epoch < ours.epoch
            || (self.history.epoch == ours.epoch && self.history.nonce != ours.nonce)
    }
}
