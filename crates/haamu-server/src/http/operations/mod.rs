//! Every operation, declared once: its verb, what it may fail with, and how long its body may be.

mod fieldwork;
mod filling;
mod organisation;
mod programmes;
mod results;
mod retention;

use haamu_app::App;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(super::description())
        .merge(super::identity::identity())
        .merge(organisation::clients_and_checklists())
        .merge(programmes::programmes_and_visits())
        .merge(programmes::programme_documents())
        .merge(filling::filling())
        .merge(filling::jobs())
        .merge(filling::panel())
        .merge(fieldwork::fieldwork())
        .merge(fieldwork::set_aside())
        .merge(results::failed_jobs())
        .merge(retention::retention())
        .merge(results::results())
}
