//! The report of one visit.

mod answers;
mod build;
mod html;
mod model;

pub use build::{PhotoSource, ReportContext, ReportInput};
pub use html::render_html;
pub use model::{
    AnswerView, BandView, CriticalView, LocalisedText, LossView, PhotoView, ScoreView, SectionView, TagView,
    VisitReport, VisitView,
};
