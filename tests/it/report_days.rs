//! The days of reports: by when they are due, who is reminded of that, and in which period they count.

use axum::http::Method;
use haamu_domain::{Role, SubmissionId};
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{TestServer, WireDevice, both_dbs};
use serde_json::{Value, json};

use crate::filling::Field;

const DAY: i64 = 86_400;
/// News wait so long for others.
const GATHER: i64 = 3 * 60;

/// The texts of the mails to somebody, once news have waited long enough.
async fn told(server: &TestServer, email: &str) -> Vec<String> {
    server.run_jobs().await;
    server.clock.advance_seconds(GATHER);
    server.run_jobs().await;
    let mails = server.mail.take().into_iter();
    mails
        .filter(|mail| mail.recipient == email)
        .map(|mail| mail.content.text)
        .collect()
}

async fn report(server: &TestServer, visit: &str) -> Value {
    let path = format!("/v1/visits/{visit}");
    server.read(&path, server.north.coordinator()).await["report"].clone()
}

both_dbs! {
    async fn a_report_that_is_late_is_seen_to_be(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let shopper = server.north.shopper();
        let path = format!("/v1/assignments/{}/accept", scene.assignment);
        let accepted = server.post(&path, json!({"independent": true})).by(shopper).await;
        let _ = accepted.send().await.ok();
        let expected = json!({"by": "2026-12-01", "late": false, "counts_in": "2026-11-30"});
        assert_eq!(report(&server, &scene.visit).await, expected);
        server.clock.advance_seconds(13 * DAY);
        server.forget_tokens();
        assert_eq!(report(&server, &scene.visit).await["late"], true, "it has not come");
        let mut device = server.device(shopper).await;
        device.evaluate().await;
        device.sync().await;
        server.run_jobs().await;
        let found = report(&server, &scene.visit).await;
        assert_eq!((&found["late"], found["handed_in_at"].is_string()), (&json!(true), true));
        let evaluation = server.evaluation(&scene).await;
        let findings = evaluation["findings"].as_array().cloned().expect("findings");
        let late = findings.iter().find(|finding| finding["code"] == "report_late");
        let message = late.expect("a notice")["message"].as_str().expect("a message");
        assert!(message.contains("2026-12-01") && message.contains("2026-12-03"), "{message}");
        let listed = server.list("/v1/visits", server.north.coordinator()).await;
        assert_eq!(listed[0]["report"]["late"], true);
    }

    async fn a_report_in_time_is_not_late(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let found = report(&server, &scene.visit).await;
        assert_eq!((&found["late"], found["handed_in_at"].is_string()), (&json!(false), true));
        let evaluation = server.evaluation(&scene).await;
        let findings = evaluation["findings"].as_array().cloned().expect("findings");
        assert!(!findings.iter().any(|finding| finding["code"] == "report_late"), "{findings:?}");
    }

    async fn a_shopper_is_reminded_once_of_a_report(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99})).await;
        let shopper = server.north.shopper();
        let offered = field.offer(&field.plan(0).await, shopper, Some("2026-11-25")).await.created();
        let id = |value: &Value| value.as_str().expect("an id").to_owned();
        let assignment = id(&offered["assignment"]["id"]);
        field.accept(&assignment, shopper).await;
        // One that has begun.
        let submission: uuid::Uuid = id(&offered["assignment"]["submission"]).parse().expect("an id");
        let document = SubmissionId::from_uuid(submission).document();
        let mut device = WireDevice::enrol(&server, shopper).await;
        let _ = device.send(&device.request(&[device.op(1, document, "greeted", "\"yes\"")])).await;
        server.app.plan_purges().await.expect("planned");
        server.clock.advance_seconds(9 * DAY);
        let before = told(&server, &shopper.email).await;
        assert!(!before.iter().any(|text| text.contains("report by")), "{before:?}");
        // On the morning before its last day.
        server.clock.advance_seconds(DAY);
        let said = told(&server, &shopper.email).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("Paikka 0, Kaupunki: report by 2026-12-01"), "{said:?}");
        server.clock.advance_seconds(DAY);
        assert_eq!(told(&server, &shopper.email).await, [""; 0]);
        // With more time there is another day to be reminded of.
        server.forget_tokens();
        let path = format!("/v1/assignments/{assignment}/extend");
        let more = json!({"visit_by": "2026-12-04", "report_by": "2026-12-05", "due_on": "2026-12-03", "reason": "Lumimyrsky."});
        let _ = field.post(&path, more).await.ok();
        server.clock.advance_seconds(2 * DAY);
        let _ = told(&server, &shopper.email).await;
        server.clock.advance_seconds(DAY);
        let said = told(&server, &shopper.email).await;
        assert!(said.iter().any(|text| text.contains("report by 2026-12-05")), "{said:?}");
    }

    async fn reports_count_in_the_period_that_their_round_says(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let manager = server.north.person(Role::ClientManager);
        let listed = async |query: &str| {
            let found = server.list(&format!("/v1/visit-reports{query}"), manager).await;
            found.iter().map(|item| item["counts_in"].as_str().expect("a date").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(listed("").await, ["2026-11-30"]);
        assert_eq!(listed("?counts_from=2026-11-01&counts_until=2026-11-30").await, ["2026-11-30"]);
        assert_eq!(listed("?counts_from=2026-12-01").await, [""; 0]);
        let path = format!("/v1/rounds/{}", scene.round);
        let patch = server.request(Method::PATCH, &path).json(&json!({"counts_in": "2026-12-15"}));
        let _ = patch.by(server.north.coordinator()).await.send().await.ok();
        assert_eq!(listed("?counts_from=2026-12-01").await, ["2026-12-15"]);
        assert_eq!(listed("?counts_until=2026-11-30").await, [""; 0]);
        let path = format!("/v1/visit-reports/{}", scene.visit);
        assert_eq!(server.read(&path, manager).await["visit"]["counts_in"], "2026-12-15");
        let page = server.get(&format!("{path}/html?lang=en")).by(manager).await.send().await;
        assert!(page.text().contains("<dt>Reporting period</dt><dd>12/2026</dd>"), "{}", page.text());
    }
}
