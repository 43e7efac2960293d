//! Filling a round: rules, offers, the job board, and what shoppers and coordinators do with visits that are
//! not handed in yet.

mod ask;
mod board;
mod facts;
mod offer;
mod own;
mod plan;

pub use ask::{EligibilityQuery, EligibilityView};
pub use board::{ApplicationView, JobInput, JobQuery, JobView};
pub use offer::OfferInput;
pub use plan::VisitPlanPatch;

pub(crate) use offer::Given;
