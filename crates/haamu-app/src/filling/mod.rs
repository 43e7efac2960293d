//! Filling a round: rules, offers, the job board, and what shoppers and coordinators do with visits that are
//! not handed in yet.

mod apply;
mod ask;
mod board;
mod extend;
mod facts;
mod generate;
mod invite;
mod notices;
mod offer;
mod own;
mod panel;
mod plan;
mod progress;
mod propose;
mod remind;
mod round_days;
mod rounds;

pub use ask::{EligibilityQuery, EligibilityView};
pub use board::{ApplicationView, JobInput, JobQuery, JobView};
pub use extend::ExtendInput;
pub use generate::{GenerateInput, GenerateReport};
pub use offer::OfferInput;
pub use panel::{AgreementView, CompanionInput, OwnProfilePatch, ProfilePatch, TieInput};
pub use plan::VisitPlanPatch;
pub use progress::{CellProgress, RoundProgress};
pub use rounds::{RoundPatch, RoundView};

pub(crate) use facts::require_companion;
pub(crate) use offer::Given;
