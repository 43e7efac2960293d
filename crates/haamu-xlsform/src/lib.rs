//! Checklists from forms that others wrote, and as forms for others.
//!
//! * [`Workbook`] — the sheets of an `.xlsx` or `.xls` file, or of the Markdown
//!   tables in which XLSForms are written down
//! * [`import`] — an XLSForm as a `haamu-checklist/1` document
//! * [`export`](fn@export) — a checklist as an XLSForm, scores in columns of its own
//! * [`import_questions`] — a plain list of questions in CSV
//! * [`expression`] — the part of XPath that XLSForms use
//!
//! What has no equivalent in a checklist is told in a [`Notice`] with its sheet,
//! row and column; nothing is left out in silence. The result is a sound
//! checklist, but a draft: touchpoints, points and weights are its author's to
//! add, as far as the `haamu::…` columns do not say them.
//!
//! ```
//! use haamu_xlsform::{Workbook, import};
//!
//! let book = Workbook::from_markdown("
//! | survey |      |       |                 |
//! |        | type | name  | label           |
//! |        | text | story | Tell your story |
//! ");
//! let imported = import(&book)?;
//! assert_eq!(imported.document["sections"][0]["questions"][0]["id"], "story");
//! # Ok::<(), haamu_xlsform::ImportError>(())
//! ```

mod calculate;
mod columns;
mod export;
pub mod expression;
mod limits;
mod notice;
mod questions;
mod survey;
mod translate;
mod workbook;

pub use export::{Exported, export};
pub use notice::{ImportError, Imported, Notice, Place};
pub use questions::import_questions;
pub use survey::import;
pub use workbook::{Row, Sheet, Workbook, WorkbookError};
