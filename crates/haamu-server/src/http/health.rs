//! Whether the process lives, and whether it can work.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use haamu_app::App;

use super::problem::Failure;

/// Whether the process answers.
#[utoipa::path(get, path = "/health/live", tag = "health",
    responses((status = 204, description = "It does.")))]
pub(super) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Whether the process reaches its database.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 204, description = "It does.")))]
pub(super) async fn ready(State(app): State<App>) -> Result<StatusCode, Failure> {
    app.check_health().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "health",
    responses((status = 200, description = "The OpenAPI document.", body = serde_json::Value)))]
pub(super) async fn read_openapi() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        super::openapi_document(),
    )
}
