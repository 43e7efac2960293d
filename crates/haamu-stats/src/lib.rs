//! Statistics over scored visits (sections 2.9 to 2.16 of the scoring specification).
//!
//! Scores stay exact for as long as they are sums, means and shares; floating
//! point begins where a distribution is asked, and its results are never stored
//! as scores. The crate is pure: the bootstrap of key drivers takes its seed
//! from the caller, and the same seed gives the same ranges everywhere.
//!
//! It decides nothing about who may see a number; [`suppress`] says which
//! cells of a table are too small to be shown.
//!
//! * [`aggregate`] — visits to one score, with what was left out
//! * [`interval`] — how sure a mean or a share is
//! * [`metrics`] — NPS, CES and CSAT
//! * [`change`] — whether two rounds differ
//! * [`drivers`] — what goes with the outcome; [`importance`] — what to mend first
//! * [`rank`], [`goal`], [`digital`], [`question`] — tables, targets, response times, items
//!
//! ```
//! use haamu_form::Exact;
//! use haamu_stats::aggregate::mean;
//!
//! let scores = [(70, 100), (80, 100), (90, 100)].map(|(part, whole)| Exact::ratio(part, whole).unwrap());
//! assert_eq!(mean(&scores).unwrap().to_string(), "4/5");
//! ```

pub mod aggregate;
pub mod change;
pub mod digital;
pub mod drivers;
pub mod goal;
pub mod importance;
pub mod interval;
pub mod metrics;
pub mod question;
pub mod rank;
pub mod suppress;
