//! Every operation of the API document, by nobody, by every role, and by the people of another agency.

use std::collections::BTreeSet;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_domain::{Role, SubmissionId};
use haamu_tests::agency::{ProgrammeOptions, Scene, small_checklist};
use haamu_tests::server::Call;
use haamu_tests::{Answer, Person, TestServer, WireDevice, both_dbs};
use serde_json::{Value, json};

use crate::access_filling::FillingThings;
use crate::access_samples::AccessThings;

/// A hash of a file that no one has sent.
const SHA: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const NEW_PASSWORD: &str = "kolme satunnaista sanaa";
const CSV: &str = "external_id,name,address,postal_code,city,country,time_zone\nA1,Nimi,Katu 1,00100,Helsinki,FI,Europe/Helsinki\n";

/// An operation, as the API document declares it.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    path: String,
    /// None: whoever comes, or a device.
    pub(crate) roles: Option<BTreeSet<String>>,
    /// The verb of the policy.
    pub(crate) verb: Option<String>,
    /// Whether only a person may call it.
    pub(crate) needs_a_person: bool,
    /// Whether a device signs it.
    by_device: bool,
}

pub(crate) fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(haamu_server::openapi_document()).expect("JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let names = operation["x-haamu-access"]["roles"].as_array();
            let roles = names.map(|names| {
                let names = names.iter().map(|name| name.as_str().expect("a role").to_owned());
                names.collect::<BTreeSet<_>>()
            });
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            let by_device = operation["x-haamu-access"]["device"] == true;
            assert_eq!(
                operation["security"]
                    .as_array()
                    .is_some_and(|list| !list.is_empty()),
                roles.is_some() || by_device,
                "{id}"
            );
            operations.push(Operation {
                id,
                method,
                path: path.clone(),
                verb: operation["x-haamu-access"]["verb"].as_str().map(str::to_owned),
                needs_a_person: operation["x-haamu-access"]["person"] == true,
                roles,
                by_device,
            });
        }
    }
    operations
}

/// What a well-formed request of an operation holds; an operation that is not named here fails the suite.
pub(crate) struct Sample {
    path: String,
    /// What a tus client says about the file.
    metadata: String,
    body: Body,
    /// Whether the request names something that belongs to the agency of the scene.
    names_something: bool,
}

pub(crate) enum Body {
    None,
    Json(Value),
    Other(&'static str, Vec<u8>),
}

/// The agency's things that a request can name.
pub(crate) struct Things<'a> {
    scene: &'a Scene,
    client: String,
    shopper: String,
    round: String,
    draft: String,
    late: String,
    revoked: String,
    hierarchy: String,
    unit: String,
    manager: String,
    scenario: String,
    briefing: String,
    notice: String,
    filling: FillingThings,
    access: AccessThings,
}

