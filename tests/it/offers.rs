//! What shoppers are told of offers by mail, more time for one of them, and what keeps people from flooding others.

use std::collections::BTreeSet;

use axum::http::Method;
use futures::future::join_all;
use haamu_app::AppSettings;
use haamu_domain::Role;
use haamu_domain::daily::DailyLimits;
use haamu_tests::agency::Person;
use haamu_tests::mail::secret;
use haamu_tests::{Answer, PASSWORD, TestDatabase, TestServer, both_dbs};
use serde_json::{Value, json};

use crate::filling::{Field, job, refused, text};

/// News wait so long for others.
const GATHER: i64 = 3 * 60;

/// The text of the only mail to somebody, once news have waited long enough.
pub(crate) async fn told(server: &TestServer, who: &Person) -> Option<String> {
    server.clock.advance_seconds(GATHER);
    server.run_jobs().await;
    let mails = server.mail.take();
    assert!(mails.len() <= 1, "{mails:?}");
    let mail = mails.into_iter().next()?;
    assert_eq!(mail.recipient, who.email);
    Some(mail.content.text)
}

/// A server where one person causes so few mails of each kind.
async fn careful(database: TestDatabase) -> TestServer {
    let mut settings = AppSettings::default();
    settings.identity.daily = DailyLimits {
        invitations: 2,
        address_links: 2,
        job_invitations: 2,
        ..DailyLimits::default()
    };
    TestServer::start_with(database, settings).await
}

async fn extend(field: &Field<'_>, assignment: &str, body: &Value) -> Answer {
    let path = format!("/v1/assignments/{assignment}/extend");
    field.post(&path, body.clone()).await
}

async fn companion(field: &Field<'_>, shopper: &Person, name: &str) -> Value {
    let body = json!({"name": name});
    let made = field
        .send(Method::POST, "/v1/me/companions", &body, shopper)
        .await;
    made.created()["id"].clone()
}

async fn remove(field: &Field<'_>, companion: &Value, shopper: &Person) {
    let path = format!("/v1/me/companions/{}", text(companion));
    let removed = field.send(Method::DELETE, &path, &Value::Null, shopper).await;
    assert_eq!(removed.status, 204);
}

/// The rules of most of these tests.
fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

