//! Measures in turns: every contender once in each round, each round begun by another one.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::{Progress, Series, Unit};

/// One figure of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub measure: String,
    /// What the figure counts.
    pub unit: Unit,
    /// The figure.
    pub value: f64,
}

impl Figure {
    /// A figure.
    pub fn new(measure: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self {
            measure: measure.into(),
            unit,
            value,
        }
    }
}

/// What a contender does in its turn of a round.
type Turn<'a> = Box<dyn FnMut(usize) -> Result<Vec<Figure>> + 'a>;

/// One who is measured.
pub struct Contender<'a> {
    name: &'a str,
    turn: Turn<'a>,
}

impl<'a> Contender<'a> {
    /// `turn` measures it once, in the round of this number; it gives nothing in a round that it
    /// sits out.
    pub fn new(name: &'a str, turn: impl FnMut(usize) -> Result<Vec<Figure>> + 'a) -> Self {
        Self {
            name,
            turn: Box::new(turn),
        }
    }
}

/// How contenders are measured.
#[derive(Copy, Clone, Debug)]
pub struct Rounds<'a> {
    /// How many rounds count.
    pub count: usize,
    /// Only contenders in whose name this is found are measured.
    pub only: Option<&'a str>,
    /// Whoever waits.
    pub progress: &'a Progress,
}

impl Rounds<'_> {
    /// Measures all contenders in turns, after a round that does not count.
    ///
    /// # Errors
    /// When one of them cannot be measured.
    pub fn interleave(self, mut contenders: Vec<Contender<'_>>) -> Result<Vec<Series>> {
        contenders.retain(|contender| self.only.is_none_or(|only| contender.name.contains(only)));
        let mut all = BTreeMap::new();
        let mut order = Vec::new();
        let present = contenders.len();
        for round in 0..=self.count {
            for turn in 0..present {
                // Whoever comes first finds the caches of the processor and the server as the last
                // one of the round before has left them: everybody is first once.
                let Contender { name, turn } = &mut contenders[(round + turn) % present];
                self.progress.step(&match round {
                    0 => format!("warming up: {name}"),
                    _ => format!("round {round} of {}: {name}", self.count),
                });
                let figures = turn(round).with_context(|| format!("measuring {name}"))?;
                for figure in figures {
                    let key = (*name, figure.measure.clone());
                    if !all.contains_key(&key) {
                        order.push(key.clone());
                    }
                    let series = all.entry(key).or_insert_with(|| Series {
                        contender: (*name).to_owned(),
                        measure: figure.measure,
                        unit: figure.unit,
                        rounds: BTreeMap::new(),
                    });
                    if round > 0 {
                        series.rounds.insert(round, figure.value);
                    }
                }
            }
        }
        Ok(order.iter().filter_map(|key| all.remove(key)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::OnceLock;

    use super::*;

    fn rounds(count: usize, only: Option<&'static str>) -> Rounds<'static> {
        static PROGRESS: OnceLock<Progress> = OnceLock::new();
        Rounds {
            count,
            only,
            progress: PROGRESS.get_or_init(|| Progress::new(1)),
        }
    }

    #[test]
    fn everybody_has_a_turn_in_each_round_and_is_first_now_and_then() {
        let turns = RefCell::new(String::new());
        let contender = |name: &'static str| {
            let turns = &turns;
            Contender::new(name, move |round| {
                turns.borrow_mut().push_str(name);
                let value = round as f64;
                Ok(vec![Figure::new("p50", Unit::Nanoseconds, value)])
            })
        };
        let contenders = vec![contender("a"), contender("b"), contender("c")];
        let series = rounds(3, None).interleave(contenders).unwrap();
        assert_eq!(turns.into_inner(), "abcbcacababc");
        assert_eq!(series.len(), 3);
        for each in series {
            let rounds: Vec<_> = each.rounds.into_iter().collect();
            assert_eq!(
                rounds,
                [(1, 1.0), (2, 2.0), (3, 3.0)],
                "without the warm-up"
            );
        }
    }

    #[test]
    fn who_sits_a_round_out_has_no_figure_of_it() {
        let slow = Contender::new("slow", |round| {
            let figure = Figure::new("p50", Unit::Count, 1.0);
            Ok(if round == 1 { vec![figure] } else { vec![] })
        });
        let series = rounds(3, None).interleave(vec![slow]).unwrap();
        assert_eq!(series[0].rounds.len(), 1);
    }

    #[test]
    fn only_some_are_measured_if_so_wished() {
        let contender =
            |name| Contender::new(name, |_| Ok(vec![Figure::new("p50", Unit::Count, 1.0)]));
        let contenders = vec![
            contender("unstale"),
            contender("unstale, Pub/Sub"),
            contender("DEL"),
        ];
        let series = rounds(1, Some("unstale")).interleave(contenders).unwrap();
        assert_eq!(series.len(), 2);
    }

    #[test]
    fn an_error_says_who_was_measured() {
        let broken = Contender::new("broken", |_| anyhow::bail!("no server"));
        let error = rounds(1, None).interleave(vec![broken]).unwrap_err();
        assert_eq!(format!("{error:#}"), "measuring broken: no server");
    }
}
