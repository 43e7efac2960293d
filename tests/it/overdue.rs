//! Visits that are accepted and not begun: they are seen, reminded of, and taken back by a rule.

use axum::http::Method;
use haamu_tests::agency::Person;
use haamu_tests::{TestServer, both_dbs};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::filling::{Field, job, text};

/// News wait so long for others.
const GATHER: i64 = 3 * 60;
const DAY: i64 = 24 * 3_600;
const HOUR: i64 = 3_600;

/// The rules of these tests; the round's visits are over at midnight after 2026-11-29, Helsinki.
#[expect(clippy::needless_pass_by_value, reason = "tests write the rules in place")]
fn rules(more: Value) -> Value {
    let mut rules = json!({"rotation_days": 0, "location_visits_per_day": 99, "respond_hours": 1000});
    let more = more.as_object().cloned().unwrap_or_default();
    rules.as_object_mut().expect("an object").extend(more);
    rules
}

impl Field<'_> {
    /// A visit that a shopper has accepted, and by which assignment.
    async fn accepted(&self, place: usize, shopper: &Person) -> (String, String) {
        let visit = self.plan(place).await;
        let assignment = self.offered(&visit, shopper, None).await;
        self.accept(&assignment, shopper).await;
        (visit, assignment)
    }

    /// The visits that are overdue, by id.
    async fn overdue(&self) -> Vec<String> {
        self.server.forget_tokens();
        let path = format!("/v1/visits?overdue=true&round={}", self.round);
        let all = self
            .get("/v1/visits?overdue=true", self.server.north.coordinator())
            .await
            .ok();
        let of_round = self.get(&path, self.server.north.coordinator()).await.ok();
        assert_eq!(all, of_round);
        let items = all["items"].as_array().cloned().expect("items");
        items.iter().map(|item| text(&item["id"])).collect()
    }
}

async fn run(server: &TestServer, seconds: i64) {
    server.clock.advance_seconds(seconds);
    server.run_jobs().await;
}

/// The texts of mails, once news have waited long enough.
async fn told(server: &TestServer) -> Vec<String> {
    run(server, GATHER).await;
    server
        .mail
        .take()
        .into_iter()
        .map(|mail| mail.content.text)
        .collect()
}

