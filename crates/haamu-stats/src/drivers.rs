//! Key drivers: which touchpoints go with the outcome (R45 to R48).
//!
//! They say what is *associated* with the outcome, not what causes it.

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::interval::{mean, variance};

/// The most predictors that are looked at.
pub const MAX_PREDICTORS: usize = 15;
/// The most predictors whose orders can all be tried.
pub const MAX_LMG_PREDICTORS: usize = 10;
/// Below this R² there is no ranking (R47).
pub const SMALLEST_R_SQUARED: f64 = 0.10;
const FEWEST_CASES: usize = 30;
const CASES_PER_PREDICTOR: usize = 10;
const MOST_MISSING: f64 = 0.2;

/// How R² is divided among the predictors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Johnson's relative weights (2000).
    #[default]
    RelativeWeights,
    /// The mean gain of R² over all orders (Lindeman, Merenda and Gold; Shapley).
    Lmg,
}

/// The share of R² that belongs to each predictor.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The share of the outcome's variance that all predictors explain together.
    pub r_squared: f64,
    /// The part of each predictor; they add up to `r_squared`.
    pub weights: Vec<f64>,
}

impl Weights {
    /// The parts as shares of R²; zeros where nothing is explained.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        let total: f64 = self.weights.iter().sum();
        let share = |weight: &f64| if total > 0.0 { weight / total } else { 0.0 };
        self.weights.iter().map(share).collect()
    }
}

/// Johnson's relative weights from correlations: R = VΔ²Vᵀ, Λ = VΔVᵀ, β = Λ⁻¹r,
/// weight ⱼ = Σₖ Λⱼₖ²βₖ² (R46). None if the predictors determine each other.
#[must_use]
pub fn relative_weights(between: &DMatrix<f64>, with_outcome: &DVector<f64>) -> Option<Weights> {
    let eigen = SymmetricEigen::new(between.clone());
    if eigen.eigenvalues.iter().any(|value| *value <= 1e-10) {
        return None;
    }
    let roots = DMatrix::from_diagonal(&eigen.eigenvalues.map(f64::sqrt));
    let lambda = &eigen.eigenvectors * roots * eigen.eigenvectors.transpose();
    let beta = lambda.clone().lu().solve(with_outcome)?;
    let squared = beta.map(|value| value * value);
    let weights: Vec<f64> = (0..between.nrows())
        .map(|row| {
            lambda
                .row(row)
                .map(|value| value * value)
                .transpose()
                .dot(&squared)
        })
        .collect();
    Some(Weights {
        r_squared: weights.iter().sum(),
        weights,
    })
}

/// The mean gain of R² over all orders of the predictors (R46). None if there are
/// more than [`MAX_LMG_PREDICTORS`], or the predictors determine each other.
#[must_use]
pub fn lmg(between: &DMatrix<f64>, with_outcome: &DVector<f64>) -> Option<Weights> {
    let count = between.nrows();
    if count > MAX_LMG_PREDICTORS {
        return None;
    }
    let subsets = 1_usize << count;
    let mut explained = vec![0.0; subsets];
    for (subset, value) in explained.iter_mut().enumerate().skip(1) {
        let chosen: Vec<usize> = (0..count).filter(|index| subset & (1 << index) != 0).collect();
        let matrix = DMatrix::from_fn(chosen.len(), chosen.len(), |row, column| {
            between[(chosen[row], chosen[column])]
        });
        let vector = DVector::from_fn(chosen.len(), |row, _| with_outcome[chosen[row]]);
        *value = vector.dot(&matrix.cholesky()?.solve(&vector));
    }
    let factorials: Vec<f64> = (0..=count).map(|n| (1..=n).map(|k| k as f64).product()).collect();
    let weight_of = |index: usize| -> f64 {
        let bit = 1 << index;
        let without = (0..subsets).filter(|subset| subset & bit == 0);
        without
            .map(|subset| {
                let size = subset.count_ones() as usize;
                let orders = factorials[size] * factorials[count - size - 1] / factorials[count];
                orders * (explained[subset | bit] - explained[subset])
            })
            .sum()
    };
    Some(Weights {
        r_squared: explained[subsets - 1],
        weights: (0..count).map(weight_of).collect(),
    })
}

/// Why a predictor was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// More than a fifth of its values are missing.
    TooManyMissing,
    /// It is always the same.
    NoVariance,
    /// There were more predictors than are looked at.
    BeyondLimit,
}

