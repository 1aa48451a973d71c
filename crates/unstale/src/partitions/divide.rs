//! Which partitions a change concerns.

use super::{PartitionId, Partitions, Slice};
use crate::core::{Change, Scope};

/// What each partition has to do of these changes; none that has nothing to do. A ban is for all of
/// them, unless it can only be about one key.
pub(crate) fn divide(
    partitions: &Partitions,
    changes: Vec<Change>,
) -> impl Iterator<Item = (&Slice, Vec<Change>)> {
    let mut shares = vec![Vec::new(); partitions.count() as usize];
    for change in changes {
        match key_of(&change).map(|key| PartitionId::of_key(key, partitions.count())) {
            Some(id) => shares[id.index()].push(change),
            None => shares
                .iter_mut()
                .for_each(|share| share.push(change.clone())),
        }
    }
    let shares = partitions.iter().zip(shares);
    shares.filter(|(_, share)| !share.is_empty())
}

/// The only key that a change can be about.
fn key_of(change: &Change) -> Option<&str> {
    match change {
        Change::Key(key) => Some(key),
        Change::Ban(Scope::Glob(glob)) => glob.as_literal(),
        Change::Ban(_) => None,
    }
}
