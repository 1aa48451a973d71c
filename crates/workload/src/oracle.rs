//! The queries that even a perfect cache needs.
//!
//! The oracle is one cache shared by all instances, of unlimited size, that takes no time and knows
//! of every write the moment it is committed. It asks the database when it holds nothing, unless a
//! load that began after the last commit is in progress: the reader joins that one. It keeps what a
//! load brought unless something was committed since the load began, because it cannot know what
//! the load has seen. It gets the reads of the run that it is compared with when they began, and the
//! writes when they were committed.

use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::arrivals::Arrival;
use crate::delay::Delay;
use crate::keyspace::Keyspace;

/// What happens to the oracle, in the order of time; a commit before a read at the same time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: Duration,
    kind: Kind,
    key: u32,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Commit,
    Read,
}

/// What the oracle knows of one key.
#[derive(Clone, Default)]
struct Known {
    committed: Option<Duration>,
    newest_load: Option<Load>,
}

#[derive(Copy, Clone)]
struct Load {
    began: Duration,
    ends: Duration,
}

/// How the oracle's database and copies behave.
pub(crate) struct Oracle<'a> {
    pub(crate) keyspace: &'a Keyspace,
    pub(crate) fan_out: u32,
    pub(crate) ttl: Duration,
    pub(crate) read: Delay,
    pub(crate) seed: u64,
}

impl Oracle<'_> {
    /// How often it asks the database, from this moment on.
    pub(crate) fn queries(&self, arrivals: &[Arrival], from: Duration) -> u64 {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut known = vec![Known::default(); self.keyspace.len()];
        let mut queries = 0;
        for event in self.events(arrivals) {
            let known = &mut known[event.key as usize];
            match event.kind {
                Kind::Commit => known.committed = Some(event.at),
                Kind::Read if self.helps(known, event.at) => {}
                Kind::Read => {
                    queries += u64::from(event.at >= from);
                    known.newest_load = Some(Load {
                        began: event.at,
                        ends: event.at + self.read.draw(&mut random),
                    });
                }
            }
        }
        queries
    }

    /// Whether a read is answered by the newest load: it is in progress or kept, and began after
    /// the last commit.
    fn helps(&self, known: &Known, now: Duration) -> bool {
        known.newest_load.is_some_and(|load| {
            known.committed.is_none_or(|at| load.began >= at) && now < load.ends + self.ttl
        })
    }

    fn events(&self, arrivals: &[Arrival]) -> Vec<Event> {
        let mut events = Vec::with_capacity(arrivals.len());
        for &Arrival { at, key, write } in arrivals {
            if !write {
                let kind = Kind::Read;
                events.push(Event { at, kind, key });
                continue;
            }
            let concerned = self.keyspace.concerned(key, self.fan_out);
            events.extend(concerned.flat_map(|group| group.keys).map(|key| Event {
                at,
                kind: Kind::Commit,
                key,
            }));
        }
        events.sort_unstable();
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::Names;

    const TTL: u64 = 1000;

    /// Each operation: when in milliseconds, which key, whether it writes. Loads take 20 ms.
    fn queries(operations: &[(u64, u32, bool)]) -> u64 {
        queries_from(0, operations)
    }

    fn queries_from(from: u64, operations: &[(u64, u32, bool)]) -> u64 {
        let names = Names {
            prefix: "k".into(),
            digits: 0,
            members: vec![String::new()],
            pattern: None,
        };
        let keyspace = Keyspace::new(2, &names);
        let millis = Duration::from_millis;
        let arrivals: Vec<_> = operations
            .iter()
            .map(|&(at, key, write)| Arrival {
                at: millis(at),
                key,
                write,
            })
            .collect();
        let oracle = Oracle {
            keyspace: &keyspace,
            fan_out: 1,
            ttl: millis(TTL),
            read: Delay::fixed(millis(20)),
            seed: 1,
        };
        oracle.queries(&arrivals, millis(from))
    }

    const READ: bool = false;
    const WRITE: bool = true;

    #[test]
    fn a_copy_answers_until_it_is_written_or_expires() {
        assert_eq!(queries(&[(0, 0, READ), (30, 0, READ), (40, 1, READ)]), 2);
        assert_eq!(queries(&[(0, 0, READ), (30, 0, WRITE), (40, 0, READ)]), 2);
        assert_eq!(queries(&[(0, 0, READ), (30, 1, WRITE), (40, 0, READ)]), 1);
        assert_eq!(queries(&[(0, 0, READ), (TTL + 19, 0, READ)]), 1);
        assert_eq!(queries(&[(0, 0, READ), (TTL + 20, 0, READ)]), 2);
    }

    #[test]
    fn readers_join_a_load_unless_a_commit_came_after_it_began() {
        assert_eq!(queries(&[(0, 0, READ), (10, 0, READ)]), 1);
        assert_eq!(queries(&[(0, 0, READ), (7, 0, WRITE), (6, 0, READ)]), 1);
        assert_eq!(queries(&[(0, 0, READ), (7, 0, WRITE), (10, 0, READ)]), 2);
    }

    #[test]
    fn what_was_loaded_around_a_commit_is_not_kept() {
        assert_eq!(queries(&[(0, 0, READ), (7, 0, WRITE), (50, 0, READ)]), 2);
    }

    #[test]
    fn what_is_loaded_before_the_first_moment_that_counts_is_there_and_does_not_count() {
        let operations = [(0, 0, READ), (30, 0, READ), (40, 1, READ)];
        assert_eq!(queries_from(25, &operations), 1);
    }

    #[test]
    fn reading_at_the_moment_of_the_commit_comes_after_it() {
        assert_eq!(queries(&[(5, 0, WRITE), (5, 0, READ), (50, 0, READ)]), 1);
    }
}
