//! What a look sees, while others change what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Changing, Held, InBrief, Look, Memory, Named, Value};
use crate::config::MemoryConfig;
use crate::core::{Copies, Position, Tick, Validity};
use crate::key::Brief;
use crate::partitions::PartitionId;
use crate::policy::Priority;
use crate::read::Source;
use crate::tiers::record::Traits;

const KEY: &str = "stock:price:MSFT";
const SOUGHT: Named<'_> = Named(&KEY);

fn traits(sliding: Option<Duration>) -> Traits {
    Traits {
        ttl: Duration::from_secs(60),
        sliding,
        size: 1,
        priority: Priority::Normal,
        tags: Box::default(),
    }
}

/// A copy that was checked at this count, and whose value is that count.
fn insert(memory: &Memory, checked: u64) {
    let lives_until = Tick::from_nanos(100);
    let (now, traits) = (Tick::from_nanos(10), traits(None));
    let held = Held::new(
        KEY,
        (Position::ORIGIN, Source::Load),
        &traits,
        now,
        lives_until,
        checked,
        None,
    );
    hold(memory, held, Arc::new(checked));
}

fn hold(memory: &Memory, held: Held, value: Value) {
    Changing::of(memory, PartitionId::ONLY).insert(held, &value);
}

fn memory() -> Memory {
    Memory::new(&MemoryConfig::default())
}

fn number(value: Value) -> u64 {
    *value.downcast::<u64>().unwrap()
}

#[test]
fn what_a_look_notes_is_of_the_copy_whose_value_it_finds() {
    const COPIES: u64 = 2000;
    let (memory, ended) = (memory(), AtomicBool::new(false));
    insert(&memory, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..COPIES).for_each(|checked| insert(&memory, checked));
            ended.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                let look = Look::at(&SOUGHT);
                if let Some(value) = memory.get(&look) {
                    assert_eq!(look.checked(), number(value));
                }
            }
        });
    });
    let look = Look::at(&SOUGHT);
    assert_eq!(memory.get(&look).map(number), Some(COPIES - 1));
    assert_eq!(look.expires(), Tick::from_nanos(100));
}

#[test]
fn a_copy_that_is_rechecked_stays_with_what_it_was_checked_against_or_goes() {
    let memory = memory();
    insert(&memory, 3);
    let look = Look::at(&SOUGHT);
    let valid = |held: &Held| {
        assert_eq!(held.checked(), 3);
        Validity::Valid { checked: 5 }
    };
    let mut changing = Changing::of(&memory, PartitionId::ONLY);
    assert_eq!(changing.recheck(&look, valid).map(number), Some(3));
    assert_eq!(look.checked(), 5);
    assert!(changing.recheck(&look, |_| Validity::Banned).is_none());
    assert!(memory.get(&Look::at(&SOUGHT)).is_none());
    assert_eq!(memory.usage(), (0, 0));
}

#[test]
fn a_copy_is_found_by_its_key_in_brief() {
    let memory = memory();
    insert(&memory, 3);
    let key = InBrief::of(Brief::of(KEY)).unwrap();
    let look = Look::at(&key);
    assert_eq!(memory.get(&look).map(number), Some(3));
    assert_eq!(look.checked(), 3);
    let mut changing = Changing::of(&memory, PartitionId::ONLY);
    let valid = |_: &Held| Validity::Valid { checked: 5 };
    assert_eq!(changing.recheck(&look, valid).map(number), Some(3));
    assert_eq!(look.checked(), 5);
    memory.drop_if_expired(&key, Tick::from_nanos(100));
    assert!(memory.get(&look).is_none());
    insert(&memory, 3);
    assert!(changing.recheck(&look, |_| Validity::Banned).is_none());
    assert_eq!(memory.usage(), (0, 0));
}

#[test]
fn only_a_copy_that_has_expired_is_dropped_for_it() {
    let memory = memory();
    insert(&memory, 0);
    memory.drop_if_expired(&SOUGHT, Tick::from_nanos(99));
    assert!(memory.get(&Look::at(&SOUGHT)).is_some());
    memory.drop_if_expired(&SOUGHT, Tick::from_nanos(100));
    assert!(memory.get(&Look::at(&SOUGHT)).is_none());
}

#[test]
fn a_copy_that_slides_expires_a_span_after_it_was_read() {
    let memory = memory();
    let (now, span) = (Tick::from_nanos(10), Duration::from_nanos(20));
    let traits = traits(Some(span));
    let (ends, origin) = (Tick::from_nanos(60), (Position::ORIGIN, Source::Load));
    let held = Held::new(KEY, origin, &traits, now, ends, 0, None);
    hold(&memory, held, Arc::new(0_u64));
    let expires = || {
        let look = Look::at(&SOUGHT);
        memory.get(&look).map(|_| look.expires())
    };
    assert_eq!(expires(), Some(now + span));
    let look = Look::at(&SOUGHT);
    assert!(memory.get(&look).is_some());
    let sliding = look.into_sliding().unwrap();
    let told_l2 = sliding.slide(Tick::from_nanos(25));
    assert!(told_l2);
    assert_eq!(expires(), Some(Tick::from_nanos(45)));
    sliding.slide(Tick::from_nanos(50));
    assert_eq!(expires(), Some(ends));
    memory.drop_if_expired(&SOUGHT, Tick::from_nanos(59));
    assert!(expires().is_some());
}

