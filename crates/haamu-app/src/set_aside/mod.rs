//! Work that the server set aside: reading it, and deciding about it.

mod adopt;
mod choice;
mod citing;
mod files;
mod read;

pub use adopt::DecidedView;
pub use choice::SetAsideChoice;
pub(crate) use read::count_of_visit;
pub use read::{OperationPage, OperationView, SetAsideQuery, SetAsideView, SetAsideVisit};
