//! Agencies that the operator adds, and who comes to run them.

use axum::http::StatusCode;
use haamu_app::AgencyInput;
use haamu_domain::{AgencyId, Code, Role};
use haamu_form::Language;
use haamu_tests::mail::secret;
use haamu_tests::{PASSWORD, TestServer, both_dbs};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

const EMAIL: &str = "johtaja@new.example";
const OWN: &str = "kolme satunnaista sanaa";

fn input(email: &str) -> AgencyInput {
    AgencyInput {
        name: "Länsi Oy".to_owned(),
        email: email.to_owned(),
        language: Some(Language::Swedish),
    }
}

/// Notes that the installation is set up, as its first administrator does.
async fn set_up(server: &TestServer) {
    let connection = server.database.connect().await;
    let sql = "INSERT INTO installation (id, set_up_at) VALUES (1, 0)";
    let done = connection.execute_unprepared(sql).await.expect("noted");
    assert_eq!(done.rows_affected(), 1);
}

async fn count(server: &TestServer, sql: String) -> i64 {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.expect("a count");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// The secret of the only mail, which is in Swedish.
async fn link(server: &TestServer) -> String {
    server.run_jobs().await;
    let mail = server.mail.only();
    assert_eq!(mail.content.subject, "Inbjudan: Länsi Oy");
    secret(&mail)
}

both_dbs! {
    async fn an_agency_is_added_and_its_administrator_comes_by_invitation(server) {
        let early = server.app.add_agency(&input(EMAIL)).await.expect_err("not set up");
        assert_eq!(early.code(), Code::NotPossibleInState);
        set_up(&server).await;
        let made = server.app.add_agency(&input(" Johtaja@New.example ")).await.expect("added");
        assert_eq!((made.email.as_str(), made.role), (EMAIL, Role::Administrator));
        let listed = server.app.list_agencies().await.expect("the agencies");
        let mut listed: Vec<_> = listed.iter().map(|view| (view.agency.name.as_str(), view.administrators)).collect();
        listed.sort_unstable();
        assert_eq!(listed, [("Agency north", 1), ("Agency south", 1), ("Länsi Oy", 0)]);
        // Entries of the same millisecond have no order.
        server.clock.advance_seconds(60);
        let body = json!({"secret": link(&server).await, "display_name": "Johtaja", "password": OWN});
        let _ = server.post("/v1/invitations/accept", body).send().await.expect(StatusCode::NO_CONTENT);
        let session = server.post("/v1/sessions", json!({"email": EMAIL, "password": OWN})).send().await.created();
        let me = &session["me"];
        assert_eq!((&me["role"], &me["agency_name"], &me["language"]), (&json!("administrator"), &json!("Länsi Oy"), &json!("sv")));
        let token = session["access_token"].as_str().expect("a token");
        let audit = server.get("/v1/audit").bearer(token).send().await.ok();
        let seen: Vec<_> = audit["items"].as_array().expect("items").iter().map(|one| one["action"].clone()).collect();
        assert_eq!(seen.last(), Some(&json!("agency.add")));
        assert_eq!(audit["items"][seen.len() - 1]["detail"], json!({"invitation": made.id.to_string()}));
        let people = server.get("/v1/users").bearer(token).send().await.ok();
        assert_eq!(people["items"].as_array().map(Vec::len), Some(1), "the operator is nobody there");
        let agency = made.agency.uuid();
        // The first purge of the agency waits in the queue, as that of any other.
        let found = "SELECT COUNT(*) FROM job INNER JOIN agency ON agency.id = job.agency_id";
        let nights = format!("{found} WHERE job.kind = 'purge' AND agency.name = 'Länsi Oy'");
        assert_eq!(count(&server, nights).await, 1, "{agency}");
    }

    async fn whoever_has_an_account_in_another_agency_joins_with_it(server) {
        set_up(&server).await;
        let person = server.south.reviewer();
        server.prove_address(person).await;
        let made = server.app.add_agency(&input(&person.email)).await.expect("added");
        let body = json!({"secret": link(&server).await, "password": PASSWORD});
        let _ = server.post("/v1/invitations/accept", body).send().await.expect(StatusCode::NO_CONTENT);
        let body = json!({"email": person.email, "password": PASSWORD, "agency": made.agency.uuid()});
        let session = server.post("/v1/sessions", body).send().await.created();
        assert_eq!(session["me"]["role"], "administrator");
        let south = json!({"email": person.email, "password": PASSWORD, "agency": server.south.id.uuid()});
        assert_eq!(server.post("/v1/sessions", south).send().await.created()["me"]["role"], "reviewer");
    }

    async fn an_invitation_that_was_lost_is_made_anew(server) {
        set_up(&server).await;
        let invite = |agency: AgencyId| {
            let app = &server.app;
            async move { app.invite_administrator(agency, EMAIL, Some(Language::Swedish)).await.map_err(|error| error.code()) }
        };
        let made = server.app.add_agency(&input(EMAIL)).await.expect("added");
        let lost = link(&server).await;
        let again = invite(made.agency).await.expect("invited");
        assert_ne!(again.id, made.id);
        let body = |secret: &str| json!({"secret": secret, "display_name": "Johtaja", "password": OWN});
        let stale = server.post("/v1/invitations/accept", body(&lost)).send().await;
        assert_eq!(stale.problem(410), "no_longer_good");
        let _ = server.post("/v1/invitations/accept", body(&link(&server).await)).send().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(invite(made.agency).await.expect_err("somebody runs it"), Code::NotPossibleInState);
        assert_eq!(invite(AgencyId::from_uuid(uuid::Uuid::nil())).await.expect_err("there is none"), Code::NotFound);
    }

    async fn what_is_wrong_with_an_agency_is_told(server) {
        set_up(&server).await;
        let wrong = AgencyInput { name: " ".to_owned(), email: "nobody".to_owned(), language: None };
        let error = server.app.add_agency(&wrong).await.expect_err("wrong");
        let haamu_app::Error::Refused(refusal) = error else { panic!("{error}") };
        let issues: Vec<_> = refusal.issues.iter().map(|one| (one.path.as_str(), one.code.as_str())).collect();
        assert_eq!(issues, [("name", "required"), ("email", "bad_email")]);
        assert_eq!(server.app.list_agencies().await.expect("the agencies").len(), 2);
    }
}
