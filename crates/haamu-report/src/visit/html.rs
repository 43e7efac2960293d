//! The report as one page that needs nothing else.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_form::Language;

use crate::labels::Labels;

use super::model::{LocalisedText, PhotoView, VisitReport};

#[derive(Template)]
#[template(path = "visit.html")]
struct VisitPage<'a> {
    report: &'a VisitReport,
    labels: &'static Labels,
    photos: Vec<EmbeddedPhoto<'a>>,
}

struct EmbeddedPhoto<'a> {
    view: &'a PhotoView,
    data: String,
}

impl VisitPage<'_> {
    /// The `lang` attribute of a text in another language than the page's; empty otherwise.
    fn lang(&self, text: &LocalisedText) -> String {
        if text.lang == self.report.language || text.lang.is_empty() {
            return String::new();
        }
        let is_sound = text
            .lang
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_sound {
            format!(" lang=\"{}\"", text.lang)
        } else {
            String::new()
        }
    }
}

/// Renders a report as a self-contained page. `jpegs` are the photos' bytes, in the report's order.
///
/// # Errors
/// The template cannot be rendered, which no data should cause.
pub fn render_html(
    report: &VisitReport,
    language: Language,
    jpegs: &[Vec<u8>],
) -> Result<String, askama::Error> {
    let photos = report
        .photos
        .iter()
        .zip(jpegs)
        .map(|(view, jpeg)| EmbeddedPhoto {
            view,
            data: STANDARD.encode(jpeg),
        })
        .collect();
    VisitPage {
        report,
        labels: Labels::of(language),
        photos,
    }
    .render()
}
