//! Who has a visit: it is taken from nobody whom the coordinator has not seen, and given to nobody twice.

use std::collections::BTreeSet;

use axum::http::Method;
use futures::future::join_all;
use haamu_tests::{Answer, TestServer, both_dbs};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::filling::{Field, job, text};

impl Field<'_> {
    /// Offers a visit in place of an assignment.
    async fn replace(&self, visit: &str, shopper: uuid::Uuid, replaces: &str) -> Answer {
        let body = json!({"shopper": shopper, "replaces": replaces});
        self.post(&format!("/v1/visits/{visit}/assignments"), body).await
    }

    /// The assignment by which somebody has a visit, and its state.
    async fn holder(&self, visit: &str) -> (String, String) {
        let path = format!("/v1/visits/{visit}");
        let found = self.get(&path, self.server.north.coordinator()).await.ok();
        (
            text(&found["assignment"]["id"]),
            text(&found["assignment"]["state"]),
        )
    }
}

/// What the audit trail says of an action, the oldest first; nothing of it happened in the same moment.
pub(crate) async fn details(server: &TestServer, action: &str) -> Vec<Value> {
    let connection = server.database.connect().await;
    let sql = format!("SELECT detail FROM audit WHERE action = '{action}' ORDER BY at");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect("a query");
    let detail = |row: &sea_orm::QueryResult| row.try_get_by_index::<String>(0).expect("a text");
    let read = |row| serde_json::from_str(&detail(row)).expect("JSON");
    rows.iter().map(read).collect()
}

fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99, "visits_per_round": 99})
}