impl Things<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each operation")]
    pub(crate) fn sample(&self, operation: &Operation) -> Sample {
        let Things {
            scene,
            client,
            shopper,
            round,
            draft,
            late,
            revoked,
            hierarchy,
            unit,
            manager,
            scenario,
            briefing,
            notice,
            filling,
            access,
        } = self;
        let nothing = || Body::None;
        // (what stands in for {id}, the body, whether the body names something)
        let (id, body, in_body) = match operation.id.as_str() {
            id if filling.sample(id).is_some() => filling.sample(id).expect("it is there"),
            "accept_assignment" => (
                scene.assignment.as_str(),
                Body::Json(json!({"independent": true})),
                false,
            ),
            "head_blob" | "delete_blob" | "read_receipt" => ("", nothing(), true),
            "head_tus_upload" | "delete_tus_upload" => (scene.submission.as_str(), nothing(), true),
            "patch_tus_upload" | "override_tus_method" => (
                scene.submission.as_str(),
                Body::Other("application/offset+octet-stream", b"test".to_vec()),
                true,
            ),
            "create_tus_upload" => ("", nothing(), true),
            "patch_blob" | "patch_deposit_blob" => (
                "",
                Body::Other("application/partial-upload", b"test".to_vec()),
                true,
            ),
            "read_checklist_version" | "withdraw_checklist_version" => {
                (scene.version.as_str(), nothing(), false)
            }
            "publish_checklist_version" => (draft.as_str(), nothing(), false),
            "create_checklist" => ("", Body::Json(checklist("another")), false),
            "create_client_organisation" => ("", Body::Json(json!({"name": "Uusi asiakas"})), false),
            "list_locations" => (client.as_str(), nothing(), false),
            "import_locations" => (client.as_str(), Body::Other("text/csv", CSV.into()), false),
            "revoke_device" => (revoked.as_str(), nothing(), true),
            "enrol_device" => ("", Body::Json(device()), false),
            "create_programme" => {
                let body =
                    json!({"client_organisation": client, "name": "Toinen", "purpose": "reward_teams"});
                ("", Body::Json(body), true)
            }
            "activate_programme" | "close_programme" | "finish_programme" | "list_rounds"
            | "list_scenarios" | "list_briefings" | "read_journey" | "read_standards" | "read_method"
            | "read_field_rules" | "read_fees" | "read_certification" | "read_quiz" => {
                (scene.programme.as_str(), nothing(), false)
            }
            "list_trainees" | "read_programme" | "list_staff_notices" => {
                (scene.programme.as_str(), nothing(), false)
            }
            "update_programme" => (
                scene.programme.as_str(),
                Body::Json(json!({"name": "Toinen nimi"})),
                false,
            ),
            "withdraw_staff_notice" => (
                scene.programme.as_str(),
                Body::Json(json!({"reason": "Väärä päivä."})),
                false,
            ),
            "read_client_organisation" => (client.as_str(), nothing(), false),
            "update_client_organisation" => {
                (client.as_str(), Body::Json(json!({"name": "Toinen nimi"})), false)
            }
            "read_hierarchy" => (hierarchy.as_str(), nothing(), false),
            "update_hierarchy" => (
                hierarchy.as_str(),
                Body::Json(json!({"name": "Toinen nimi"})),
                false,
            ),
            "delete_certification" => (scene.programme.as_str(), nothing(), false),
            "give_attempts_back" => (scene.programme.as_str(), nothing(), true),
            "withdraw_briefing" => (briefing.as_str(), nothing(), false),
            "close_training" => (scene.programme.as_str(), nothing(), true),
            "open_training" => {
                let body = json!({"shoppers": [shopper]});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "list_own_training" => ("", nothing(), false),
            "put_journey" => {
                let body = json!({"touchpoints": []});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "put_standards" => (
                scene.programme.as_str(),
                Body::Json(json!({"standards": []})),
                false,
            ),
            "put_method" => {
                let body = json!({"sampling": "kaikki", "fieldwork": "paneeli", "weighting": "ei", "legal_basis": "oikeutettu etu"});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "put_field_rules" => (
                scene.programme.as_str(),
                Body::Json(json!({"rotation_days": 0})),
                false,
            ),
            "put_fees" => {
                let body = json!({"currency": "EUR", "fee_cents": 2500, "minutes": 45});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "put_certification" => {
                let body = json!({"checklist_version": scene.version, "attempts": 1, "valid_days": 1});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "create_quiz_attempt" => (
                scene.programme.as_str(),
                Body::Json(json!({"answers": {}})),
                false,
            ),
            "create_scenario" => (scene.programme.as_str(), Body::Json(self::scenario()), false),
            "update_scenario" => (scenario.as_str(), Body::Json(json!({"name": "Toinen"})), false),
            "create_briefing" => (scene.programme.as_str(), Body::Json(self::briefing()), false),
            "confirm_briefing" | "list_briefing_receipts" => (briefing.as_str(), nothing(), false),
            "create_round" => {
                let body = json!({"name": "Toinen", "checklist_version": scene.version, "starts_on": "2026-11-16",
                    "visit_by": "2026-11-29", "report_by": "2026-12-01", "counts_in": "2026-11-30"});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "record_staff_notice" => {
                let body = json!({"informed_on": "2026-10-01", "audience": "kaikki", "channel": "posti", "text": "Niin."});
                (scene.programme.as_str(), Body::Json(body), false)
            }
            "create_visits" => (
                round.as_str(),
                Body::Json(json!({"visits": [{"location": scene.location}]})),
                false,
            ),
            "read_location" => (scene.location.as_str(), nothing(), false),
            "update_location" => (
                scene.location.as_str(),
                Body::Json(json!({"name": "Toinen"})),
                false,
            ),
            "create_hierarchy" => (client.as_str(), Body::Json(json!({"name": "Brand"})), false),
            "list_hierarchies" => (client.as_str(), nothing(), false),
            "list_units" => (hierarchy.as_str(), nothing(), false),
            "create_unit" => (hierarchy.as_str(), Body::Json(json!({"name": "North"})), false),
            "place_locations" => {
                let body = json!({"unit": unit, "locations": [scene.location]});
                (hierarchy.as_str(), Body::Json(body), false)
            }
            "update_unit" => (unit.as_str(), Body::Json(json!({"name": "South-West"})), false),
            "list_member_units" => (manager.as_str(), nothing(), false),
            "set_member_units" => (manager.as_str(), Body::Json(json!({"units": []})), false),
            "create_assignment" => (
                scene.visit.as_str(),
                Body::Json(json!({"shopper": shopper})),
                false,
            ),
            "hold_visit" => (
                scene.visit.as_str(),
                Body::Json(json!({"reason": "Selvitys"})),
                false,
            ),
            "lift_hold" => (scene.visit.as_str(), nothing(), false),
            "confirm_critical" => {
                let body = json!({"question": "insulted", "evidence": "Kuvaus"});
                (scene.visit.as_str(), Body::Json(body), false)
            }
            "approve_evaluation" => (scene.visit.as_str(), Body::Json(json!({})), false),
            "return_evaluation" => (
                scene.visit.as_str(),
                Body::Json(json!({"reason": "Tarkenna"})),
                false,
            ),
            "release_evaluation"
            | "read_evaluation_photo"
            | "read_evaluation"
            | "read_visit"
            | "read_visit_report"
            | "read_visit_report_html"
            | "read_visit_report_photo" => (scene.visit.as_str(), nothing(), false),
            "read_set_aside" => (late.as_str(), nothing(), false),
            "adopt_set_aside" => (late.as_str(), Body::Json(json!({})), false),
            "discard_set_aside" => (late.as_str(), Body::Json(json!({"reason": "Turha"})), false),
            "sync" | "create_deposit" => ("", Body::Other("application/json", b"{}".to_vec()), false),
            "create_user" => {
                let body = json!({"email": "uusi@north.example", "display_name": "Uusi", "role": "reviewer",
                    "password": NEW_PASSWORD});
                ("", Body::Json(body), false)
            }
            "list_checklists"
            | "list_client_organisations"
            | "list_devices"
            | "list_programmes"
            | "list_set_aside"
            | "count_set_aside"
            | "list_users"
            | "list_visit_reports"
            | "list_visits"
            | "read_me"
            | "delete_session" => ("", nothing(), false),
            other => access
                .sample(other)
                .unwrap_or_else(|| panic!("the authorisation suite has no request for {other}")),
        };
        let mut path = operation
            .path
            .replace("{id}", id)
            .replace("{device}", id)
            .replace("{number}", "1")
            .replace("{shopper}", shopper)
            .replace("{notice}", notice)
            .replace("{tie}", filling.tie())
            .replace("{sha256}", SHA);
        if operation.path.contains("/blobs/") {
            path = format!("{path}?submission={}", scene.submission);
        }
        let metadata = [("sha256", SHA), ("submission", &scene.submission)];
        let metadata = metadata.map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
        Sample {
            metadata: metadata.join(","),
            path,
            body,
            names_something: in_body || operation.path.contains("{id}"),
        }
    }
}

fn checklist(id: &str) -> Value {
    let mut document = small_checklist();
    document["id"] = id.into();
    document
}

fn device() -> Value {
    json!({"device": format!("{:032x}", rand::random::<u128>()),
        "public_key": haamu_tests::wire::PUBLIC_KEY,
        "platform": "test", "build": "test/1"})
}

async fn send(server: &TestServer, operation: &Operation, sample: &Sample, by: Option<&Person>) -> Answer {
    let token = match by {
        Some(person) => Some(server.token(person).await),
        None => None,
    };
    send_with(server, operation, sample, token.as_deref()).await
}

pub(crate) async fn send_with(
    server: &TestServer,
    operation: &Operation,
    sample: &Sample,
    token: Option<&str>,
) -> Answer {
    let call = server.request(operation.method.clone(), &sample.path);
    let call: Call<'_> = match &sample.body {
        Body::None => call,
        Body::Json(body) => call.json(body),
        Body::Other(media_type, body) => call.body(media_type, body.clone()),
    };
    let call = call
        .header("upload-offset", "0")
        .header("tus-resumable", "1.0.0")
        .header("upload-length", "4")
        .header("upload-metadata", &sample.metadata)
        .header("x-http-method-override", "PATCH");
    match token {
        Some(token) => call.bearer(token).send().await,
        None => call.send().await,
    }
}

/// A visit whose report is released, work that came too late for it, a second round, and a checklist draft.
pub(crate) async fn things<'a>(server: &TestServer, scene: &'a Scene) -> Things<'a> {
    let agency = &server.north;
    let draft = server
        .post("/v1/checklists", checklist("draft"))
        .by(agency.coordinator())
        .await
        .send()
        .await;
    let draft = draft.created()["id"].as_str().expect("an id").to_owned();
    let mut device = WireDevice::enrol(server, agency.shopper()).await;
    let submission: uuid::Uuid = scene.submission.parse().expect("an id");
    let document = SubmissionId::from_uuid(submission).document();
    let _ = device
        .send(&device.request(&[device.op(1, document, "greeted", "\"no\"")]))
        .await;
    let listed = server
        .get("/v1/set-aside")
        .by(agency.reviewer())
        .await
        .send()
        .await
        .ok();
    let late = listed["items"][0]["id"].as_str().expect("an id").to_owned();
    let (hierarchy, unit) = tree(server).await;
    let (scenario, briefing) = documents(server, scene).await;
    let notices = format!("/v1/programmes/{}/staff-notices", scene.programme);
    let notices = server
        .get(&notices)
        .by(agency.coordinator())
        .await
        .send()
        .await
        .ok();
    let notice = notices["items"][0]["id"].as_str().expect("an id").to_owned();
    let filling = FillingThings::make(server, scene, &scene.round).await;
    Things {
        scene,
        client: agency.client.to_string(),
        shopper: agency.other_shopper.id.to_string(),
        round: scene.round.clone(),
        draft,
        late,
        revoked: device.id.to_string(),
        hierarchy,
        unit,
        manager: agency.other_manager.id.to_string(),
        scenario,
        briefing,
        notice,
        filling,
        access: AccessThings::make(server, agency).await,
    }
}

/// A scenario, a briefing and a quiz of the programme.
async fn documents(server: &TestServer, scene: &Scene) -> (String, String) {
    let coordinator = server.north.coordinator();
    let path = format!("/v1/programmes/{}/scenarios", scene.programme);
    let call = server.post(&path, scenario());
    let scenario = call.by(coordinator).await.send().await.created();
    let path = format!("/v1/programmes/{}/briefings", scene.programme);
    let call = server.post(&path, briefing());
    let briefing = call.by(coordinator).await.send().await.created();
    let id = |made: &Value| made["id"].as_str().expect("an id").to_owned();
    (id(&scenario), id(&briefing))
}

fn scenario() -> Value {
    json!({"name": "Osta kengät", "scenario": {"script": "Kysy kenkiä.", "difficulty": 1}})
}

fn briefing() -> Value {
    json!({"title": "Ennen käyntiä", "language": "fi", "body": "Ole ajoissa."})
}

/// A tree over the client's locations, with one unit.
async fn tree(server: &TestServer) -> (String, String) {
    let agency = &server.north;
    let path = format!("/v1/client-organisations/{}/hierarchies", agency.client);
    let call = server.post(&path, json!({"name": "District"}));
    let made = call.by(agency.coordinator()).await.send().await.created();
    let hierarchy = made["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/hierarchies/{hierarchy}/units");
    let call = server.post(&path, json!({"name": "South"}));
    let made = call.by(agency.coordinator()).await.send().await.created();
    (hierarchy, made["id"].as_str().expect("an id").to_owned())
}

both_dbs! {
    async fn nobody_gets_anything_that_is_not_public(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        for operation in operations().iter().filter(|operation| operation.roles.is_some() || operation.by_device) {
            let sample = things.sample(operation);
            let answer = send(&server, operation, &sample, None).await;
            assert_eq!(answer.status, 401, "{}", operation.id);
        }
    }

    async fn a_role_does_what_is_declared_and_nothing_else(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        for operation in operations() {
            let Some(roles) = &operation.roles else { continue };
            for role in Role::ALL {
                let sample = things.sample(&operation);
                let answer = send(&server, &operation, &sample, Some(server.north.person(role))).await;
                let shown = format!("{} as {}: {} {}", operation.id, role.as_str(), answer.status, answer.text());
                if roles.contains(role.as_str()) {
                    // The shopper of the scene has no other person's file to send.
                    let is_right = !matches!(answer.status.as_u16(), 401 | 403 | 500..);
                    assert!(is_right, "{shown}");
                } else {
                    assert_eq!(answer.status, 403, "{shown}");
                }
            }
            server.forget_tokens();
        }
    }

    async fn nothing_of_an_agency_exists_for_the_people_of_another(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        for operation in operations() {
            let Some(roles) = &operation.roles else { continue };
            let sample = things.sample(&operation);
            for role in Role::ALL.into_iter().filter(|role| roles.contains(role.as_str())) {
                let answer = send(&server, &operation, &sample, Some(server.south.person(role))).await;
                let shown = format!("{} as {}: {} {}", operation.id, role.as_str(), answer.status, answer.text());
                if sample.names_something {
                    assert_eq!(answer.status, 404, "{shown}");
                } else {
                    for secret in [&scene.visit, &scene.programme, &scene.location, &things.client] {
                        assert!(!answer.text().contains(secret.as_str()), "{shown}");
                    }
                }
            }
            server.forget_tokens();
        }
    }

    async fn a_client_sees_nothing_of_another_client(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let things = things(&server, &scene).await;
        for operation in operations() {
            let Some(roles) = &operation.roles else { continue };
            if !roles.contains(Role::ClientManager.as_str()) {
                continue;
            }
            let sample = things.sample(&operation);
            let answer = send(&server, &operation, &sample, Some(&server.north.other_manager)).await;
            let shown = format!("{}: {} {}", operation.id, answer.status, answer.text());
            if sample.names_something {
                assert_eq!(answer.status, 404, "{shown}");
            }
            for secret in [&scene.visit, &scene.location, &things.client] {
                assert!(!answer.text().contains(secret.as_str()), "{shown}");
            }
        }
    }

    async fn a_shopper_reaches_no_other_shoppers_work(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let other = &server.north.other_shopper;
        let path = format!("/v1/assignments/{}/accept", scene.assignment);
        assert_eq!(server.post(&path, Value::Null).by(other).await.send().await.problem(404), "not_found");
        let path = format!("/v1/blobs/{SHA}?submission={}", scene.submission);
        assert_eq!(server.request(Method::HEAD, &path).by(other).await.send().await.status, 404);
    }

    async fn a_token_of_another_server_is_worth_nothing(server) {
        let token = server.token(server.north.coordinator()).await;
        let mut parts: Vec<&str> = token.split('.').collect();
        let signature = "AAAA".repeat(20);
        parts[2] = &signature;
        let forged = parts.join(".");
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
        for token in [forged.as_str(), unsigned.as_str(), "nonsense", ""] {
            let answer = server.get("/v1/me").bearer(token).send().await;
            assert_eq!(answer.problem(401), "unauthenticated", "{token}");
        }
    }

    async fn an_access_token_runs_out(server) {
        let token = server.token(server.north.coordinator()).await;
        server.clock.advance_seconds(3_600);
        let answer = server.get("/v1/me").bearer(&token).send().await;
        assert_eq!(answer.problem(401), "unauthenticated");
    }
}
