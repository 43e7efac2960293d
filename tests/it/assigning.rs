//! Proposed plans of rounds: worked out by a job, read while they are, applied under the rules of that moment.

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::{Answer, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::filling::{Field, text};

impl Field<'_> {
    /// Asks for a plan, has it worked out, and reads it.
    pub(crate) async fn propose(&self) -> Value {
        let path = format!("/v1/rounds/{}/proposals", self.round);
        let call = self.server.request(Method::POST, &path);
        let answer = call.by(self.server.north.coordinator()).await.send().await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let asked = answer.json();
        assert_eq!(
            (&asked["state"], &asked["progress"]),
            (&json!("waiting"), &json!(0.0))
        );
        self.server.run_jobs().await;
        self.read(&asked).await
    }

    async fn read(&self, proposal: &Value) -> Value {
        let path = format!("/v1/proposals/{}", text(&proposal["id"]));
        self.get(&path, self.server.north.coordinator()).await.ok()
    }

    async fn apply(&self, proposal: &Value) -> Answer {
        let path = format!("/v1/proposals/{}/apply", text(&proposal["id"]));
        let call = self.server.request(Method::POST, &path);
        call.by(self.server.north.coordinator()).await.send().await
    }

    /// Has a plan applied, and reads what became of it.
    async fn applied(&self, proposal: &Value) -> Value {
        let answer = self.apply(proposal).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        assert_eq!(answer.json()["state"], "applying");
        self.server.run_jobs().await;
        let found = self.read(proposal).await;
        assert_eq!(
            (&found["state"], &found["progress"]),
            (&json!("applied"), &json!(1.0))
        );
        found
    }

    async fn visit(&self, visit: &str) -> Value {
        self.get(&format!("/v1/visits/{visit}"), self.server.north.coordinator())
            .await
            .ok()
    }
}

pub(crate) fn list<'a>(proposal: &'a Value, name: &str) -> &'a [Value] {
    proposal[name].as_array().expect("a list")
}

