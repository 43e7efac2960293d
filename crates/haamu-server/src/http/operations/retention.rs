//! How long data is kept, what was deleted, and what is held.

use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::route::Operations;
use crate::http::{MAX_BODY, retention};

pub(super) fn retention() -> OpenApiRouter<App> {
    let hold = &[Code::ValidationFailed, Code::NotFound];
    Operations::default()
        .verb(Verb::ManageRetention, &[], routes!(retention::read_retention))
        .verb(
            Verb::ManageRetention,
            &[Code::ValidationFailed],
            routes!(retention::set_retention),
        )
        .verb(Verb::ManageRetention, &[], routes!(retention::list_purges))
        .verb(Verb::HoldVisit, hold, routes!(retention::hold_visit))
        .verb(Verb::HoldVisit, &[Code::NotFound], routes!(retention::lift_hold))
        .with_body_limit(MAX_BODY)
}
