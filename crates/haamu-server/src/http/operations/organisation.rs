//! Client organisations, their locations and trees, and checklists.

use haamu_app::App;
use haamu_domain::{Code, Verb};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::route::Operations;
use crate::http::{MAX_BODY, MAX_DOCUMENT, checklists, client_organisations, hierarchies};

pub(super) fn clients_and_checklists() -> OpenApiRouter<App> {
    let create = &[Code::ValidationFailed, Code::AlreadyExists];
    let small = Operations::default()
        .verb(
            Verb::CreateClientOrganisation,
            create,
            routes!(client_organisations::create_client_organisation),
        )
        .with_body_limit(MAX_BODY);
    let found = &[Code::NotFound];
    let checklist = &[Code::ChecklistUnsound, Code::AlreadyExists];
    let publish = &[Code::NotFound, Code::NotPossibleInState];
    Operations::default()
        .verb(
            Verb::ReadClientOrganisations,
            &[],
            routes!(client_organisations::list_client_organisations),
        )
        .verb(
            Verb::ReadLocations,
            found,
            routes!(client_organisations::list_locations),
        )
        .verb(
            Verb::CreateChecklist,
            checklist,
            routes!(checklists::create_checklist),
        )
        .verb(Verb::ReadChecklists, &[], routes!(checklists::list_checklists))
        .verb(
            Verb::ReadChecklists,
            found,
            routes!(checklists::read_checklist_version),
        )
        .verb(
            Verb::PublishChecklist,
            publish,
            routes!(checklists::publish_checklist_version),
        )
        .verb(
            Verb::PublishChecklist,
            publish,
            routes!(checklists::withdraw_checklist_version),
        )
        .with_body_limit(MAX_DOCUMENT)
        .merge(small)
        .merge(super::filling::tables())
        .merge(locations_and_hierarchies())
}

fn locations_and_hierarchies() -> OpenApiRouter<App> {
    let found = &[Code::NotFound];
    let change = &[Code::ValidationFailed, Code::NotFound];
    let create = &[Code::ValidationFailed, Code::NotFound, Code::AlreadyExists];
    let rename = &[
        Code::ValidationFailed,
        Code::NotFound,
        Code::AlreadyExists,
        Code::Conflict,
    ];
    Operations::default()
        .verb(
            Verb::ReadClientOrganisations,
            found,
            routes!(client_organisations::read_client_organisation),
        )
        .verb(
            Verb::UpdateClientOrganisation,
            rename,
            routes!(client_organisations::update_client_organisation),
        )
        .verb(Verb::ReadHierarchies, found, routes!(hierarchies::read_hierarchy))
        .verb(
            Verb::ManageHierarchies,
            rename,
            routes!(hierarchies::update_hierarchy),
        )
        .verb(
            Verb::ReadLocations,
            found,
            routes!(client_organisations::read_location),
        )
        .verb(
            Verb::UpdateLocation,
            change,
            routes!(client_organisations::update_location),
        )
        .verb(
            Verb::ManageHierarchies,
            create,
            routes!(hierarchies::create_hierarchy),
        )
        .verb(
            Verb::ReadHierarchies,
            found,
            routes!(hierarchies::list_hierarchies),
        )
        .verb(Verb::ManageHierarchies, create, routes!(hierarchies::create_unit))
        .verb(Verb::ReadHierarchies, found, routes!(hierarchies::list_units))
        .verb(Verb::ManageHierarchies, change, routes!(hierarchies::update_unit))
        .verb(
            Verb::ManageHierarchies,
            change,
            routes!(hierarchies::place_locations),
        )
        .verb(Verb::ListUsers, found, routes!(hierarchies::list_member_units))
        .verb(Verb::AssignUnits, change, routes!(hierarchies::set_member_units))
        .with_body_limit(MAX_BODY)
}