both_dbs! {
    async fn a_plan_is_proposed_read_and_applied(server) {
        let round = Field::open(&server, json!({"rotation_days": 90, "location_visits_per_day": 9, "spacing_days": 2})).await;
        let mut visits = Vec::new();
        for place in [0, 0, 1, 1, 2, 2] {
            visits.push(round.plan(place).await);
        }
        let proposal = round.propose().await;
        assert_eq!((&proposal["state"], &proposal["progress"]), (&json!("ready"), &json!(1.0)));
        assert_eq!((list(&proposal, "assignments").len(), list(&proposal, "unfilled").len()), (6, 0), "{proposal}");
        for visit in &visits {
            assert_eq!(round.visit(visit).await["state"], "planned", "nothing is offered yet");
        }
        let applied = round.applied(&proposal).await;
        assert_eq!((&applied["handled"], &applied["refused"]), (&json!(6), &json!([])));
        for one in list(&proposal, "assignments") {
            let visit = round.visit(&text(&one["visit"])).await;
            assert_eq!(visit["assignment"]["shopper"], one["shopper"], "{visit}");
            assert_eq!(visit["assignment"]["state"], "assigned");
        }
        // Everything has somebody now.
        let again = round.propose().await;
        assert_eq!((list(&again, "assignments").len(), list(&again, "unfilled").len()), (0, 0));
        let applied = round.applied(&again).await;
        assert_eq!(applied["handled"], 0);
    }

    async fn a_visit_that_stays_open_says_which_rule_keeps_it(server) {
        let round = Field::open(&server, json!({"rotation_days": 90, "location_visits_per_day": 9})).await;
        // Two shoppers may come to the place once each.
        for _ in 0..3 {
            let _ = round.plan(0).await;
        }
        let proposal = round.propose().await;
        assert_eq!(list(&proposal, "assignments").len(), 2);
        let unfilled = list(&proposal, "unfilled");
        assert_eq!(unfilled.len(), 1);
        assert_eq!(unfilled[0]["relaxations"], json!([{"code": "rotation", "shoppers": 2}]));
        let shoppers = [server.north.shopper(), &server.north.other_shopper];
        for shopper in shoppers {
            let body = json!({"active": false});
            let _ = round.send(Method::PATCH, &format!("/v1/shoppers/{}/profile", shopper.id), &body, server.north.coordinator()).await.ok();
        }
        let proposal = round.propose().await;
        assert_eq!(list(&proposal, "assignments").len(), 0);
        let relaxations = list(&proposal, "unfilled").iter().map(|one| one["relaxations"].clone());
        assert_eq!(relaxations.collect::<Vec<_>>(), vec![json!([{"code": "not_active", "shoppers": 2}]); 3]);
    }

    async fn quotas_and_what_is_offered_already_are_counted(server) {
        let round = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let path = format!("/v1/rounds/{}/quotas", round.round);
        let quotas = json!({"weekday": {"mon": 0, "tue": 2, "wed": 0, "thu": 0, "fri": 0, "sat": 0, "sun": 0}});
        assert_eq!(round.send(Method::PUT, &path, &quotas, server.north.coordinator()).await.status, 204);
        let first = round.plan(0).await;
        let offered = round.offer(&first, server.north.shopper(), Some("2026-11-24")).await;
        assert!(offered.status.is_success(), "{}", offered.text());
        for place in [0, 1] {
            let _ = round.plan(place).await;
        }
        let proposal = round.propose().await;
        let days: Vec<_> = list(&proposal, "assignments").iter().map(|one| text(&one["due_on"])).collect();
        assert_eq!(days, ["2026-11-24"]);
        assert_eq!(list(&proposal, "unfilled")[0]["relaxations"], json!([{"code": "quota_full", "shoppers": 2}]));
    }

    async fn what_was_given_away_meanwhile_is_told_and_not_taken_back(server) {
        let round = Field::open(&server, json!({"rotation_days": 90, "location_visits_per_day": 1})).await;
        let (first, second) = (round.plan(0).await, round.plan(1).await);
        let third = round.plan(2).await;
        let proposal = round.propose().await;
        assert_eq!(list(&proposal, "assignments").len(), 3);
        let of = |visit: &str| list(&proposal, "assignments").iter().find(|one| one["visit"] == visit).expect("it is there").clone();
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let not = |one: &Value| if one["shopper"] == json!(shopper.id) { other } else { shopper };
        // The first goes to somebody else, and whoever is to make the second gets another visit there.
        let offered = round.offer(&first, not(&of(&first)), Some("2026-11-25")).await;
        assert!(offered.status.is_success(), "{}", offered.text());
        let same = if of(&second)["shopper"] == json!(shopper.id) { shopper } else { other };
        let another = round.plan(1).await;
        let offered = round.offer(&another, same, Some("2026-11-26")).await;
        assert!(offered.status.is_success(), "{}", offered.text());
        let applied = round.applied(&proposal).await;
        let mut refused: Vec<_> = list(&applied, "refused").iter().map(|one| (text(&one["visit"]), text(&one["code"]), one["obstacles"].to_string())).collect();
        refused.sort();
        let mut expected = vec![
            (first.clone(), "job_taken".to_owned(), "[]".to_owned()),
            (second.clone(), "not_eligible".to_owned(), r#"["rotation"]"#.to_owned()),
        ];
        expected.sort();
        assert_eq!(refused, expected);
        assert_eq!(applied["handled"], 3);
        assert_eq!(round.visit(&first).await["assignment"]["shopper"], json!(not(&of(&first)).id));
        assert!(round.visit(&second).await["assignment"].is_null());
        assert_eq!(round.visit(&third).await["assignment"]["shopper"], of(&third)["shopper"]);
    }

    async fn a_plan_is_applied_once_and_only_when_it_is_ready(server) {
        let round = Field::open(&server, json!({"rotation_days": 0})).await;
        let _ = round.plan(0).await;
        let path = format!("/v1/rounds/{}/proposals", round.round);
        let asked = round.server.request(Method::POST, &path).by(server.north.coordinator()).await.send().await.json();
        assert_eq!(round.apply(&asked).await.problem(409), "not_possible_in_state");
        server.run_jobs().await;
        let _ = round.applied(&asked).await;
        assert_eq!(round.apply(&asked).await.problem(409), "not_possible_in_state");
    }

    async fn a_plan_whose_job_is_given_up_has_failed(server) {
        let round = Field::open(&server, json!({"rotation_days": 0})).await;
        let connection = server.database.connect().await;
        let sql = "UPDATE programme_part SET document = '{' WHERE kind = 'field_rules'";
        let broken = connection.execute_unprepared(sql).await.expect("an update");
        assert_eq!(broken.rows_affected(), 1);
        let mut found = round.propose().await;
        for _ in 0..8 {
            assert_ne!(found["state"], "ready");
            server.clock.advance_seconds(600);
            server.run_jobs().await;
            server.forget_tokens();
            found = round.read(&found).await;
        }
        assert_eq!(found["state"], "failed");
        assert_eq!(round.apply(&found).await.problem(409), "not_possible_in_state");
        let sql = "UPDATE programme_part SET document = '{}' WHERE kind = 'field_rules'";
        let _ = connection.execute_unprepared(sql).await.expect("an update");
        let administrator = server.north.person(Role::Administrator);
        let failed = round.get("/v1/failed-jobs", administrator).await.ok();
        assert_eq!(failed["items"][0]["kind"], "propose_plan");
        let path = format!("/v1/failed-jobs/{}/retry", text(&failed["items"][0]["id"]));
        assert_eq!(round.send(Method::POST, &path, &Value::Null, administrator).await.status, 204);
        server.run_jobs().await;
        assert_eq!(round.read(&found).await["state"], "ready", "it goes on where it was");
    }

    async fn two_who_work_a_plan_out_and_apply_it_at_once_do_so_once(server) {
        let round = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99})).await;
        let path = format!("/v1/rounds/{}/visits/generate", round.round);
        let body = json!({"locations": round.locations, "per_location": 10});
        assert_eq!(round.post(&path, body).await.ok()["planned"], 30);
        let path = format!("/v1/rounds/{}/proposals", round.round);
        let asked = server.request(Method::POST, &path).by(server.north.coordinator()).await.send().await.json();
        server.run_jobs_doubly().await;
        let proposal = round.read(&asked).await;
        assert_eq!((&proposal["state"], list(&proposal, "assignments").len()), (&json!("ready"), 30));
        assert_eq!(round.apply(&proposal).await.status, 202);
        server.run_jobs_doubly().await;
        let applied = round.read(&proposal).await;
        assert_eq!((&applied["state"], &applied["handled"], &applied["refused"]), (&json!("applied"), &json!(30), &json!([])));
        for one in list(&proposal, "assignments") {
            assert_eq!(round.visit(&text(&one["visit"])).await["assignment"]["shopper"], one["shopper"]);
        }
    }

    async fn more_visits_than_fit_one_go_are_all_offered(server) {
        let round = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99})).await;
        let path = format!("/v1/rounds/{}/visits/generate", round.round);
        let body = json!({"locations": round.locations, "per_location": 15});
        assert_eq!(round.post(&path, body).await.ok()["planned"], 45);
        let proposal = round.propose().await;
        assert_eq!(list(&proposal, "assignments").len(), 45);
        let applied = round.applied(&proposal).await;
        assert_eq!((&applied["handled"], &applied["refused"]), (&json!(45), &json!([])));
        for one in list(&proposal, "assignments") {
            assert_eq!(round.visit(&text(&one["visit"])).await["assignment"]["shopper"], one["shopper"]);
        }
    }
}
