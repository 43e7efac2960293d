//! Filling a round: rules, offers, the job board, and what shoppers and coordinators do with visits that are
//! not handed in yet.

mod agreements;
mod applications;
mod apply;
mod ask;
mod board;
mod candidates;
mod companions;
mod deadline;
mod departed;
mod extend;
mod facts;
mod generate;
mod held;
mod invite;
mod notices;
mod offer;
mod open;
mod own;
mod own_applications;
mod panel;
mod plan;
mod progress;
mod promise;
mod propose;
mod remind;
mod round_days;
mod rounds;
mod shoppers;
mod standing;
mod tell;
mod ties;

pub use agreements::AcceptanceView;
pub use applications::ApplicationView;
pub use ask::{EligibilityQuery, EligibilityView};
pub use board::{JobInput, JobQuery, JobView};
pub use candidates::{CandidateQuery, CandidateView, CandidatesView};
pub use companions::CompanionInput;
pub use extend::ExtendInput;
pub use generate::{GenerateInput, GenerateReport};
pub use offer::OfferInput;
pub use own_applications::OwnApplicationView;
pub use panel::{AgreementView, OwnProfilePatch, ProfilePatch};
pub use plan::VisitPlanPatch;
pub use progress::{CellProgress, RoundProgress};
pub use rounds::{RoundPatch, RoundView};
pub use shoppers::{ShopperQuery, ShopperView};
pub use ties::TieInput;

pub(crate) use board::require_declared;
pub(crate) use companions::require_companion;
pub(crate) use facts::{RoundFacts, is_tied};
pub(crate) use offer::Given;