both_dbs! {
    async fn of_many_coordinators_one_assigns_a_visit(server) {
        let field = Field::open(&server, free()).await;
        let visit = field.plan(0).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        // No two of them say the same: whoever comes along is always somebody else.
        let mut offers = Vec::new();
        for number in 0..64 {
            let who = if number % 2 == 0 { shopper } else { other };
            let body = json!({"name": format!("Kumppani {number}")});
            let made = field.send(Method::POST, "/v1/me/companions", &body, who).await.created();
            offers.push(json!({"shopper": who.id, "due_on": "2026-11-21", "companion": made["id"]}));
        }
        let _ = server.token(server.north.coordinator()).await;
        let path = format!("/v1/visits/{visit}/assignments");
        let answers = join_all(offers.into_iter().map(|body| field.post(&path, body))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
        assert_eq!((won.len(), lost.len()), (1, 63));
        let lost: BTreeSet<_> = lost.into_iter().map(|answer| answer.problem(409)).collect();
        assert_eq!(lost.into_iter().collect::<Vec<_>>(), ["job_taken"]);
        let assignment = text(&won[0].json()["assignment"]["id"]);
        assert_eq!(field.holder(&visit).await, (assignment, "assigned".to_owned()));
    }

    async fn a_visit_is_taken_from_whom_the_coordinator_names_alone(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (visit, elsewhere) = (field.plan(0).await, field.plan(1).await);
        let first = field.offered(&visit, shopper, Some("2026-11-21")).await;
        field.accept(&first, shopper).await;
        assert_eq!(field.offer(&visit, other, None).await.problem(409), "job_taken");
        assert_eq!(field.offer(&visit, shopper, Some("2026-11-22")).await.problem(409), "job_taken", "other terms");
        assert_eq!(field.holder(&visit).await, (first.clone(), "accepted".to_owned()));
        let strange = field.offered(&elsewhere, shopper, None).await;
        assert_eq!(field.replace(&visit, other.id, &strange).await.issues(422), ["replaces not_found"]);
        let second = field.replace(&visit, other.id, &first).await.created();
        let second = text(&second["assignment"]["id"]);
        assert_ne!(second, first);
        // The answer was lost, and the coordinator asks again: nothing more happens.
        let again = field.replace(&visit, other.id, &first).await.created();
        assert_eq!(text(&again["assignment"]["id"]), second);
        // Whoever has not seen that it went to somebody else takes it from nobody.
        assert_eq!(field.replace(&visit, shopper.id, &first).await.problem(409), "job_taken");
        assert_eq!(field.holder(&visit).await, (second, "assigned".to_owned()));
    }

    async fn offers_that_are_sent_twice_are_made_once(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visits = [field.plan(0).await, field.plan(1).await];
        let path = format!("/v1/rounds/{}/assignments", field.round);
        let body = json!({"assignments": [
            {"visit": visits[0], "shopper": shopper.id, "due_on": "2026-11-21"},
            {"visit": visits[1], "shopper": other.id}]});
        let made = field.post(&path, body.clone()).await.created();
        let ids = |list: &Value| -> BTreeSet<String> {
            let items = list["items"].as_array().expect("items").iter();
            items.map(|item| text(&item["assignment"]["id"])).collect()
        };
        let (first, _) = field.holder(&visits[0]).await;
        field.accept(&first, shopper).await;
        let again = field.post(&path, body).await.created();
        assert_eq!(ids(&again), ids(&made));
        assert_eq!(field.holder(&visits[0]).await, (first.clone(), "accepted".to_owned()));
        let twice = json!({"assignments": [
            {"visit": visits[1], "shopper": shopper.id}, {"visit": visits[1], "shopper": other.id}]});
        assert_eq!(field.post(&path, twice).await.issues(422), ["assignments[1].visit repeated"]);
        // All or none: what nobody may take keeps the rest from being offered.
        let third = field.plan(2).await;
        let mixed = json!({"assignments": [
            {"visit": third, "shopper": shopper.id}, {"visit": visits[0], "shopper": other.id}]});
        assert_eq!(field.post(&path, mixed).await.problem(409), "job_taken");
        assert_eq!(field.state(&third).await, "planned free");
        let named = json!({"assignments": [
            {"visit": third, "shopper": shopper.id}, {"visit": visits[0], "shopper": other.id, "replaces": first}]});
        let _ = field.post(&path, named).await.created();
        assert_eq!(field.state(&visits[0]).await, "planned assigned");
    }

    async fn the_log_tells_asking_from_taking_and_taking_back(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (wanted, free) = (field.plan(0).await, field.plan(1).await);
        field.post_all(json!("self_assign")).await;
        let path = format!("/v1/jobs/{wanted}/application");
        assert_eq!(field.send(Method::PUT, &path, &job("2026-11-21"), shopper).await.status, 204);
        server.clock.advance_seconds(1);
        assert_eq!(field.send(Method::PUT, &path, &job("2026-11-22"), shopper).await.status, 204);
        server.clock.advance_seconds(1);
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, shopper).await.status, 204);
        server.clock.advance_seconds(1);
        let take = format!("/v1/jobs/{free}/take");
        let _ = field.send(Method::POST, &take, &job("2026-11-23"), shopper).await.created();
        let found = details(&server, "job.apply").await;
        let said: Vec<_> = found.iter().map(|one| (text(&one["did"]), one["due_on"].clone())).collect();
        let did = |did: &str, day: Value| (did.to_owned(), day);
        assert_eq!(said, [did("applied", json!("2026-11-21")), did("changed", json!("2026-11-22")),
            did("withdrew", Value::Null), did("took", json!("2026-11-23"))]);
        assert_eq!(found[0]["assignment"], found[2]["assignment"]);
        assert_ne!(found[0]["assignment"], found[3]["assignment"]);
    }

    async fn the_log_says_who_got_a_visit_and_instead_of_whom(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visit = field.plan(0).await;
        let first = field.offered(&visit, shopper, Some("2026-11-21")).await;
        server.clock.advance_seconds(1);
        let second = field.replace(&visit, other.id, &first).await.created();
        let details = details(&server, "visit.assign").await;
        let last = details.last().expect("it was written");
        assert_eq!((&last["shopper"], &last["replaced"]), (&json!(other.id), &json!(first)));
        assert_eq!(last["assignment"], second["assignment"]["id"]);
        let before = &details[details.len() - 2];
        assert_eq!((&before["due_on"], &before["replaced"]), (&json!("2026-11-21"), &Value::Null));
    }
}
