//! What staff correct: notices to staff, names and terms, ties, visits from before Haamu, and where plans are found.

use std::cell::Cell;

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::agency::{Person, ProgrammeOptions};
use haamu_tests::{Answer, TestServer, both_dbs};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::filling::{Field, refused, text};
use crate::holders::details;
use crate::imports::{counts, people, send as import};

async fn send(server: &TestServer, method: Method, path: &str, body: &Value, by: &Person) -> Answer {
    server.request(method, path).json(body).by(by).await.send().await
}

async fn get(server: &TestServer, path: &str) -> Value {
    let call = server.get(path).by(server.north.coordinator()).await;
    call.send().await.ok()
}

async fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    send(server, Method::POST, path, body, server.north.coordinator()).await
}

async fn patch(server: &TestServer, path: &str, body: &Value) -> Answer {
    send(server, Method::PATCH, path, body, server.north.coordinator()).await
}

/// A change that is based on a revision.
async fn patch_if(server: &TestServer, path: &str, body: &Value, revision: &str) -> Answer {
    let call = server.request(Method::PATCH, path).json(body);
    let call = call.header("if-match", revision);
    call.by(server.north.coordinator()).await.send().await
}

async fn delete(server: &TestServer, path: &str) -> Answer {
    let call = server.request(Method::DELETE, path);
    call.by(server.north.coordinator()).await.send().await
}

fn items(listed: &Value) -> &Vec<Value> {
    listed["items"].as_array().expect("items")
}

/// A draft of the northern agency.
async fn draft(server: &TestServer) -> String {
    let body = json!({"client_organisation": server.north.client.to_string(), "name": "Uusi",
        "purpose": "develop_service"});
    let made = post(server, "/v1/programmes", &body).await.created();
    format!("/v1/programmes/{}", text(&made["id"]))
}

fn notice(day: &str) -> Value {
    json!({"informed_on": day, "audience": "kaikki", "channel": "tiedote", "text": "Palvelua arvioidaan."})
}

/// How many statements wait for a lock in the database of the test.
async fn waiting(server: &TestServer) -> i64 {
    let connection = server.database.connect().await;
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.expect("a query");
    row.expect("a row").try_get_by_index(0).expect("a count")
}

