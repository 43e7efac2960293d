//! One round: read, changed, called off, and how far it is.

use axum::http::Method;
use futures::future::join_all;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{Answer, TestServer, WireDevice, both_dbs};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::filling::Field;

/// News wait so long for others.
const GATHER: i64 = 3 * 60;

/// The rules of most of these tests.
fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

async fn change(field: &Field<'_>, body: &Value, revision: Option<&str>) -> Answer {
    let path = format!("/v1/rounds/{}", field.round);
    let call = field.server.request(Method::PATCH, &path).json(body);
    let call = match revision {
        Some(revision) => call.header("if-match", revision),
        None => call,
    };
    call.by(field.server.north.coordinator()).await.send().await
}

async fn read(field: &Field<'_>) -> Value {
    let path = format!("/v1/rounds/{}", field.round);
    field.get(&path, field.server.north.coordinator()).await.ok()
}

async fn progress(field: &Field<'_>) -> Value {
    let path = format!("/v1/rounds/{}/progress", field.round);
    field.get(&path, field.server.north.coordinator()).await.ok()
}

/// How often the audit trail has an action on a kind of thing.
async fn audited(server: &TestServer, action: &str, kind: &str) -> i64 {
    let connection = server.database.connect().await;
    let sql = format!("SELECT COUNT(*) FROM audit WHERE action = '{action}' AND target_kind = '{kind}'");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await;
    let row = row.expect("a query").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

both_dbs! {
    async fn a_round_is_read_and_changed_with_its_quotas(server) {
        let field = Field::open(&server, free()).await;
        let before = read(&field).await;
        assert_eq!((&before["name"], &before["revision"], &before["quotas"]),
            (&json!("Kierros"), &json!(1), &json!({"weekday": {}, "daypart": {}, "week": {}})));
        let body = json!({"name": "Marraskuu", "report_by": "2026-12-04", "counts_in": "2026-11-01",
            "quotas": {"weekday": {"sat": 2}}});
        let changed = change(&field, &body, Some("\"1\"")).await;
        assert_eq!(changed.header("etag"), Some("\"2\""));
        let changed = changed.ok();
        assert_eq!((&changed["name"], &changed["report_by"], &changed["counts_in"]),
            (&json!("Marraskuu"), &json!("2026-12-04"), &json!("2026-11-01")));
        assert_eq!(changed["visit_by"], "2026-11-29", "what is not said stays");
        assert_eq!(change(&field, &body, Some("\"1\"")).await.problem(409), "conflict");
        let path = format!("/v1/rounds/{}/quotas", field.round);
        let quotas = json!({"week": {"1": 5}});
        let put = field.send(Method::PUT, &path, &quotas, server.north.coordinator()).await;
        assert_eq!(put.status, 204);
        assert_eq!(change(&field, &body, Some("\"2\"")).await.problem(409), "conflict", "quotas are part of it");
        let after = read(&field).await;
        assert_eq!((&after["revision"], &after["quotas"]["week"]), (&json!(3), &json!({"1": 5})));
        let path = format!("/v1/programmes/{}/rounds", field.programme);
        let listed = server.list(&path, server.north.coordinator()).await;
        assert_eq!((listed.len(), &listed[0]["revision"], listed[0].get("quotas")), (1, &json!(3), None));
        let wrong = json!({"visit_by": "2026-11-10", "quotas": {"weekday": {"montag": 1}}});
        assert_eq!(change(&field, &wrong, None).await.issues(422), ["quotas.weekday.montag unknown_value"]);
        let wrong = json!({"visit_by": "2026-11-10"});
        assert_eq!(change(&field, &wrong, None).await.issues(422), ["visit_by out_of_order"]);
        assert_eq!(audited(&server, "round.update", "round").await, 2, "one of them by its quotas alone");
    }

    async fn days_that_are_agreed_stay_within_their_round(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, shopper, Some("2026-11-25")).await;
        field.accept(&assignment, shopper).await;
        let mut device = WireDevice::enrol(&server, shopper).await;
        let _ = device.send(&device.request(&[])).await;
        assert_eq!(change(&field, &json!({"visit_by": "2026-11-24"}), None).await.issues(422), ["visit_by day_agreed"]);
        assert_eq!(change(&field, &json!({"starts_on": "2026-11-26"}), None).await.issues(422), ["starts_on day_agreed"]);
        let shorter = json!({"starts_on": "2026-11-25", "visit_by": "2026-11-25", "report_by": "2026-11-26"});
        let _ = change(&field, &shorter, None).await.ok();
        let page = device.send(&device.request(&[])).await;
        assert_eq!(page.page.len(), 1, "the device learns of it: {page:?}");
        let longer = json!({"visit_by": "2026-12-10", "report_by": "2026-12-12"});
        let _ = change(&field, &longer, None).await.ok();
        let path = format!("/v1/assignments/{assignment}/reschedule");
        let moved = field.send(Method::POST, &path, &json!({"due_on": "2026-12-09"}), shopper).await;
        assert!(moved.status.is_success(), "{}", moved.text());
        assert_eq!(change(&field, &json!({"visit_by": "2026-12-08"}), None).await.issues(422), ["visit_by day_agreed"]);
        let planned = json!({"starts_on": "2026-12-05", "visit_by": "2026-12-07"});
        let path = format!("/v1/visits/{}/plan", field.plan(1).await);
        let _ = field.send(Method::PATCH, &path, &planned, server.north.coordinator()).await.ok();
        let early = json!({"starts_on": "2026-11-25", "visit_by": "2026-11-30", "report_by": "2026-12-01"});
        assert_eq!(change(&field, &early, None).await.issues(422), ["visit_by day_agreed", "visit_by day_planned", "report_by day_planned"]);
    }

    async fn a_round_that_is_called_off_takes_its_offers_back(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (offered, accepted, bare, gone) =
            (field.plan(0).await, field.plan(1).await, field.plan(2).await, field.plan(2).await);
        let path = format!("/v1/visits/{gone}/cancel");
        let _ = field.post(&path, json!({"reason": "Ei tarvita."})).await.ok();
        let assignment = field.offered(&accepted, shopper, Some("2026-11-25")).await;
        field.accept(&assignment, shopper).await;
        let _ = field.offered(&offered, other, None).await;
        server.clock.advance_seconds(GATHER);
        server.run_jobs().await;
        let _ = server.mail.take();
        let cancel = format!("/v1/rounds/{}/cancel", field.round);
        assert_eq!(field.post(&cancel, json!({"reason": " "})).await.issues(422), ["reason required"]);
        let round = field.post(&cancel, json!({"reason": "Asiakas perui kierroksen."})).await.ok();
        assert_eq!(round["cancel_reason"], "Asiakas perui kierroksen.");
        assert!(round["cancelled_at"].is_string() && read(&field).await["cancelled_at"].is_string());
        for visit in [&offered, &accepted, &bare, &gone] {
            assert_eq!(field.state(visit).await, "planned free");
        }
        server.clock.advance_seconds(GATHER);
        server.run_jobs().await;
        let mut told: Vec<_> = server.mail.take().into_iter().map(|mail| (mail.recipient, mail.content.text)).collect();
        told.sort();
        let mut expected = vec![shopper.email.clone(), other.email.clone()];
        expected.sort();
        assert_eq!(told.iter().map(|(who, _)| who.clone()).collect::<Vec<_>>(), expected);
        assert!(told.iter().all(|(_, text)| text.contains("These visits are yours no longer")), "{told:?}");
        assert_eq!((audited(&server, "round.cancel", "round").await, audited(&server, "round.cancel", "assignment").await), (1, 2));
        // Nothing of it comes back.
        assert_eq!(field.post(&cancel, json!({"reason": "Taas."})).await.problem(409), "not_possible_in_state");
        assert_eq!(field.offer(&bare, shopper, None).await.problem(409), "not_possible_in_state");
        assert_eq!(field.post(&format!("/v1/visits/{bare}/reopen"), Value::Null).await.problem(409), "not_possible_in_state");
        let visits = json!({"visits": [{"location": field.locations[0]}]});
        let planned = field.post(&format!("/v1/rounds/{}/visits", field.round), visits).await;
        assert_eq!(planned.problem(409), "not_possible_in_state");
        let generate = format!("/v1/rounds/{}/visits/generate", field.round);
        assert_eq!(field.post(&generate, json!({})).await.problem(409), "not_possible_in_state");
        assert_eq!(change(&field, &json!({"name": "Uusi"}), None).await.problem(409), "not_possible_in_state");
        let found = progress(&field).await;
        assert_eq!((&found["called_off"], &found["offered"], &found["states"]), (&json!(4), &json!(0), &json!({"planned": 4})));
    }

    async fn nothing_is_accepted_or_planned_beside_a_cancellation(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let _ = server.token(shopper).await;
        let mut offers = Vec::new();
        for number in 0..8 {
            let visit = field.plan(number % 3).await;
            offers.push(field.offered(&visit, shopper, Some("2026-11-25")).await);
        }
        let accept = async |assignment: &String| {
            let path = format!("/v1/assignments/{assignment}/accept");
            field.send(Method::POST, &path, &json!({"independent": true}), shopper).await.status
        };
        let plan = async |place: usize| {
            let visits = json!({"visits": [{"location": field.locations[place]}]});
            field.post(&format!("/v1/rounds/{}/visits", field.round), visits).await.status
        };
        let cancel = format!("/v1/rounds/{}/cancel", field.round);
        let cancel = field.post(&cancel, json!({"reason": "Asiakas perui kierroksen."}));
        let accepted = join_all(offers.iter().map(accept));
        let planned = join_all((0..3).map(plan));
        let (cancelled, accepted, planned) = tokio::join!(cancel, accepted, planned);
        assert_eq!(cancelled.status, 200, "{}", cancelled.text());
        for status in accepted.into_iter().chain(planned) {
            assert!([200, 201, 409].contains(&status.as_u16()), "{status}");
        }
        let found = progress(&field).await;
        assert_eq!((&found["offered"], &found["states"]), (&json!(0), &json!({"planned": found["called_off"]})));
    }

    async fn no_day_is_agreed_beside_a_change_that_excludes_it(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let _ = server.token(shopper).await;
        let assignment = field.offered(&field.plan(0).await, shopper, Some("2026-11-21")).await;
        let path = format!("/v1/assignments/{assignment}/accept");
        let later = json!({"independent": true, "due_on": "2026-11-28"});
        let shorter = json!({"visit_by": "2026-11-24"});
        let accepted = field.send(Method::POST, &path, &later, shopper);
        let (accepted, changed) = tokio::join!(accepted, change(&field, &shorter, None));
        let both = [accepted.status.as_u16(), changed.status.as_u16()];
        assert!([[200, 422], [409, 200]].contains(&both), "{both:?}");
    }

    async fn progress_counts_visits_by_state_and_by_cell(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let quotas = json!({"quotas": {"weekday": {"wed": 2, "sat": 1}, "daypart": {"evening": 3}, "week": {"2": 9}}});
        let _ = change(&field, &quotas, None).await.ok();
        let visits = [field.plan(0).await, field.plan(1).await, field.plan(2).await, field.plan(0).await, field.plan(1).await];
        for visit in &visits[..2] {
            let path = format!("/v1/visits/{visit}/plan");
            let plan = json!({"daypart": "evening"});
            let _ = field.send(Method::PATCH, &path, &plan, server.north.coordinator()).await.ok();
        }
        let path = format!("/v1/visits/{}/plan", visits[2]);
        let plan = json!({"starts_on": "2026-11-23", "visit_by": "2026-11-28"});
        let _ = field.send(Method::PATCH, &path, &plan, server.north.coordinator()).await.ok();
        let _ = field.offered(&visits[0], other, Some("2026-11-25")).await;
        let assignment = field.offered(&visits[3], shopper, Some("2026-11-25")).await;
        field.accept(&assignment, shopper).await;
        let path = format!("/v1/visits/{}/cancel", visits[4]);
        let _ = field.post(&path, json!({"reason": "Ei tarvita."})).await.ok();
        let cell = |size: Value, free: Value, counts: [u64; 3]| {
            let [planned, offered, accepted] = counts;
            let mut cell = json!({"planned": planned, "offered": offered, "accepted": accepted, "made": 0});
            if !size.is_null() {
                (cell["size"], cell["free"]) = (size, free);
            }
            cell
        };
        let expected = json!({
            "states": {"planned": 4, "accepted": 1}, "offered": 1, "called_off": 1, "reports_overdue": 0,
            "quotas": {
                "weekday": {"wed": cell(json!(2), json!(0), [0, 1, 1]), "sat": cell(json!(1), json!(1), [0, 0, 0])},
                "daypart": {"evening": cell(json!(3), json!(2), [1, 1, 0])},
                "week": {"2": cell(json!(9), json!(7), [1, 1, 1])},
            }});
        assert_eq!(progress(&field).await, expected);
        server.clock.advance_seconds(12 * 86_400);
        server.forget_tokens();
        assert_eq!(progress(&field).await["reports_overdue"], 1, "the report was due on the first of December");
    }

    async fn progress_counts_what_was_made_where_it_was_made(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let path = format!("/v1/rounds/{}/progress", scene.round);
        let found = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
        let made = json!({"planned": 0, "offered": 0, "accepted": 0, "made": 1});
        let expected = json!({"states": {"released": 1}, "offered": 0, "called_off": 0, "reports_overdue": 0,
            "quotas": {"weekday": {"fri": made}, "daypart": {"midday": made}, "week": {"1": made}}});
        assert_eq!(found, expected);
    }
}