both_dbs! {
    async fn what_is_overdue_is_found(server) {
        let field = Field::open(&server, rules(json!({}))).await;
        let shopper = server.north.shopper();
        let (late, _) = field.accepted(0, shopper).await;
        let (begun, _) = field.accepted(1, shopper).await;
        let (soon, held) = field.accepted(2, &server.north.other_shopper).await;
        let _ = field.offered(&field.plan(0).await, shopper, None).await;
        let more = json!({"visit_by": "2026-11-30", "reason": "Lumimyrsky."});
        let _ = field.post(&format!("/v1/assignments/{held}/extend"), more).await.ok();
        let mut device = server.device(shopper).await;
        let place = device.client.visits().iter().position(|visit| visit.brief.visit.to_string() == begun);
        let open = device.open_at(place.expect("it is there"));
        device.client.answer(&open, "greeted", "\"yes\"").await.expect("saved");
        device.sync().await;
        let read = field.get(&format!("/v1/visits/{late}"), server.north.coordinator()).await.ok();
        assert_eq!((&read["visit_by"], &read["report"]["by"], &read["assignment"]["due_on"]),
            (&json!("2026-11-29"), &json!("2026-12-01"), &json!("2026-11-29")));
        // 20 November, two o'clock in the afternoon.
        assert_eq!(field.overdue().await, [""; 0]);
        run(&server, 9 * DAY + 9 * HOUR).await;
        assert_eq!(field.overdue().await, [""; 0], "the last day is not over");
        run(&server, 7 * HOUR).await;
        assert_eq!(field.overdue().await, [late.as_str()], "its night is over too");
        run(&server, DAY).await;
        let mut both = vec![late.clone(), soon.clone()];
        both.sort_unstable();
        assert_eq!(field.overdue().await, both);
        run(&server, DAY).await;
        let mut all = vec![late, soon, begun];
        all.sort_unstable();
        assert_eq!(field.overdue().await, all, "the report is overdue as well");
    }

    async fn a_page_of_overdue_visits_comes_by_its_index(server) {
        let field = Field::open(&server, rules(json!({}))).await;
        let _ = field.accepted(0, server.north.shopper()).await;
        let _ = server.token(server.north.coordinator()).await;
        server.statements.keep();
        let _ = field.overdue().await;
        let kept = server.statements.take();
        let page = kept.into_iter().find(|one| one.sql.starts_with("SELECT") && one.sql.contains("'in_progress'"));
        let page = page.expect("the page was asked for");
        let connection = server.database.connect().await;
        let connection = connection.begin().await.expect("a transaction");
        let backend = connection.get_database_backend();
        let how = match backend {
            DbBackend::Postgres => {
                connection.execute_unprepared("SET LOCAL enable_seqscan = off").await.expect("a setting");
                "EXPLAIN"
            }
            _ => "EXPLAIN QUERY PLAN",
        };
        let values = page.values.map_or_else(Vec::new, |values| values.0);
        let asked = Statement::from_sql_and_values(backend, format!("{how} {}", page.sql), values);
        let rows = connection.query_all_raw(asked).await.expect("a plan");
        let lines: Vec<String> = rows.iter().map(|row| match backend {
            DbBackend::Postgres => row.try_get_by_index(0).expect("a line"),
            _ => row.try_get("", "detail").expect("a line"),
        }).collect();
        assert!(lines.iter().any(|line| line.contains("ix_visit_under_way")), "{lines:?}");
    }

    async fn whoever_has_not_begun_is_reminded_and_loses_the_visit_by_the_rule(server) {
        let field = Field::open(&server, rules(json!({"remind_days": 2, "take_back_days": 1}))).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (late, _) = field.accepted(0, shopper).await;
        let (longer, extended) = field.accepted(1, shopper).await;
        let taken = field.plan(2).await;
        field.post_all(json!("self_assign")).await;
        let take = format!("/v1/jobs/{taken}/take");
        let _ = field.send(Method::POST, &take, &job("2026-11-21"), other).await.created();
        let _ = told(&server).await;
        // Two days before six in the morning after the 29th.
        run(&server, 7 * DAY + 16 * HOUR - 3 * GATHER - 1).await;
        assert_eq!(told(&server).await, [""; 0]);
        run(&server, GATHER + 1).await;
        let mails = told(&server).await;
        assert_eq!(mails.len(), 2, "{mails:?}");
        assert!(mails.iter().all(|mail| mail.contains("you have not begun them")), "{mails:?}");
        server.forget_tokens();
        let more = json!({"visit_by": "2026-12-01", "reason": "Lumimyrsky."});
        let _ = field.post(&format!("/v1/assignments/{extended}/extend"), more).await.ok();
        let mails = told(&server).await;
        assert!(mails.len() == 1 && mails[0].contains("You have more time"), "{mails:?}");
        run(&server, 3 * DAY).await;
        assert_eq!(field.overdue().await.len(), 0, "they were taken back");
        for visit in [&late, &taken] {
            assert_eq!(field.state(visit).await, "planned free");
        }
        assert_eq!(field.state(&longer).await, "accepted accepted");
        let mails = told(&server).await;
        let gone = mails.iter().filter(|mail| mail.contains("were not begun in time and are yours no longer"));
        assert_eq!(gone.count(), 2, "{mails:?}");
        let soon = mails.iter().filter(|mail| mail.contains("you have not begun them"));
        assert_eq!(soon.count(), 1, "there is a new last day: {mails:?}");
        run(&server, 2 * DAY).await;
        server.forget_tokens();
        assert_eq!(field.state(&longer).await, "planned free");
    }

    async fn what_is_begun_or_has_no_rule_is_taken_from_nobody(server) {
        let field = Field::open(&server, rules(json!({"remind_days": null, "take_back_days": 0}))).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (begun, _) = field.accepted(0, shopper).await;
        let mut device = server.device(shopper).await;
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let (kept, _) = field.accepted(1, other).await;
        // The rule that holds when the days are over counts, and not that of before.
        let path = format!("/v1/programmes/{}/field-rules", field.programme);
        let coordinator = server.north.coordinator();
        let _ = field.send(Method::PUT, &path, &rules(json!({"remind_days": null})), coordinator).await.ok();
        let _ = told(&server).await;
        run(&server, 20 * DAY).await;
        assert_eq!(told(&server).await, [""; 0]);
        server.forget_tokens();
        assert_eq!(field.state(&begun).await, "in_progress accepted");
        assert_eq!(field.state(&kept).await, "accepted accepted");
        let wrong = rules(json!({"take_back_days": 367}));
        let refused = field.send(Method::PUT, &path, &wrong, coordinator).await;
        assert_eq!(refused.issues(422), ["take_back_days out_of_range"]);
    }
}