both_dbs! {
    async fn a_notice_to_staff_that_was_recorded_by_mistake_opens_nothing(server) {
        let programme = draft(&server).await;
        let notices = format!("{programme}/staff-notices");
        for day in ["2025-10-01", "2026-11-19"] {
            let _ = post(&server, &notices, &notice(day)).await.created();
            server.clock.advance_seconds(1);
        }
        let listed = get(&server, &notices).await;
        let days: Vec<_> = items(&listed).iter().map(|item| item["informed_on"].clone()).collect();
        assert_eq!(days, ["2025-10-01", "2026-11-19"]);
        assert_eq!(listed["items"][0]["recorded_by"], json!(server.north.coordinator().id));
        let withdraw = |item: &Value| format!("{notices}/{}/withdraw", text(&item["id"]));
        let first = withdraw(&listed["items"][0]);
        let reason = json!({"reason": "Väärä vuosi."});
        assert_eq!(post(&server, &first, &json!({"reason": " "})).await.issues(422), ["reason required"]);
        let withdrawn = post(&server, &first, &reason).await.ok();
        assert_eq!(withdrawn["withdraw_reason"], "Väärä vuosi.");
        assert_eq!(post(&server, &first, &reason).await.problem(409), "not_possible_in_state");
        let other = draft(&server).await;
        let elsewhere = first.replace(&programme, &other);
        assert_eq!(post(&server, &elsewhere, &reason).await.problem(404), "not_found");
        // What holds was yesterday, and staff are told fourteen days before.
        let activate = format!("{programme}/activate");
        let early = post(&server, &activate, &Value::Null).await;
        assert!(early.text().contains("2026-12-03"), "{}", early.text());
        assert_eq!(early.problem(409), "staff_notice_missing");
        server.clock.advance_seconds(14 * 86_400);
        server.forget_tokens();
        assert_eq!(post(&server, &activate, &Value::Null).await.ok()["state"], "active");
        let listed = get(&server, &notices).await;
        assert!(listed["items"][0]["withdrawn_at"].is_string());
        let second = withdraw(&listed["items"][1]);
        assert_eq!(post(&server, &second, &reason).await.problem(409), "not_possible_in_state");
        let recorded = details(&server, "programme.record_staff_notice").await;
        let recorded: Vec<_> = recorded.iter().map(|detail| detail["informed_on"].clone()).collect();
        assert_eq!(recorded, ["2025-10-01", "2026-11-19"]);
        let told = details(&server, "programme.withdraw_staff_notice").await;
        assert_eq!(told, [json!({"notice": listed["items"][0]["id"], "informed_on": "2025-10-01"})]);
    }

    async fn a_draft_is_corrected_and_an_active_programme_only_renamed(server) {
        let programme = draft(&server).await;
        let read = server.get(&programme).by(server.north.coordinator()).await.send().await;
        assert_eq!(read.header("etag"), Some("\"1\""));
        let terms = json!({"name": "Toinen", "purpose": "reward_teams", "release_delay_hours": 48, "staff_notice_days": 0});
        let changed = patch_if(&server, &programme, &terms, "\"1\"").await;
        assert_eq!(changed.header("etag"), Some("\"2\""));
        let changed = changed.ok();
        assert_eq!((&changed["name"], &changed["release_delay_hours"]), (&json!("Toinen"), &json!(48)));
        assert_eq!(patch_if(&server, &programme, &terms, "\"1\"").await.problem(409), "conflict");
        let wrong = json!({"purpose": "discipline", "staff_notice_days": 400});
        let expected = ["purpose unknown_value", "staff_notice_days out_of_range"];
        assert_eq!(patch(&server, &programme, &wrong).await.issues(422), expected);
        assert_eq!(patch(&server, &programme, &json!({"name": ""})).await.issues(422), ["name required"]);
        assert_eq!(patch(&server, &programme, &json!({"state": "closed"})).await.problem(400), "invalid_request");
        let _ = post(&server, &format!("{programme}/staff-notices"), &notice("2026-11-20")).await.created();
        assert_eq!(post(&server, &format!("{programme}/activate"), &Value::Null).await.ok()["state"], "active");
        for settled in [json!({"purpose": "develop_service"}), json!({"release_delay_hours": 1}), json!({"staff_notice_days": 1})] {
            assert_eq!(patch(&server, &programme, &settled).await.problem(409), "not_possible_in_state", "{settled}");
        }
        let same = json!({"name": "Kolmas", "purpose": "reward_teams"});
        assert_eq!(patch(&server, &programme, &same).await.ok()["name"], "Kolmas", "what stays may be said");
        assert_eq!(get(&server, &programme).await["name"], "Kolmas");
        let told = details(&server, "programme.update").await;
        let first = json!({"name": true, "purpose": ["develop_service", "reward_teams"],
            "release_delay_hours": [24, 48], "staff_notice_days": [14, 0]});
        assert!(told.contains(&first) && told.contains(&json!({"name": true})), "{told:?}");
        let reviewer = send(&server, Method::PATCH, &programme, &same, server.north.reviewer()).await;
        assert_eq!(reviewer.problem(403), "forbidden");
    }

    async fn a_client_that_is_renamed_has_its_new_name_on_phones(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        server.accept(&scene).await;
        let mut device = server.device(server.north.shopper()).await;
        let before = device.visit().brief.client_organisation;
        let path = format!("/v1/client-organisations/{}", server.north.client);
        let read = server.get(&path).by(server.north.manager()).await.send().await;
        assert_eq!(read.header("etag"), Some("\"1\""));
        assert_eq!(read.ok()["name"], json!(before));
        let other = server.get(&path).by(&server.north.other_manager).await.send().await;
        assert_eq!(other.problem(404), "not_found");
        let taken = json!({"name": "Other client north"});
        assert_eq!(patch(&server, &path, &taken).await.problem(409), "already_exists");
        let renamed = patch_if(&server, &path, &json!({"name": "Uusi nimi Oy"}), "\"1\"").await;
        assert_eq!(renamed.header("etag"), Some("\"2\""));
        assert_eq!(renamed.ok()["name"], "Uusi nimi Oy");
        assert_eq!(patch_if(&server, &path, &json!({"name": "Vielä uudempi"}), "\"1\"").await.problem(409), "conflict");
        device.sync().await;
        assert_eq!(device.visit().brief.client_organisation, before, "jobs tell of it");
        server.run_jobs().await;
        device.sync().await;
        assert_eq!(device.visit().brief.client_organisation, "Uusi nimi Oy");
        let told = details(&server, "client_organisation.update").await;
        assert_eq!(told, [json!({"name": true})]);
    }

    async fn a_tree_is_renamed(server) {
        let client = server.north.client;
        let trees = format!("/v1/client-organisations/{client}/hierarchies");
        let made = post(&server, &trees, &json!({"name": "Alue"})).await.created();
        let _ = post(&server, &trees, &json!({"name": "Ketju"})).await.created();
        let path = format!("/v1/hierarchies/{}", text(&made["id"]));
        let read = server.get(&path).by(server.north.manager()).await.send().await;
        assert_eq!((read.header("etag"), &read.json()["name"]), (Some("\"1\""), &json!("Alue")));
        let other = server.get(&path).by(&server.north.other_manager).await.send().await;
        assert_eq!(other.problem(404), "not_found");
        assert_eq!(patch(&server, &path, &json!({"name": "Ketju"})).await.problem(409), "already_exists");
        assert_eq!(patch_if(&server, &path, &json!({"name": "Piiri"}), "\"1\"").await.ok()["name"], "Piiri");
        assert_eq!(patch_if(&server, &path, &json!({"name": "Seutu"}), "\"1\"").await.problem(409), "conflict");
        assert_eq!(get(&server, &path).await["name"], "Piiri");
        let told = details(&server, "hierarchy.update").await;
        assert_eq!(told, [json!({"name": true})]);
    }

    async fn a_tie_that_the_agency_learned_of_is_not_for_the_shopper_to_end(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visit = field.plan(0).await;
        let ties = format!("/v1/shoppers/{}/ties", shopper.id);
        let of_client = json!({"client_organisation": server.north.client.to_string(), "location": field.locations[0],
            "reason": "Puoliso on siellä töissä."});
        let made = post(&server, &ties, &of_client).await.created();
        assert_eq!(made["by_agency"], true);
        assert_eq!(refused(field.offer(&visit, shopper, None).await), ["not_independent"]);
        let own = server.get("/v1/me/ties").by(shopper).await.send().await.ok();
        assert_eq!(items(&own), std::slice::from_ref(&made));
        let path = format!("/v1/me/ties/{}", text(&made["id"]));
        let ended = send(&server, Method::DELETE, &path, &Value::Null, shopper).await;
        assert_eq!(ended.problem(409), "not_possible_in_state");
        let elsewhere = format!("/v1/shoppers/{}/ties/{}", other.id, text(&made["id"]));
        assert_eq!(delete(&server, &elsewhere).await.problem(404), "not_found");
        let one = format!("{ties}/{}", text(&made["id"]));
        assert_eq!(delete(&server, &one).await.status, StatusCode::NO_CONTENT);
        assert_eq!(delete(&server, &one).await.problem(404), "not_found");
        let _ = field.offered(&visit, shopper, None).await;
        // What a shopper declared, staff see, and end where it is no more.
        let declared = json!({"client_organisation": server.north.other_client.to_string(), "reason": "Olin töissä."});
        let declared = send(&server, Method::POST, "/v1/me/ties", &declared, shopper).await.created();
        assert_eq!(declared.get("by_agency"), None);
        assert_eq!(items(&get(&server, &ties).await), std::slice::from_ref(&declared));
        assert_eq!(delete(&server, &format!("{ties}/{}", text(&declared["id"]))).await.status, StatusCode::NO_CONTENT);
        let companion = send(&server, Method::POST, "/v1/me/companions", &json!({"name": "Serkku"}), shopper).await.created();
        let companions = get(&server, &format!("/v1/shoppers/{}/companions", shopper.id)).await;
        assert_eq!(items(&companions), &[companion]);
        for path in ["ties", "companions", "past-visits"] {
            let path = format!("/v1/shoppers/{}/{path}", server.north.reviewer().id);
            let asked = server.get(&path).by(server.north.coordinator()).await.send().await;
            assert_eq!(asked.problem(404), "not_found", "{path}");
        }
        let told = details(&server, "panel.manage").await;
        let changes: Vec<_> = told.iter().map(|detail| detail["change"].clone()).collect();
        assert_eq!(changes.iter().filter(|change| *change == "created").count(), 1);
        assert_eq!(changes.iter().filter(|change| *change == "ended").count(), 2);
        assert!(told.iter().all(|detail| detail["shopper"] == json!(shopper.id)), "{told:?}");
    }

    async fn a_visit_from_before_that_never_was_is_removed(server) {
        let field = Field::open(&server, json!({"rotation_days": 60, "location_visits_per_day": 99})).await;
        let other = &server.north.other_shopper;
        let visit = field.plan(0).await;
        let path = format!("/v1/client-organisations/{}/past-visits/import", server.north.client);
        let heading = "external_id,shopper,location,date,companion\n";
        for row in ["V-1,{},K0,2026-11-10,Serkku", "V-2,{},K1,2026-11-11,"] {
            let rows = format!("{heading}{}\n", row.replace("{}", &other.email));
            assert_eq!(counts(import(&server, &path, "text/csv", rows).await), [1, 0, 0, 0]);
            server.clock.advance_seconds(1);
        }
        let (reasons, _) = field.why_not(&visit, other, "").await;
        assert_eq!(reasons, ["rotation 2027-01-09"]);
        let of_shopper = format!("/v1/shoppers/{}/past-visits", other.id);
        let listed = get(&server, &of_shopper).await;
        let keys: Vec<_> = items(&listed).iter().map(|item| text(&item["external_id"])).collect();
        assert_eq!(keys, ["V-1", "V-2"]);
        assert!(listed["items"][0]["companion"].is_string());
        let after = format!("{of_shopper}?after={}", text(&listed["items"][0]["id"]));
        assert_eq!(items(&get(&server, &after).await), &[listed["items"][1].clone()]);
        let there = get(&server, &format!("/v1/locations/{}/past-visits", field.locations[0])).await;
        assert_eq!(items(&there), &[listed["items"][0].clone()]);
        assert_eq!(there["items"][0]["date"], "2026-11-10");
        let one = format!("/v1/past-visits/{}", text(&listed["items"][0]["id"]));
        let forbidden = send(&server, Method::DELETE, &one, &Value::Null, server.north.reviewer()).await;
        assert_eq!(forbidden.problem(403), "forbidden");
        let south = server.request(Method::DELETE, &one).by(server.south.coordinator()).await.send().await;
        assert_eq!(south.problem(404), "not_found");
        assert_eq!(delete(&server, &one).await.status, StatusCode::NO_CONTENT);
        assert_eq!(delete(&server, &one).await.problem(404), "not_found");
        assert_eq!(field.why_not(&visit, other, "").await.0, [""; 0]);
        let told = details(&server, "past_visit.delete").await;
        assert_eq!(told, [json!({"shopper": other.id, "location": field.locations[0], "visited_on": "2026-11-10",
            "came_along": false})]);
        let nobody = format!("/v1/locations/{}/past-visits", Uuid::nil());
        let asked = server.get(&nobody).by(server.north.coordinator()).await.send().await;
        assert_eq!(asked.problem(404), "not_found");
    }

    async fn a_table_ends_qualifications_and_suspends(server) {
        let heading = "external_id,email,name,qualifications,qualification_ends,suspended\n";
        let table = |row: &str| format!("{heading}7,aino@north.example,Aino,{row}\n");
        let path = "/v1/shoppers/import";
        let sound = table("first_aid hygiene,first_aid=2027-01-31,yes");
        assert_eq!(counts(import(&server, path, "text/csv", sound.clone()).await), [1, 0, 0, 0]);
        assert_eq!(counts(import(&server, path, "text/csv", sound).await), [0, 0, 1, 0]);
        let users = get(&server, "/v1/users").await;
        let aino = items(&users).iter().find(|user| user["email"] == "aino@north.example").cloned();
        let profile = format!("/v1/shoppers/{}/profile", text(&aino.expect("she is there")["id"]));
        let read = get(&server, &profile).await;
        assert_eq!(read["qualification_ends"], json!({"first_aid": "2027-01-31"}));
        assert_eq!(read["suspended"], true);
        // A table without these columns leaves both; an empty cell ends no qualification any more.
        assert_eq!(counts(people(&server, "", "7,aino@north.example,Aino,,,first_aid hygiene,,,\n").await), [0, 0, 1, 0]);
        assert_eq!(counts(import(&server, path, "text/csv", table("first_aid,,")).await), [0, 1, 0, 0]);
        let read = get(&server, &profile).await;
        assert_eq!((read["suspended"].clone(), read["qualification_ends"] == json!({"first_aid": "2027-01-31"})), (json!(true), false));
        for (row, code) in [("first_aid,hygiene=2027-01-31,", "not_found"), ("first_aid,first_aid=soon,", "bad_date"),
            ("first_aid,first_aid=2027-01-31 first_aid=2027-02-01,", "repeated")] {
            let checked = import(&server, "/v1/shoppers/import?dry_run=true", "text/csv", table(row)).await.ok();
            assert_eq!((&checked["errors"][0]["column"], &checked["errors"][0]["code"]), (&json!("qualification_ends"), &json!(code)));
        }
    }

    async fn the_plans_of_a_round_are_found_the_newest_first(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let path = format!("/v1/rounds/{}/proposals", field.round);
        assert_eq!(get(&server, &path).await, json!({"items": []}));
        let mut asked = Vec::new();
        for _ in 0..3 {
            let proposal = post(&server, &path, &Value::Null).await.json();
            asked.insert(0, text(&proposal["id"]));
            server.run_jobs().await;
            server.clock.advance_seconds(60);
        }
        let listed = get(&server, &path).await;
        let found: Vec<_> = items(&listed).iter().map(|item| text(&item["id"])).collect();
        assert_eq!(found, asked);
        let newest = &listed["items"][0];
        assert_eq!((&newest["state"], newest.get("assignments")), (&json!("ready"), None));
        assert_eq!(newest["proposed_by"], json!(server.north.coordinator().id));
        let older = get(&server, &format!("{path}?before={}", asked[0])).await;
        assert_eq!(items(&older).len(), 2);
        let designer = server.get(&path).by(server.north.person(Role::ProgrammeDesigner)).await.send().await;
        assert_eq!(designer.problem(403), "forbidden");
    }

    async fn no_round_appears_in_what_is_being_closed_or_withdrawn(server) {
        let connection = server.database.connect().await;
        if connection.get_database_backend() != DbBackend::Postgres {
            // SQLite has one writer: nobody reads what another is about to change.
            return;
        }
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/programmes/{}/rounds", scene.programme);
        let round = json!({"name": "Toinen", "checklist_version": scene.version, "starts_on": "2026-11-16",
            "visit_by": "2026-11-29", "report_by": "2026-12-01", "counts_in": "2026-11-30"});
        let withdraw = format!("UPDATE checklist_version SET state = 'withdrawn' WHERE id = '{}'", scene.version);
        let close = format!("UPDATE programme SET state = 'closing' WHERE id = '{}'", scene.programme);
        for (change, code) in [(withdraw, "checklist_not_published"), (close, "not_possible_in_state")] {
            let transaction = connection.begin().await.expect("a transaction");
            for sql in ["SELECT set_config('haamu.reach', 'server', true)", change.as_str()] {
                transaction.execute_unprepared(sql).await.expect("a statement");
            }
            let is_made = Cell::new(false);
            let making = async {
                let made = post(&server, &path, &round).await;
                is_made.set(true);
                made
            };
            let changing = async {
                while !is_made.get() && waiting(&server).await == 0 {}
                transaction.commit().await.expect("committed");
            };
            let (made, ()) = futures::join!(making, changing);
            assert_eq!(made.problem(409), code);
        }
    }
}