#[test]
fn a_copy_weighs_what_it_is_said_to_however_much_that_is() {
    let memory = Memory::new(&MemoryConfig {
        size_limit: 1_000_000,
        ..MemoryConfig::default()
    });
    let origin = (Position::ORIGIN, Source::Load);
    for size in [1, 65_535, 65_536, 400_000] {
        let traits = Traits {
            size,
            ..traits(None)
        };
        let ends = Tick::from_nanos(100);
        let held = Held::new(KEY, origin, &traits, Tick::default(), ends, 0, None);
        hold(&memory, held, Arc::new(0_u64));
        assert_eq!(memory.usage(), (1, size.into()));
    }
}

#[test]
fn who_only_watches_sees_all_that_is_held() {
    let memory = memory();
    let (came, ends) = (Duration::from_secs(1), Tick::from_nanos(u64::MAX));
    let traits = Traits {
        tags: [Arc::from("exchange:XETRA")].into(),
        ..traits(None)
    };
    let stamp = Position { epoch: 3, seq: 14 };
    let (origin, now) = ((stamp, Source::L2), Tick::default() + came);
    let held = Held::new(KEY, origin, &traits, now, ends, 7, None);
    let value = Arc::new(0_u64);
    hold(&memory, held, value.clone());
    let sight = memory.peek(KEY).unwrap();
    assert!(sight.is(&value) && !sight.is(&Arc::new(0_u64)));
    assert_eq!((sight.stamp(), sight.source()), (stamp, Source::L2));
    assert_eq!((sight.checked(), sight.expires()), (7, ends));
    assert_eq!(sight.tags(), &*traits.tags);
    assert!(memory.peek("stock:price:SAP").is_none());
}

/// Something that tells whether it was dropped.
#[derive(Clone, Default)]
struct Told(Arc<()>);

impl Told {
    fn copy(&self, key: &str, size: u32) -> (Held, Value) {
        let traits = Traits {
            size,
            ..traits(None)
        };
        let ends = Tick::from_nanos(u64::MAX);
        let origin = (Position::ORIGIN, Source::Load);
        let held = Held::new(key, origin, &traits, Tick::default(), ends, 0, None);
        (held, Arc::new(self.clone()))
    }

    fn alive(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

#[test]
fn what_leaves_is_dropped_when_the_turn_is_over() {
    type Leave = fn(&mut Changing<'_>);
    let ways: [(&str, Leave); 5] = [
        ("forgotten", |changing| changing.drop_key(KEY)),
        ("forgotten with all", |changing| changing.drop_all()),
        ("banned", |changing| {
            let found = changing.recheck(&Look::at(&SOUGHT), |_| Validity::Banned);
            assert!(found.is_none());
        }),
        ("replaced", |changing| {
            let (held, value) = Told::default().copy(KEY, 1);
            changing.insert(held, &value);
        }),
        ("evicted", |changing| {
            let (held, value) = Told::default().copy("stock:price:SAP", 10);
            changing.insert(held, &value);
        }),
    ];
    for (way, leave) in ways {
        let memory = Memory::new(&MemoryConfig {
            size_limit: 10,
            ..MemoryConfig::default()
        });
        let told = Told::default();
        let (held, value) = told.copy(KEY, 1);
        hold(&memory, held, value);
        let mut changing = Changing::of(&memory, PartitionId::ONLY);
        leave(&mut changing);
        assert_eq!(told.alive(), 1, "{way}");
        drop(changing);
        assert_eq!(told.alive(), 0, "{way}");
    }
}

#[test]
fn a_partition_drops_the_copies_of_its_own_keys() {
    let memory = memory();
    let (now, lives_until) = (Tick::from_nanos(10), Tick::from_nanos(100));
    let keys: Vec<_> = (0..100).map(|id| format!("product:{id}")).collect();
    for key in &keys {
        let origin = (Position::ORIGIN, Source::Load);
        let held = Held::new(key, origin, &traits(None), now, lives_until, 0, None);
        hold(&memory, held, Arc::new(0_u64));
    }
    let mut left: Vec<_> = keys.iter().map(String::as_str).collect();
    for partition in PartitionId::all(3) {
        Changing::of(&memory, partition).drop_all();
        left.retain(|key| !partition.holds(key));
        let held = |key: &&str| memory.get(&Look::at(&Named(key))).is_some();
        assert!(left.iter().all(held));
        assert_eq!(memory.usage(), (left.len(), left.len() as u64));
    }
    assert!(left.is_empty());
}