both_dbs! {
    async fn what_is_offered_within_some_minutes_is_one_mail(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        for place in [0, 1, 2] {
            let _ = field.offered(&field.plan(place).await, shopper, None).await;
            server.run_jobs().await;
            assert!(server.mail.take().is_empty(), "more may come");
            server.clock.advance_seconds(50);
        }
        let said = told(&server, shopper).await.expect("a mail");
        for place in ["Paikka 0, Kaupunki", "Paikka 1, Kaupunki", "Paikka 2, Kaupunki"] {
            assert!(said.contains(place), "{said}");
        }
        // Offered at two o'clock in Helsinki, with two days to answer.
        assert!(said.contains("visit by 2026-11-29; answer by 2026-11-22 at 14:00"), "{said}");
        assert_eq!(told(&server, shopper).await, None);
    }

    async fn an_offer_that_is_gone_again_is_not_worth_a_mail(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let _ = field.offered(&visit, shopper, None).await;
        let path = format!("/v1/visits/{visit}/withdraw");
        let _ = field.post(&path, json!({"reason": "Väärä päivä."})).await.ok();
        assert_eq!(told(&server, shopper).await, None);
        // One that was told of is told to be gone.
        let _ = field.offered(&visit, shopper, None).await;
        assert!(told(&server, shopper).await.expect("a mail").contains("These visits are offered to you"));
        let _ = field.post(&path, json!({"reason": "Asiakas perui."})).await.ok();
        assert!(told(&server, shopper).await.expect("a mail").contains("These visits are yours no longer"));
    }

    async fn who_does_not_answer_is_told_that_the_offer_is_over(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let _ = field.offered(&visit, shopper, None).await;
        let _ = told(&server, shopper).await.expect("a mail");
        server.clock.advance_seconds(48 * 3_600);
        server.run_jobs().await;
        let said = told(&server, shopper).await.expect("a mail");
        assert!(said.contains("not answered in time") && said.contains("Paikka 0"), "{said}");
    }

    async fn whoever_answers_or_takes_a_visit_themselves_is_told_nothing(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (offered, posted) = (field.plan(0).await, field.plan(1).await);
        let assignment = field.offered(&offered, shopper, None).await;
        field.accept(&assignment, shopper).await;
        field.post_all(json!("self_assign")).await;
        let path = format!("/v1/jobs/{posted}/take");
        let taken = field.send(Method::POST, &path, &job("2026-11-21"), shopper).await;
        assert!(taken.status.is_success(), "{}", taken.text());
        assert_eq!(told(&server, shopper).await, None);
    }

    async fn invitations_to_visits_are_told_once(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visits = [field.plan(0).await, field.plan(1).await];
        let invite = async |visit: &str| {
            let body = json!({"shoppers": [shopper.id]});
            let answer = field.post(&format!("/v1/visits/{visit}/invitations"), body).await;
            assert_eq!(answer.status, 204, "{}", answer.text());
        };
        invite(&visits[0]).await;
        invite(&visits[1]).await;
        let _ = field.offered(&visits[1], shopper, None).await;
        let said = told(&server, shopper).await.expect("a mail");
        assert_eq!(said.matches("Paikka 0").count(), 1, "{said}");
        assert_eq!(said.matches("Paikka 1").count(), 1, "what is offered is not asked about: {said}");
        invite(&visits[0]).await;
        assert_eq!(told(&server, shopper).await, None);
    }

    async fn a_shopper_who_is_kept_out_is_told_nothing(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let _ = field.offered(&field.plan(0).await, shopper, None).await;
        let path = format!("/v1/users/{}/disable", shopper.id);
        let administrator = server.north.person(Role::Administrator);
        let disabled = server.post(&path, Value::Null).by(administrator).await.send().await;
        assert!(disabled.status.is_success(), "{}", disabled.text());
        assert_eq!(told(&server, shopper).await, None);
    }

    async fn one_visit_gets_more_time_under_the_rules(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, shopper, Some("2026-11-21")).await;
        let day = |visit_by: &str| json!({"visit_by": visit_by, "reason": "Lumimyrsky."});
        let no_reason = json!({"visit_by": "2026-12-01", "reason": ""});
        assert_eq!(extend(&field, &assignment, &no_reason).await.issues(422), ["reason required"]);
        assert_eq!(extend(&field, &assignment, &day("2026-11-28")).await.issues(422), ["visit_by out_of_order"]);
        assert_eq!(extend(&field, &assignment, &day("2027-06-01")).await.issues(422), ["report_by out_of_order"]);
        let beyond = json!({"visit_by": "2026-12-20", "report_by": "2026-12-22", "due_on": "2026-12-19", "reason": "Lumimyrsky."});
        let plan = extend(&field, &assignment, &beyond).await.ok();
        assert_eq!((&plan["visit_by"], &plan["report_by"], &plan["extension_reason"]),
            (&json!("2026-12-20"), &json!("2026-12-22"), &json!("Lumimyrsky.")));
        let path = format!("/v1/assignments/{assignment}/accept");
        let brief = field.send(Method::POST, &path, &json!({"independent": true}), shopper).await.ok();
        assert_eq!((&brief["visit_by"], &brief["report_by"], &brief["due_on"]),
            (&json!("2026-12-20"), &json!("2026-12-22"), &json!("2026-12-19")));
        let back = format!("/v1/assignments/{assignment}/give-back");
        let given = field.send(Method::POST, &back, &json!({"reason": "En ehdi."}), shopper).await;
        assert_eq!(given.status, 204);
        assert_eq!(extend(&field, &assignment, &beyond).await.problem(409), "not_possible_in_state");
    }

    async fn rules_are_judged_for_the_new_days_of_a_visit(server) {
        let field = Field::open(&server, json!({"rotation_days": 10, "location_visits_per_day": 99})).await;
        let shopper = server.north.shopper();
        let (first, second) = (field.plan(0).await, field.plan(0).await);
        let _ = field.offered(&first, shopper, Some("2026-11-28")).await;
        let other = field.offered(&second, &server.north.other_shopper, None).await;
        let path = format!("/v1/visits/{second}/assignments");
        let give = async |due_on: Option<&str>| {
            let body = json!({"shopper": shopper.id, "due_on": due_on, "replaces": other});
            field.post(&path, body).await
        };
        assert_eq!(refused(give(None).await), ["rotation 2026-12-08"]);
        let beyond = |due_on: &str| json!({"visit_by": "2026-12-20", "report_by": "2026-12-22", "due_on": due_on, "reason": "Lumimyrsky."});
        let plan = extend(&field, &other, &beyond("2026-12-20")).await;
        assert!(plan.status.is_success(), "{}", plan.text());
        // With more time the other shopper may come as well, but not on any day.
        let given = give(Some("2026-12-08")).await.created();
        let assignment = text(&given["assignment"]["id"]);
        assert_eq!(refused(extend(&field, &assignment, &beyond("2026-12-01")).await), ["rotation 2026-12-08"]);
    }

    async fn nobody_comes_along_who_was_taken_off_the_list(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visits = [field.plan(0).await, field.plan(1).await];
        field.post_all(json!("apply")).await;
        let (gone, there) = (companion(&field, shopper, "Serkku").await, companion(&field, shopper, "Täti").await);
        let apply = async |visit: &str, companion: &Value| {
            let body = json!({"due_on": "2026-11-21", "independent": true, "companion": companion});
            field.send(Method::PUT, &format!("/v1/jobs/{visit}/application"), &body, shopper).await
        };
        assert_eq!(apply(&visits[0], &gone).await.status, 204);
        remove(&field, &gone, shopper).await;
        assert_eq!(apply(&visits[1], &gone).await.issues(422), ["companion not_found"]);
        assert_eq!(apply(&visits[1], &there).await.status, 204);
        let offer = async |visit: &str, companion: &Value| {
            let body = json!({"shopper": shopper.id, "companion": companion});
            field.post(&format!("/v1/visits/{visit}/assignments"), body).await
        };
        // The application holds without whoever was taken off the list since.
        let offered = offer(&visits[0], &Value::Null).await;
        assert!(offered.status.is_success(), "{}", offered.text());
        let assignment = text(&offered.json()["assignment"]["id"]);
        let body = json!({"independent": true, "companion": gone});
        let path = format!("/v1/assignments/{assignment}/accept");
        let accepted = field.send(Method::POST, &path, &body, shopper).await;
        assert_eq!(accepted.issues(422), ["companion not_found"]);
        field.accept(&assignment, shopper).await;
        let path = format!("/v1/visits/{}/eligibility?companion={}", visits[1], text(&gone));
        assert_eq!(field.get(&path, shopper).await.issues(422), ["companion not_found"]);
    }

    async fn a_plan_prefers_who_asked_and_then_who_was_invited(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visits = [field.plan(0).await, field.plan(0).await];
        field.post_all(json!("apply")).await;
        let path = format!("/v1/jobs/{}/application", visits[0]);
        let pick = |one: &Person, two: &Person| json!([one.id, two.id]);
        for (applicant, invited) in [(shopper, other), (other, shopper)] {
            assert_eq!(field.send(Method::PUT, &path, &job("2026-11-21"), applicant).await.status, 204);
            let body = json!({"shoppers": [invited.id]});
            assert_eq!(field.post(&format!("/v1/visits/{}/invitations", visits[1]), body).await.status, 204);
            let asked = server.request(Method::POST, &format!("/v1/rounds/{}/proposals", field.round));
            let asked = asked.by(server.north.coordinator()).await.send().await.json();
            server.run_jobs().await;
            let found = field.get(&format!("/v1/proposals/{}", text(&asked["id"])), server.north.coordinator()).await.ok();
            let by = |visit: &str| {
                let all = found["assignments"].as_array().expect("a list");
                all.iter().find(|one| one["visit"] == visit).expect("it is filled")["shopper"].clone()
            };
            if applicant.id == shopper.id {
                assert_eq!(json!([by(&visits[0]), by(&visits[1])]), pick(shopper, other), "{found}");
            } else {
                // Both were invited to the second one by now; one has the first.
                assert_eq!(by(&visits[0]), json!(other.id), "{found}");
            }
            assert_eq!(field.send(Method::DELETE, &path, &Value::Null, applicant).await.status, 204);
        }
    }

    async fn a_programme_never_ends_under_somebody_at_work(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (mut visits, mut offers) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            let visit = field.plan(0).await;
            offers.push(field.offered(&visit, shopper, None).await);
            visits.push(visit);
        }
        field.accept(&offers[0], shopper).await;
        field.accept(&offers[1], shopper).await;
        let programme = format!("/v1/programmes/{}", field.programme);
        let _ = field.post(&format!("{programme}/close"), Value::Null).await.ok();
        let reason = json!({"reason": "En ehdi."});
        let steps = [("give-back", 0), ("give-back", 1), ("decline", 2), ("accept", 3), ("decline", 3)];
        let ends = steps.map(|(how, which)| {
            let path = format!("/v1/assignments/{}/{how}", offers[which]);
            let body = if how == "accept" { json!({"independent": true}) } else { reason.clone() };
            let field = &field;
            async move { field.send(Method::POST, &path, &body, shopper).await.status.as_u16() }
        });
        let finish = (0..8).map(|_| async {
            let answer = field.post(&format!("{programme}/finish"), Value::Null).await;
            answer.status.as_u16()
        });
        let (ended, finished) = futures::future::join(join_all(ends), join_all(finish)).await;
        assert!(ended[..3].iter().all(|status| *status == 204), "{ended:?}");
        assert!(finished.iter().all(|status| matches!(status, 200 | 409)), "{finished:?}");
        let is_closed = finished.contains(&200);
        for visit in &visits {
            let state = field.state(visit).await;
            assert!(!is_closed || state == "planned free", "{state}: {ended:?} {finished:?}");
        }
    }

    async fn agreements_that_are_written_at_once_are_numbered_one_after_the_other(server) {
        let coordinator = server.north.coordinator();
        let _ = server.token(coordinator).await;
        let languages = ["fi", "sv", "en", "fi", "sv", "en"];
        let written = join_all(languages.iter().enumerate().map(|(number, language)| {
            let server = &server;
            async move {
                let call = server.post("/v1/shopper-agreements", json!({"texts": {*language: format!("Words {number}.")}}));
                call.by(coordinator).await.send().await.created()["version"].as_u64()
            }
        })).await;
        let versions: BTreeSet<_> = written.into_iter().flatten().collect();
        assert_eq!(versions, (1..=6).collect());
    }
}