/// One predictor in the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// The index of the predictor.
    pub index: usize,
    /// Its share of R².
    pub share: f64,
    /// The 2.5 and 97.5 percentiles of the share over the bootstrap.
    pub range: (f64, f64),
}

/// What key-driver analysis found.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The drivers, strongest first.
    Drivers {
        /// The share of the outcome's variance that is explained.
        r_squared: f64,
        /// The drivers.
        drivers: Vec<Driver>,
    },
    /// The predictors explain too little for a ranking.
    NotExplained {
        /// The share of the outcome's variance that is explained.
        r_squared: f64,
    },
    /// Too few complete cases; only pairwise Spearman correlations, each with its own n.
    TooFew {
        /// The number of cases that it would take.
        needed: usize,
        /// For each predictor its correlation, where there is one, and the pairs behind it.
        spearman: Vec<(usize, Option<f64>, usize)>,
    },
    /// Predictors determine each other, so their parts cannot be told apart.
    Collinear,
}

/// A key-driver analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The complete cases.
    pub n: usize,
    /// The predictors that were left out, and why.
    pub left_out: Vec<(usize, LeftOut)>,
    /// What was found.
    pub outcome: Outcome,
}

/// How an analysis is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How R² is divided.
    pub method: Method,
    /// The number of bootstrap samples.
    pub samples: usize,
    /// The seed of the bootstrap.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::default(),
            samples: 1_000,
            seed: 1,
        }
    }
}

/// Finds the key drivers of an outcome (R45, R47). `predictors` has one list for
/// each predictor, with one value for each case, in the order of `outcome`.
///
/// # Panics
/// If a predictor has another number of cases than the outcome.
#[must_use]
pub fn analyse(outcome: &[Option<f64>], predictors: &[Vec<Option<f64>>], settings: Settings) -> Analysis {
    assert!(
        predictors.iter().all(|values| values.len() == outcome.len()),
        "one value for each case"
    );
    let (kept, left_out) = choose(outcome, predictors);
    let cases: Vec<(f64, Vec<f64>)> = (0..outcome.len())
        .filter_map(|case| {
            let values = kept
                .iter()
                .map(|index| predictors[*index][case])
                .collect::<Option<Vec<f64>>>();
            Some((outcome[case]?, values?))
        })
        .collect();
    let needed = FEWEST_CASES.max(CASES_PER_PREDICTOR * kept.len());
    let found = if kept.is_empty() || cases.len() < needed {
        Outcome::TooFew {
            needed,
            spearman: pairwise(outcome, predictors),
        }
    } else {
        rank_drivers(&cases, &kept, settings)
    };
    Analysis {
        n: cases.len(),
        left_out,
        outcome: found,
    }
}

fn choose(outcome: &[Option<f64>], predictors: &[Vec<Option<f64>>]) -> (Vec<usize>, Vec<(usize, LeftOut)>) {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for (index, values) in predictors.iter().enumerate() {
        let known: Vec<f64> = values
            .iter()
            .zip(outcome)
            .filter(|(_, outcome)| outcome.is_some())
            .filter_map(|(value, _)| *value)
            .collect();
        let asked = outcome.iter().flatten().count();
        let missing = 1.0 - known.len() as f64 / asked.max(1) as f64;
        if missing > MOST_MISSING {
            left_out.push((index, LeftOut::TooManyMissing));
        } else if known.len() < 2 || variance(&known) <= f64::EPSILON {
            left_out.push((index, LeftOut::NoVariance));
        } else if kept.len() == MAX_PREDICTORS {
            left_out.push((index, LeftOut::BeyondLimit));
        } else {
            kept.push(index);
        }
    }
    (kept, left_out)
}

fn rank_drivers(cases: &[(f64, Vec<f64>)], kept: &[usize], settings: Settings) -> Outcome {
    let rows: Vec<usize> = (0..cases.len()).collect();
    let Some(found) = weights_of(cases, &rows, settings.method) else {
        return Outcome::Collinear;
    };
    if found.r_squared < SMALLEST_R_SQUARED {
        return Outcome::NotExplained {
            r_squared: found.r_squared,
        };
    }
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut samples: Vec<Vec<f64>> = vec![Vec::with_capacity(settings.samples); kept.len()];
    for _ in 0..settings.samples {
        let rows: Vec<usize> = rows.iter().map(|_| draw(&mut random, cases.len())).collect();
        // A sample in which a predictor does not vary says nothing.
        if let Some(weights) = weights_of(cases, &rows, settings.method) {
            for (values, share) in samples.iter_mut().zip(weights.shares()) {
                values.push(share);
            }
        }
    }
    let mut drivers: Vec<Driver> = found
        .shares()
        .into_iter()
        .zip(&mut samples)
        .zip(kept)
        .map(|((share, values), index)| Driver {
            index: *index,
            share,
            range: middle(values, share),
        })
        .collect();
    drivers.sort_by(|a, b| b.share.total_cmp(&a.share));
    Outcome::Drivers {
        r_squared: found.r_squared,
        drivers,
    }
}

