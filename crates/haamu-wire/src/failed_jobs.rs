//! Background jobs that were given up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A background job that failed each time and is not tried any more.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedJobOut {
    /// Its id.
    pub id: Uuid,
    /// What was to be done, such as `send_mail` or `process_submission`.
    pub kind: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed at last, in words for an operator.
    pub error: String,
    /// When it was put into the queue, in UTC.
    pub created_at: String,
    /// When it was given up, in UTC.
    pub failed_at: String,
}

/// A page of jobs that were given up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedJobsOut {
    /// The jobs, the latest first.
    pub items: Vec<FailedJobOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
