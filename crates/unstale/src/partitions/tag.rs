//! Which slot of a cluster a partition falls into: the hash tag of its names.

use std::fmt::Write as _;

use super::PartitionId;
use super::id::CHECKSUM;

/// How many slots a cluster has, each primary a range of them.
const SLOTS: u32 = 16_384;

/// A partition takes no slot outside the middle of its range, which is this part of it.
///
/// Of up to so many primaries with equal ranges none then carries two partitions more than another,
/// also when the number of partitions is no multiple of theirs.
const MIDDLE: u32 = 8;

/// What a cluster hashes in the names of a partition, with its braces: `{RealTimeApp:0}` if it is the
/// only one, `{RealTimeApp:3/8~7}` for the fourth of eight. All instances have to agree on it.
///
/// Slots are hashes: without the number at the end several partitions might fall to one primary, and
/// none to another. It is the least with which the slot is in the middle of the partition's range, the
/// fourth of eight equal ones for the fourth of eight partitions. Some number leads to every slot,
/// whatever stands before it: the checksum is linear.
pub(crate) fn hash_tag(namespace: &str, id: PartitionId) -> String {
    let mut tag = format!("{{{namespace}:{id}");
    if !id.is_only() {
        tag.push('~');
        let mut before = CHECKSUM.digest();
        before.update(&tag.as_bytes()[1..]);
        let is_right = |number: &u32| {
            let mut whole = before.clone();
            whole.update(number.to_string().as_bytes());
            is_in_the_middle(u32::from(whole.finalize()) % SLOTS, id)
        };
        let number = (0..u32::MAX).find(is_right).unwrap_or_default();
        // Writing into a text does not fail.
        let _ = write!(tag, "{number}");
    }
    tag.push('}');
    tag
}

fn is_in_the_middle(slot: u32, id: PartitionId) -> bool {
    // In units of which twice as many as there are partitions make up a slot.
    let centre = (2 * id.index() as u32 + 1) * SLOTS;
    (slot * 2 * id.of()).abs_diff(centre) * MIDDLE < SLOTS
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::config::RedisConfig;

    fn tags(namespace: &str, of: u32) -> Vec<String> {
        let all = PartitionId::all(of);
        all.map(|id| hash_tag(namespace, id)).collect()
    }

    /// As a cluster does: what is between the braces counts.
    fn slot(tag: &str) -> u32 {
        let hashed = tag.strip_prefix('{').and_then(|tag| tag.strip_suffix('}'));
        let hashed = hashed.expect("one pair of braces");
        assert!(!hashed.contains(['{', '}']), "{tag}");
        u32::from(CHECKSUM.checksum(hashed.as_bytes())) % SLOTS
    }

    /// Changing any of these would tear every namespace of several partitions apart.
    #[test]
    fn names_stay_what_they_are() {
        assert_eq!(tags("RealTimeApp", 1), ["{RealTimeApp:0}"]);
        let of_four = [
            "{RealTimeApp:0/4~52}",
            "{RealTimeApp:1/4~31}",
            "{RealTimeApp:2/4~69}",
            "{RealTimeApp:3/4~59}",
        ];
        assert_eq!(tags("RealTimeApp", 4), of_four);
        assert_eq!(tags("RealTimeApp", 8)[3], "{RealTimeApp:3/8~7}");
        let of_most = tags("unstale", 64);
        let ends = ["{unstale:0/64~245}", "{unstale:63/64~713}"];
        assert_eq!([&of_most[0], &of_most[63]], ends);
    }

    /// Each primary of a cluster has a range, whose ends are rounded one way or the other.
    #[test]
    fn primaries_with_equal_ranges_carry_equally_many_partitions() {
        for of in 1..=RedisConfig::MOST_PARTITIONS {
            let slots: Vec<_> = tags("RealTimeApp", of)
                .iter()
                .map(|tag| slot(tag))
                .collect();
            for primaries in 1..=MIDDLE {
                for rounded in [0, primaries / 2, primaries - 1] {
                    let end = |number: u32| (number * SLOTS + rounded) / primaries;
                    let carried = (0..primaries).map(|number| {
                        let range = end(number)..end(number + 1);
                        slots.iter().filter(|slot| range.contains(slot)).count()
                    });
                    let carried: Vec<_> = carried.collect();
                    let (least, most) = (carried.iter().min(), carried.iter().max());
                    assert!(
                        most.unwrap() - least.unwrap() <= 1,
                        "{of} partitions: {carried:?}"
                    );
                    assert_eq!(carried.iter().sum::<usize>(), of as usize);
                }
            }
        }
    }

    /// So some number is found for each partition. What stands before numbers of the same length changes
    /// all of their slots alike.
    #[test]
    fn some_number_leads_to_every_slot() {
        let slots = (100_000..256_000_u32).map(|number| slot(&format!("{{{number}}}")));
        assert_eq!(slots.collect::<HashSet<_>>().len(), SLOTS as usize);
    }

    proptest! {
        #[test]
        fn each_partition_falls_into_its_range(namespace in "[^{}]{1,24}", of in 1..=64_u32) {
            for (index, tag) in (0..).zip(tags(&namespace, of)) {
                // Of one there is but the whole.
                prop_assert_eq!(slot(&tag) * of / SLOTS, index, "{}", tag);
            }
        }
    }

    #[test]
    fn each_partition_of_every_number_of_them_falls_into_its_range() {
        for of in 1..=RedisConfig::MOST_PARTITIONS {
            for (index, tag) in (0..).zip(tags("unstale", of)) {
                assert_eq!(slot(&tag) * of / SLOTS, index, "{tag}");
            }
        }
    }
}
