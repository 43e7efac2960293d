//! Every operation, declared once: its verb, what it may fail with, and how long its body may be.

mod fieldwork;
mod filling;
mod organisation;
mod programmes;
mod results;
mod retention;

use haamu_app::App;
use utoipa::openapi::Tag;
use utoipa::openapi::tag::TagBuilder;
use utoipa_axum::router::OpenApiRouter;

/// What operations are grouped by, and what each group is about.
const TAGS: &[(&str, &str)] = &[
    (
        "account",
        "One's own account: password, address and second factors.",
    ),
    ("agency", "Settings and records of the whole agency."),
    ("briefings", "What shoppers read and are asked before they go."),
    ("checklists", "Checklists and their versions."),
    (
        "client organisations",
        "Those whose encounters are measured, with their locations.",
    ),
    ("devices", "Devices that answers are written on."),
    ("evaluations", "Review of what shoppers sent in."),
    ("failed jobs", "Work of the server that failed for good."),
    ("filling", "Finding a shopper for every visit of a round."),
    ("health", "Whether the server works, and what it can do."),
    ("hierarchies", "Trees of units over the locations of a client."),
    ("invitations", "Inviting people into the agency."),
    (
        "jobs",
        "The job board, and what shoppers do with visits of theirs.",
    ),
    ("panel", "Shoppers: profiles, companions, ties and agreements."),
    ("programmes", "Programmes with their rules and rounds."),
    (
        "registrations",
        "People who want to become shoppers, and what they are told before.",
    ),
    ("sessions", "Signing in and out."),
    ("set aside", "Work that could not be taken as it was sent."),
    ("sync", "Exchange with devices, and the files that they send."),
    ("tus", "Resumable uploads by the protocol tus, version 1.0.0."),
    ("users", "The people of the agency."),
    ("visit reports", "Released visits, as the client sees them."),
    ("visits", "Planned visits and their assignments."),
];

/// The groups of operations.
pub(super) fn tags() -> Vec<Tag> {
    let tag = |(name, about): &(&str, &str)| TagBuilder::new().name(*name).description(Some(*about)).build();
    TAGS.iter().map(tag).collect()
}

pub(super) fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(super::description())
        .merge(super::identity::identity())
        .merge(organisation::clients_and_checklists())
        .merge(programmes::programmes_and_visits())
        .merge(programmes::programme_documents())
        .merge(filling::filling())
        .merge(filling::jobs())
        .merge(filling::panel())
        .merge(filling::shoppers())
        .merge(fieldwork::fieldwork())
        .merge(fieldwork::set_aside())
        .merge(results::failed_jobs())
        .merge(retention::retention())
        .merge(results::results())
}
