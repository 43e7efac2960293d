//! People, client organisations, locations, checklists, programmes, rounds and visits.

use std::collections::BTreeSet;

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::{ProgrammeOptions, small_checklist};
use haamu_tests::{Answer, PASSWORD, TestServer, both_dbs};
use serde_json::{Value, json};

const HEADING: &str = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone\n";

async fn import(server: &TestServer, query: &str, csv: impl Into<Vec<u8>>) -> Answer {
    let path = format!(
        "/v1/client-organisations/{}/locations/import{query}",
        server.north.client
    );
    let call = server.request(Method::POST, &path).body("text/csv", csv);
    call.by(server.north.coordinator()).await.send().await
}

async fn by_coordinator(server: &TestServer, path: &str, body: Value) -> Answer {
    server
        .post(path, body)
        .by(server.north.coordinator())
        .await
        .send()
        .await
}

fn user(role: &str) -> Value {
    json!({"email": "Uusi.Henkilo@North.example", "display_name": "Uusi Henkilö", "role": role,
        "password": "kolme satunnaista sanaa"})
}

both_dbs! {
    async fn a_new_person_signs_in(server) {
        let administrator = server.north.person(Role::Administrator);
        let create = || async { server.post("/v1/users", user("reviewer")).by(administrator).await.send().await };
        let made = create().await.created();
        assert_eq!(by_coordinator(&server, "/v1/users", user("reviewer")).await.issues(422), ["role not_allowed"]);
        assert_eq!(made["email"], "uusi.henkilo@north.example");
        let body = json!({"email": "uusi.henkilo@north.example", "password": "kolme satunnaista sanaa"});
        let session = server.post("/v1/sessions", body).send().await.created();
        assert_eq!(session["me"]["role"], "reviewer");
        let again = create().await;
        assert_eq!(again.problem(409), "already_exists");
    }

    async fn what_is_wrong_with_a_person_is_told_all_at_once(server) {
        let body = json!({"email": "no address", "display_name": " ", "role": "client_manager", "password": "short"});
        let mut issues = by_coordinator(&server, "/v1/users", body).await.issues(422);
        issues.sort();
        assert_eq!(issues, ["client_organisation required", "display_name required", "email bad_email", "password too_short"]);
    }

    async fn only_an_administrator_makes_people_of_the_agency(server) {
        assert_eq!(by_coordinator(&server, "/v1/users", user("administrator")).await.issues(422), ["role not_allowed"]);
        let administrator = server.north.person(Role::Administrator);
        let made = server.post("/v1/users", user("administrator")).by(administrator).await.send().await.created();
        assert_eq!(made["role"], "administrator");
    }

    async fn passwords_and_tokens_are_nowhere_in_an_answer(server) {
        let made = by_coordinator(&server, "/v1/users", user("shopper")).await.created().to_string();
        let listed = server.get("/v1/users").by(server.north.coordinator()).await.send().await.text();
        for text in [made, listed] {
            assert!(!text.contains("argon2") && !text.contains(PASSWORD) && !text.contains("satunnaista"));
        }
    }

    async fn a_list_goes_on_where_it_stopped(server) {
        for number in 0..103 {
            let body = json!({"name": format!("Ketju {number}")});
            let _ = by_coordinator(&server, "/v1/client-organisations", body).await.created();
        }
        let (mut names, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/client-organisations?{after}");
            let page = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
            for item in page["items"].as_array().expect("items") {
                names.push(item["name"].as_str().expect("a name").to_owned());
            }
            assert!(page["items"].as_array().expect("items").len() <= 100);
            match page["next"].as_str() {
                Some(next) => after = format!("after={next}"),
                None => break,
            }
        }
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!((names.len(), different.len()), (105, 105));
    }

    async fn locations_are_imported_once(server) {
        let rows = "K1,Kallio,Torikatu 7,00530,Helsinki,FI,60.18,24.95,Europe/Helsinki\n\
                    K2,Töölö,Runeberginkatu 3,00100,Helsinki,FI,,,Europe/Helsinki\n";
        let csv = format!("{HEADING}{rows}");
        let dry = import(&server, "?dry_run=true", csv.clone()).await.ok();
        assert_eq!((&dry["dry_run"], &dry["created"]), (&json!(true), &json!(2)));
        let first = import(&server, "", csv.clone()).await.ok();
        assert_eq!((&first["created"], &first["unchanged"]), (&json!(2), &json!(0)));
        let second = import(&server, "", csv).await.ok();
        assert_eq!((&second["created"], &second["updated"], &second["unchanged"]), (&json!(0), &json!(0), &json!(2)));
        let moved = import(&server, "", format!("{HEADING}{}", rows.replace("Torikatu 7", "Torikatu 9"))).await.ok();
        assert_eq!((&moved["updated"], &moved["unchanged"]), (&json!(1), &json!(1)));
    }

    async fn a_row_with_an_error_stops_the_whole_import(server) {
        let csv = format!(
            "{HEADING}K1,Kallio,Torikatu 7,00530,Helsinki,FI,60.18,24.95,Europe/Helsinki\n\
             K2,,Torikatu 8,00530,Helsinki,Finland,99,24.95,Helsinki\n\
             K3,Kallio 2,Torikatu 7,00530,Helsinki,FI,60.18,,Europe/Helsinki\n"
        );
        let expected = [
            "rows[3].name required", "rows[3].country bad_text", "rows[3].latitude out_of_range",
            "rows[3].time_zone unknown_time_zone", "rows[4].longitude required",
        ];
        let dry = import(&server, "?dry_run=true", csv.clone()).await.ok();
        assert_eq!(dry["errors"].as_array().expect("errors").len(), expected.len(), "{dry}");
        assert_eq!(import(&server, "", csv).await.issues(422), expected);
        let path = format!("/v1/client-organisations/{}/locations", server.north.client);
        let listed = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
        assert_eq!(listed["items"], json!([]));
    }

    async fn a_file_of_a_spreadsheet_is_read(server) {
        let csv = "\u{feff}external_id;name;address;postal_code;city;country;latitude;longitude;time_zone\r\n\
                   K1;Kallio;\"Torikatu 7; piha\";00530;Helsinki;FI;60,18;24,95;Europe/Helsinki\r\n";
        let done = import(&server, "", csv).await.ok();
        assert_eq!(done["created"], 1, "{done}");
        let path = format!("/v1/client-organisations/{}/locations", server.north.client);
        let listed = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
        assert_eq!(listed["items"][0]["address"], "Torikatu 7; piha");
        assert_eq!(listed["items"][0]["latitude"], "60.18");
    }

    async fn a_file_that_is_no_list_of_locations_is_refused(server) {
        let issues = import(&server, "", "name,colour\nKallio,red\n").await.issues(422);
        assert!(issues.contains(&"columns.external_id missing_column".to_owned()), "{issues:?}");
        assert!(issues.contains(&"columns.colour unknown_column".to_owned()), "{issues:?}");
        assert_eq!(import(&server, "", &b"external_id\n\xff\xfe"[..]).await.problem(400), "invalid_request");
    }

    async fn an_unsound_checklist_is_kept_out_with_all_findings(server) {
        let mut document = small_checklist();
        document["sections"][0]["questions"][1]["points"] = json!("3,5");
        document["sections"][0]["weight"] = json!("heavy");
        let issues = by_coordinator(&server, "/v1/checklists", document).await.issues(422);
        assert!(issues.iter().any(|issue| issue.starts_with("sections[0].questions[1].points ")), "{issues:?}");
        assert!(issues.iter().any(|issue| issue.starts_with("sections[0].weight ")), "{issues:?}");
    }

    async fn a_published_version_never_changes(server) {
        let version = server.publish(&server.north, &small_checklist()).await;
        let mut other = small_checklist();
        other["title"]["fi"] = json!("Toinen nimi");
        let again = by_coordinator(&server, "/v1/checklists", other).await;
        assert_eq!(again.problem(409), "already_exists");
        let path = format!("/v1/checklist-versions/{version}");
        let read = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
        assert_eq!(read["title"]["fi"], "Pieni käynti", "{read}");
        let publish = format!("{path}/publish");
        let twice = by_coordinator(&server, &publish, Value::Null).await;
        assert_eq!(twice.problem(409), "not_possible_in_state");
    }

    async fn a_programme_waits_for_its_staff_notice(server) {
        let body = json!({"client_organisation": server.north.client.uuid(), "name": "Ohjelma", "purpose": "develop_service"});
        let programme = by_coordinator(&server, "/v1/programmes", body).await.created();
        let path = format!("/v1/programmes/{}", programme["id"].as_str().expect("an id"));
        let activate = format!("{path}/activate");
        let none = by_coordinator(&server, &activate, Value::Null).await;
        assert_eq!(none.problem(409), "staff_notice_missing");
        let notice = |on: &str| json!({"informed_on": on, "audience": "kaikki", "channel": "tiedote", "text": "Arvioidaan."});
        let notices = format!("{path}/staff-notices");
        let _ = by_coordinator(&server, &notices, notice("2026-11-19")).await.created();
        let fresh = by_coordinator(&server, &activate, Value::Null).await;
        assert_eq!(fresh.problem(409), "staff_notice_missing");
        let _ = by_coordinator(&server, &notices, notice("2026-10-01")).await.created();
        assert_eq!(by_coordinator(&server, &activate, Value::Null).await.ok()["state"], "active");
    }

    async fn staff_cannot_have_been_informed_tomorrow(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let notice = json!({"informed_on": "2026-12-24", "audience": "kaikki", "channel": "tiedote", "text": "Arvioidaan."});
        let path = format!("/v1/programmes/{}/staff-notices", scene.programme);
        assert_eq!(by_coordinator(&server, &path, notice).await.issues(422), ["informed_on in_the_future"]);
    }

    async fn a_round_has_its_dates_in_order_and_a_published_checklist(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/programmes/{}/rounds", scene.programme);
        let round = |version: &str, starts_on: &str| json!({"name": "Toinen", "checklist_version": version,
            "starts_on": starts_on, "visit_by": "2026-11-29", "report_by": "2026-12-01", "counts_in": "2026-11-30"});
        let late = by_coordinator(&server, &path, round(&scene.version, "2026-11-30")).await;
        assert_eq!(late.issues(422), ["visit_by out_of_order"]);
        let mut document = small_checklist();
        document["id"] = json!("unpublished");
        let draft = by_coordinator(&server, "/v1/checklists", document).await.created();
        let early = by_coordinator(&server, &path, round(draft["id"].as_str().expect("an id"), "2026-11-16")).await;
        assert_eq!(early.problem(409), "checklist_not_published");
    }

    async fn a_visit_is_only_given_to_a_shopper_of_the_agency(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/visits/{}/assignments", scene.visit);
        for person in [server.south.shopper(), server.north.reviewer()] {
            let answer = by_coordinator(&server, &path, json!({"shopper": person.id, "replaces": scene.assignment})).await;
            assert_eq!(answer.issues(422), ["shopper not_found"]);
        }
    }

    async fn a_shopper_accepts_once(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let path = format!("/v1/assignments/{}/accept", scene.assignment);
        let accept = || async { server.post(&path, json!({"independent": true})).by(server.north.shopper()).await.send().await };
        assert_eq!(accept().await.ok()["state"], "accepted");
        assert_eq!(server.state(&scene).await, "accepted");
        assert_eq!(accept().await.problem(409), "not_possible_in_state");
    }

    async fn a_list_is_no_object(server) {
        let list = by_coordinator(&server, "/v1/client-organisations", json!(["Ketju"])).await;
        assert_eq!(list.problem(400), "invalid_request");
    }

    async fn unknown_fields_and_broken_bodies_are_named(server) {
        let unknown = by_coordinator(&server, "/v1/client-organisations", json!({"name": "A", "colour": "red"})).await;
        assert_eq!(unknown.problem(400), "invalid_request");
        let call = server.request(Method::POST, "/v1/client-organisations").body("application/json", "{\"name\":");
        assert_eq!(call.by(server.north.coordinator()).await.send().await.problem(400), "invalid_request");
        let call = server.request(Method::POST, "/v1/client-organisations").body("text/plain", "A");
        assert_eq!(call.by(server.north.coordinator()).await.send().await.problem(415), "unsupported_media_type");
        let large = json!({"name": "x".repeat(2 * 1024 * 1024)});
        assert_eq!(by_coordinator(&server, "/v1/client-organisations", large).await.problem(413), "payload_too_large");
    }
}
