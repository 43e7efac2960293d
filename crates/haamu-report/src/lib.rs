//! Reports of Haamu: view-models of what a reader may see, and their pages.
//!
//! Bytes in, bytes out: this crate loads nothing and knows no database and no
//! web server. A [`VisitReport`] holds no name of a shopper and no exact time,
//! because [`VisitReport::build`] is not given any but to mask them.

mod labels;
mod mail;
mod visit;

pub use mail::{Letter, OfferLine, OfferNews, RenderedMail, StaffLine, StaffNews, render_mail};
pub use visit::{
    AnswerView, BandView, CriticalView, LocalisedText, LossView, PhotoSource, PhotoView, ReportContext,
    ReportInput, ScoreView, SectionView, TagView, VisitReport, VisitView, render_html,
};
