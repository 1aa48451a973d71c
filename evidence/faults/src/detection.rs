//! Whether a loss was noticed in time (F4).

use crate::{
    clock,
    fault::{Effect, Expectation},
    instance::Observation,
    settings::MAX_STALENESS,
};

/// What one instance made of a fault.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detection {
    /// It noticed, so long after the fault took effect.
    InTime(u64),
    /// It still relied on its copies so long after the fault took effect, or went on afterwards as
    /// if nothing had been lost.
    Missed(u64),
}

/// Judges what was seen of one instance, in the order in which it was seen: from before the fault
/// took effect until everything was well again. `None` when nothing had to be noticed, or when too
/// little was seen to tell.
///
/// Where it is about some of several partitions, what the others do counts for nothing: each of these
/// has to have another epoch.
pub(crate) fn judge(
    expectation: Expectation,
    partitions: &[usize],
    effect: Effect,
    seen: &[Observation],
) -> Option<Detection> {
    let for_good = match expectation {
        Expectation::Nothing => return None,
        Expectation::Silence(_) => false,
        Expectation::Loss(_) => true,
    };
    // What changes while the fault takes effect may be its effect.
    let before = seen.iter().take_while(|o| o.at <= effect.from).last()?;
    let has_dropped = |o: &Observation| match partitions {
        [] => o.resyncs != before.resyncs,
        some => some.iter().all(|some| o.epoch(*some) > before.epoch(*some)),
    };
    let trusting = |o: &&Observation| o.proven && !has_dropped(o);
    let after = || seen.iter().filter(|o| o.at > effect.from);
    let noticed = after().find(|o| !trusting(o));
    let bound = effect.until + clock::nanos_of(MAX_STALENESS);
    // What was seen trusting after the bound, and shows that nobody noticed in time.
    let late = after()
        .take_while(|o| for_good || noticed.is_none_or(|noticed| o.at < noticed.at))
        .filter(trusting)
        .filter(|o| o.at > bound)
        .last();
    match (late, noticed) {
        (Some(late), _) => Some(Detection::Missed(late.at - effect.until)),
        (None, Some(noticed)) => {
            // A look may come late. An instance that has noticed stopped at the latest when the
            // last proof ran out with which it was seen.
            let relied = seen.iter().take_while(|o| o.at < noticed.at);
            let stopped = relied
                .filter(trusting)
                .map(|o| o.proven_until)
                .max()
                .filter(|until| *until > effect.from)
                .map_or(noticed.at, |until| until.min(noticed.at));
            Some(Detection::InTime(stopped.saturating_sub(effect.until)))
        }
        // It was not seen long enough to tell; a stopped process, for instance.
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Whom;

    const BOUND: u64 = MAX_STALENESS.as_nanos() as u64;
    const MS: u64 = 1_000_000;
    const EFFECT: u64 = 10_000 * MS;
    const AT_ONCE: Effect = Effect {
        from: EFFECT,
        until: EFFECT,
    };
    const SILENCE: Expectation = Expectation::Silence(Whom::All);
    const LOSS: Expectation = Expectation::Loss(Whom::All);

    fn at(after: u64, proven: bool, resyncs: u64) -> Observation {
        Observation {
            at: EFFECT + after,
            proven,
            resyncs,
            ..Observation::default()
        }
    }

    fn judged(expectation: Expectation, seen: &[Observation]) -> Option<Detection> {
        let mut all = vec![Observation {
            at: EFFECT - MS,
            ..at(0, true, 3)
        }];
        all.extend_from_slice(seen);
        judge(expectation, &[], AT_ONCE, &all)
    }

    #[test]
    fn an_instance_that_stops_using_its_copies_in_time_has_noticed() {
        let seen = [
            at(MS, true, 3),
            at(400 * MS, false, 3),
            at(2 * BOUND, true, 3),
        ];
        let in_time = Some(Detection::InTime(400 * MS));
        assert_eq!(judged(SILENCE, &seen), in_time);
    }

    #[test]
    fn a_look_that_comes_late_does_not_make_the_detection_late() {
        let last = Observation {
            proven_until: EFFECT + 450 * MS,
            ..at(MS, true, 3)
        };
        let seen = [last, at(800 * MS, true, 4)];
        assert_eq!(judged(LOSS, &seen), Some(Detection::InTime(450 * MS)));
    }

    #[test]
    fn one_that_drops_them_has_noticed_too() {
        let seen = [at(MS, true, 3), at(9 * MS, true, 4), at(2 * BOUND, true, 4)];
        let in_time = Some(Detection::InTime(9 * MS));
        assert_eq!(judged(SILENCE, &seen), in_time);
        assert_eq!(judged(LOSS, &seen), in_time);
    }

    #[test]
    fn one_that_goes_on_has_missed_it() {
        let seen = [at(MS, true, 3), at(BOUND + MS, true, 3)];
        let missed = Some(Detection::Missed(BOUND + MS));
        assert_eq!(judged(SILENCE, &seen), missed);
        assert_eq!(judged(LOSS, &seen), missed);
        let late = [at(BOUND + MS, true, 3), at(BOUND + 2 * MS, false, 3)];
        assert_eq!(judged(SILENCE, &late), missed);
    }

    #[test]
    fn a_loss_is_not_forgotten_after_a_silence() {
        let seen = [at(400 * MS, false, 3), at(2 * BOUND, true, 3)];
        assert_eq!(judged(LOSS, &seen), Some(Detection::Missed(2 * BOUND)));
    }

    #[test]
    fn what_happened_before_the_fault_counts_for_nothing() {
        let early = [
            Observation {
                at: EFFECT - 3 * MS,
                ..at(0, false, 2)
            },
            Observation {
                at: EFFECT - MS,
                ..at(0, true, 3)
            },
            at(BOUND + MS, true, 3),
        ];
        let judged = judge(LOSS, &[], AT_ONCE, &early);
        assert_eq!(judged, Some(Detection::Missed(BOUND + MS)));
    }

    #[test]
    fn what_is_noticed_while_the_fault_takes_effect_is_noticed() {
        let seen = [
            at(0, true, 3),
            at(2 * MS, true, 4),
            at(4 * MS, true, 4),
            at(2 * BOUND, true, 4),
        ];
        let effect = Effect {
            from: EFFECT + MS,
            until: EFFECT + 3 * MS,
        };
        assert_eq!(judge(LOSS, &[], effect, &seen), Some(Detection::InTime(0)));
    }

    #[test]
    fn what_other_partitions_do_counts_for_nothing() {
        let seen_at = |at, position: &str| Observation {
            at,
            proven: true,
            position: Some(position.into()),
            ..Observation::default()
        };
        let judged = |then: &str| {
            let seen = [
                seen_at(EFFECT - MS, "0/3:7-1.1/3:7-2.2/3:7-3"),
                seen_at(EFFECT + MS, "0/3:7-1.1/3:7-2.2/3:8-1"),
                seen_at(EFFECT + 9 * MS, then),
                seen_at(EFFECT + 2 * BOUND, then),
            ];
            judge(LOSS, &[0, 1], AT_ONCE, &seen)
        };
        let missed = Some(Detection::Missed(2 * BOUND));
        assert_eq!(judged("0/3:7-9.1/3:7-2.2/3:8-1"), missed);
        assert_eq!(judged("0/3:8-1.1/3:7-2.2/3:8-1"), missed);
        let in_time = Some(Detection::InTime(9 * MS));
        assert_eq!(judged("0/3:8-1.1/3:9-1.2/3:7-3"), in_time);
    }

    #[test]
    fn without_a_loss_there_is_nothing_to_notice() {
        assert_eq!(
            judged(Expectation::Nothing, &[at(BOUND * 2, true, 3)]),
            None
        );
        assert_eq!(judged(LOSS, &[at(MS, true, 3)]), None);
        let too_late = [at(MS, true, 3), at(2 * BOUND, true, 3)];
        assert_eq!(judge(LOSS, &[], AT_ONCE, &too_late), None);
    }
}
