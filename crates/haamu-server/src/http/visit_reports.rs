//! Released visit reports.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use haamu_app::{App, ReportQuery, TreeOf, VisitView};
use haamu_domain::{LocalDate, UnitId, VisitId};
use haamu_wire::{ReportSummaryOut, ReportsOut, VisitReportOut};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{LanguageQuery, Path, Query, SignedIn};
use super::part::FileBytes;
use super::problem::Failure;

/// A page shows its own pictures and styles, and nothing from elsewhere.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportsQuery {
    /// The `next` of the page before.
    after: Option<Uuid>,
    /// Only reports of this unit and all below it.
    unit: Option<Uuid>,
    /// By the tree as it is `now`, or as it was at each `visit`.
    #[param(inline)]
    tree: Option<TreeName>,
    /// Only reports that count in a period from this day on: the `counts_in` of their round decides.
    #[param(value_type = Option<String>, format = Date)]
    counts_from: Option<LocalDate>,
    /// Only reports that count in a period until this day, itself included.
    #[param(value_type = Option<String>, format = Date)]
    counts_until: Option<LocalDate>,
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TreeName {
    Now,
    Visit,
}

/// List released visits.
#[utoipa::path(get, path = "/v1/visit-reports", tag = "visit reports", params(ReportsQuery),
    responses((status = 200, description = "A page of released visits.", body = ReportsOut)))]
pub(super) async fn list_visit_reports(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<ReportsQuery>,
) -> Result<axum::Json<ReportsOut>, Failure> {
    let wanted = ReportQuery {
        unit: query.unit.map(UnitId::from_uuid),
        tree: match query.tree {
            Some(TreeName::Visit) => TreeOf::Visit,
            Some(TreeName::Now) | None => TreeOf::Now,
        },
        counts_from: query.counts_from,
        counts_until: query.counts_until,
    };
    let page = app
        .list_reports(&bearer.actor, &wanted, query.after)
        .await?
        .map(summary_out);
    Ok(axum::Json(ReportsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read the report of a released visit.
#[utoipa::path(get, path = "/v1/visit-reports/{id}", tag = "visit reports",
    params(("id" = Uuid, Path, description = "The visit."), LanguageQuery),
    responses((status = 200, description = "The report.", body = VisitReportOut)))]
pub(super) async fn read_visit_report(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = query.choose(&headers)?;
    let json = app
        .visit_report_json(&bearer.actor, VisitId::from_uuid(id), language)
        .await?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        json,
    )
        .into_response())
}

/// Read the report of a released visit as a self-contained page.
#[utoipa::path(get, path = "/v1/visit-reports/{id}/html", tag = "visit reports",
    params(("id" = Uuid, Path, description = "The visit."), LanguageQuery),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")))]
pub(super) async fn read_visit_report_html(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = query.choose(&headers)?;
    let html = app
        .visit_report_html(&bearer.actor, VisitId::from_uuid(id), language)
        .await?;
    let name = HeaderValue::from_str(&format!("inline; filename=\"visit-report-{id}.html\""));
    let headers: [(HeaderName, HeaderValue); 3] = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (
            header::CONTENT_DISPOSITION,
            name.unwrap_or(HeaderValue::from_static("inline")),
        ),
    ];
    Ok((headers, html).into_response())
}

/// Read a photo of a released visit by its number in the report.
#[utoipa::path(get, path = "/v1/visit-reports/{id}/photos/{number}", tag = "visit reports",
    params(("id" = Uuid, Path, description = "The visit."), ("number" = u32, Path, description = "From 1.", minimum = 1)),
    responses((status = 200, description = "The photo.", body = inline(FileBytes), content_type = "image/jpeg")))]
pub(super) async fn read_visit_report_photo(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, number)): Path<(Uuid, usize)>,
) -> Result<Response, Failure> {
    let jpeg = app
        .visit_report_photo(&bearer.actor, VisitId::from_uuid(id), number)
        .await?;
    Ok(self::jpeg(jpeg))
}

pub(super) fn jpeg(bytes: Vec<u8>) -> Response {
    let media_type = HeaderValue::from_static("image/jpeg");
    ([(header::CONTENT_TYPE, media_type)], bytes).into_response()
}

fn summary_out(view: VisitView) -> ReportSummaryOut {
    ReportSummaryOut {
        visit: view.visit.id.uuid(),
        round: view.visit.round.uuid(),
        location: view.visit.location.uuid(),
        location_name: view.location_name,
        counts_in: view.report.counts_in,
        score: view.score,
        grade: view.grade,
    }
}