/// A number below `count`, each as likely.
fn draw(random: &mut ChaCha8Rng, count: usize) -> usize {
    let product = u128::from(random.next_u64()) * count as u128;
    (product >> 64) as usize
}

/// The middle 95 % of values, by nearest rank.
fn middle(values: &mut [f64], otherwise: f64) -> (f64, f64) {
    if values.is_empty() {
        return (otherwise, otherwise);
    }
    values.sort_by(f64::total_cmp);
    let at = |q: f64| values[((q * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1];
    (at(0.025), at(0.975))
}

fn weights_of(cases: &[(f64, Vec<f64>)], rows: &[usize], method: Method) -> Option<Weights> {
    let outcome: Vec<f64> = rows.iter().map(|row| cases[*row].0).collect();
    let count = cases.first()?.1.len();
    let columns: Vec<Vec<f64>> = (0..count)
        .map(|column| rows.iter().map(|row| cases[*row].1[column]).collect())
        .collect();
    let mut between = DMatrix::identity(count, count);
    for a in 0..count {
        for b in 0..a {
            let value = correlation(&columns[a], &columns[b])?;
            between[(a, b)] = value;
            between[(b, a)] = value;
        }
    }
    let with = columns
        .iter()
        .map(|column| correlation(column, &outcome))
        .collect::<Option<Vec<f64>>>()?;
    let with = DVector::from_vec(with);
    match method {
        Method::RelativeWeights => relative_weights(&between, &with),
        Method::Lmg => lmg(&between, &with),
    }
}

/// Pearson's correlation; none if one of the two does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    let scale = (of_a * of_b).sqrt();
    (scale > 1e-12).then(|| (both / scale).clamp(-1.0, 1.0))
}

fn pairwise(outcome: &[Option<f64>], predictors: &[Vec<Option<f64>>]) -> Vec<(usize, Option<f64>, usize)> {
    let of = |(index, values): (usize, &Vec<Option<f64>>)| {
        let pairs: Vec<(f64, f64)> = values
            .iter()
            .zip(outcome)
            .filter_map(|(value, outcome)| Some(((*value)?, (*outcome)?)))
            .collect();
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        (index, spearman(&a, &b), pairs.len())
    };
    predictors.iter().enumerate().map(of).collect()
}

/// Spearman's rank correlation, ties sharing their mean rank; none if one of the two does not vary.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() < 2 {
        return None;
    }
    correlation(&ranks(a), &ranks(b))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        // Ranks before this group were given out already: the group's first index tells how many.
        let before = order
            .iter()
            .position(|index| *index == tied[0])
            .unwrap_or_default();
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        for index in tied {
            ranks[*index] = rank;
        }
    }
    ranks
}

/// What a bad and a perfect touchpoint go with (R48).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PenaltyReward {
    /// The mean outcome where the touchpoint scored 0 to 25 %, minus the mean of all; none without such cases.
    pub penalty: Option<f64>,
    /// The mean outcome where the touchpoint scored 100 %, minus the mean of all; none without such cases.
    pub reward: Option<f64>,
}

/// Contrasts outcomes of bad and perfect touchpoint scores (R48); cases are (touchpoint score of 1, outcome).
#[must_use]
pub fn penalty_and_reward(cases: &[(f64, f64)]) -> PenaltyReward {
    let all: Vec<f64> = cases.iter().map(|(_, outcome)| *outcome).collect();
    let contrast = |is_meant: fn(f64) -> bool| {
        let some: Vec<f64> = cases
            .iter()
            .filter(|(score, _)| is_meant(*score))
            .map(|(_, outcome)| *outcome)
            .collect();
        (!some.is_empty()).then(|| mean(&some) - mean(&all))
    };
    PenaltyReward {
        penalty: contrast(|score| score <= 0.25),
        reward: contrast(|score| score >= 1.0),
    }
}
