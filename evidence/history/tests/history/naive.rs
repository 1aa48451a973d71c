//! A judge written straight from the sentences of the contract: it compares every read with every
//! write, knows all events from the beginning, and forgets nothing.

use std::time::Duration;

use history::{Event, Invalidation, Read, Rule, Source, Write};

use crate::notation::BOUND;

/// What the naive judge says of one read.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Opinion {
    pub(crate) staleness: Duration,
    pub(crate) rule: Option<Rule>,
}

pub(crate) fn judge(events: &[Event], read: &Read) -> Opinion {
    let writes = events.iter().filter_map(|event| match event {
        Event::Write(write) => Some(write),
        Event::Read(_) => None,
    });
    let missed = |write: &&Write| write.key == read.key && write.version > read.version;
    let before = |write: &&Write| write.ended < read.began;
    let missed: Vec<_> = writes.filter(missed).filter(before).collect();

    let acknowledged = missed.iter().filter(|write| write.acknowledged);
    let ages = acknowledged.map(|write| read.began.since(write.ended));
    let staleness = ages.max().unwrap_or_default();
    let rule = if staleness > Duration::from_nanos(BOUND) {
        Some(Rule::BoundedStaleness)
    } else if missed.iter().any(|write| forbids_a_fill(write, read)) {
        Some(Rule::NoStaleFill)
    } else if missed.iter().any(|write| write.instance == read.instance) {
        Some(Rule::OwnWrites)
    } else if read.at_least > read.version {
        Some(Rule::Tokens)
    } else {
        None
    };
    Opinion { staleness, rule }
}

fn forbids_a_fill(write: &Write, read: &Read) -> bool {
    let gone = write.invalidation == Invalidation::Removal;
    write.acknowledged && (read.source == Source::Load || read.source == Source::L2 && gone)
}