/// On both databases, for servers with settings of their own.
macro_rules! on_both {
    ($($name:ident)+) => {
        $(mod $name {
            use super::*;

            #[tokio::test]
            async fn sqlite() {
                super::$name(TestDatabase::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = TestDatabase::postgres().await {
                    super::$name(database).await;
                }
            }
        })+
    };
}
pub(crate) use on_both;

on_both! {
    nobody_causes_more_mails_than_the_limit_of_a_day
    links_about_ones_address_are_limited
    job_invitations_are_limited
}

async fn nobody_causes_more_mails_than_the_limit_of_a_day(database: TestDatabase) {
    let server = careful(database).await;
    let coordinator = server.north.coordinator();
    let invite = async |email: &str, who: &Person| {
        let body = json!({"email": email, "role": "shopper"});
        server.post("/v1/invitations", body).by(who).await.send().await
    };
    let first = invite("a@new.example", coordinator).await.created();
    let again = format!("/v1/invitations/{}/resend", text(&first["id"]));
    let _ = server
        .post(&again, Value::Null)
        .by(coordinator)
        .await
        .send()
        .await
        .ok();
    let third = invite("b@new.example", coordinator).await;
    assert_eq!(third.headers["retry-after"], "43201");
    assert!(third.text().contains("2026-11-21T00:00:00Z"), "{}", third.text());
    assert_eq!(third.problem(429), "daily_limit");
    let refused = server
        .post(&again, Value::Null)
        .by(coordinator)
        .await
        .send()
        .await;
    assert_eq!(refused.problem(429), "daily_limit");
    // Each person counts for themselves, and each day.
    let _ = invite("b@new.example", server.north.person(Role::Administrator))
        .await
        .created();
    server.run_jobs().await;
    assert_eq!(server.mail.take().len(), 3);
    server.clock.advance_seconds(12 * 3_600);
    server.forget_tokens();
    let _ = invite("c@new.example", coordinator).await.created();
}

async fn links_about_ones_address_are_limited(database: TestDatabase) {
    let server = careful(database).await;
    let shopper = server.north.shopper();
    let change = async |email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        let call = server.request(Method::POST, "/v1/me/email").json(&body);
        call.by(shopper).await.send().await
    };
    for email in ["a@new.example", "reviewer@north.example"] {
        let asked = change(email).await;
        assert!(asked.status.is_success(), "{}", asked.text());
    }
    assert_eq!(change("c@new.example").await.problem(429), "daily_limit");
    server.run_jobs().await;
    let mails = server.mail.take();
    assert_eq!(mails.len(), 2);
    assert!(!secret(&mails[0]).is_empty());
}

async fn job_invitations_are_limited(database: TestDatabase) {
    let server = careful(database).await;
    let field = Field::open(&server, free()).await;
    let invite = async |visit: &str, shoppers: &[&Person]| {
        let ids: Vec<_> = shoppers.iter().map(|one| one.id).collect();
        field
            .post(
                &format!("/v1/visits/{visit}/invitations"),
                json!({"shoppers": ids}),
            )
            .await
    };
    let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
    let visits = [field.plan(0).await, field.plan(1).await];
    assert_eq!(invite(&visits[0], &[shopper]).await.status, 204);
    // Whoever was asked before costs nothing, and what is refused was not done by half.
    assert_eq!(invite(&visits[0], &[shopper]).await.status, 204);
    assert_eq!(
        invite(&visits[1], &[shopper, other]).await.problem(429),
        "daily_limit"
    );
    assert!(
        field
            .jobs("", shopper)
            .await
            .iter()
            .all(|job| job["visit"] != visits[1].as_str())
    );
    assert_eq!(invite(&visits[1], &[other]).await.status, 204);
    assert_eq!(invite(&visits[1], &[shopper]).await.problem(429), "daily_limit");
}
