//! Interleaved rounds: every subject has its turn in every round, so that what else the machine does hits all alike.

use anyhow::Result;

/// The value of every round for one subject.
#[derive(Debug, Clone)]
pub struct Series(Vec<f64>);

impl Series {
    /// The middle one; between the middle two of an even number.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => sorted[odd / 2],
            even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        }
    }

    /// The largest.
    pub fn most(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// This and another series, round by round.
    pub fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        self.0.iter().zip(&other.0).map(|(mine, theirs)| join(*mine, *theirs)).collect()
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Measures every subject in every round. The order rotates, so that nobody always comes after the same neighbour.
///
/// Gives the measurements of each subject, in the order of the subjects, by round.
pub fn interleave<S, M>(
    rounds: usize,
    subjects: &[S],
    measure: impl FnMut(usize, &S) -> Result<M>,
) -> Result<Vec<Vec<M>>> {
    interleave_some(|_| rounds, subjects, measure)
}

/// As [`interleave`], with a number of rounds for each: somebody who has fewer is left out of the last ones.
pub fn interleave_some<S, M>(
    rounds: impl Fn(&S) -> usize,
    subjects: &[S],
    mut measure: impl FnMut(usize, &S) -> Result<M>,
) -> Result<Vec<Vec<M>>> {
    let mut all: Vec<Vec<M>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..subjects.iter().map(&rounds).max().unwrap_or_default() {
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            if round < rounds(&subjects[at]) {
                all[at].push(measure(round, &subjects[at])?);
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_no_outlier_moves_it() {
        let series = |values: &[f64]| values.iter().copied().collect::<Series>();
        assert_eq!(series(&[9.0, 1.0, 1_000.0]).median(), 9.0);
        assert_eq!(series(&[4.0, 1.0, 2.0, 9.0]).median(), 3.0);
        assert!(series(&[]).median().is_nan());
        assert_eq!(series(&[4.0, 9.0, 2.0]).most(), 9.0);
    }

    #[test]
    fn every_subject_has_its_turn_in_every_round_and_goes_first_in_turn() {
        let mut order = Vec::new();
        let measured = interleave(3, &["a", "b", "c"], |round, subject| {
            order.push(*subject);
            Ok(format!("{subject}{round}"))
        });
        assert_eq!(measured.unwrap(), [["a0", "a1", "a2"], ["b0", "b1", "b2"], ["c0", "c1", "c2"]]);
        assert_eq!(order.concat(), "abcbcacab");
    }

    #[test]
    fn who_has_fewer_rounds_is_left_out_of_the_last_ones() {
        let measured = interleave_some(|rounds| *rounds, &[3, 1], |round, of| Ok(format!("{of}{round}")));
        assert_eq!(measured.unwrap(), [vec!["30", "31", "32"], vec!["10"]]);
    }
}
