//! The middle of some figures, and how far they lie apart.

use serde::Serialize;

/// The middle of some figures, and how far they lie apart.
#[derive(Copy, Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half are no larger, half no smaller.
    pub median: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

impl Spread {
    /// Of these figures; `None` when there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<_> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (low, high) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let median = if figures.len().is_multiple_of(2) {
            f64::midpoint(figures[middle - 1], figures[middle])
        } else {
            figures[middle]
        };
        Some(Self { median, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_middle_two() {
        let of = |figures: &[f64]| Spread::of(figures.iter().copied());
        let spread = |median, low, high| Some(Spread { median, low, high });
        assert_eq!(of(&[3.0, 1.0, 2.0]), spread(2.0, 1.0, 3.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), spread(2.5, 1.0, 4.0));
        assert_eq!(of(&[7.0]), spread(7.0, 7.0, 7.0));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn one_wild_figure_does_not_move_the_median() {
        let wild = Spread::of([1.0, 1.1, 0.9, 1.0, 100.0]);
        assert_eq!(wild.map(|spread| spread.median), Some(1.0));
    }
}
