//! Plans of visits: what changes while somebody has one, what is called off, and who is looked for.

use std::collections::BTreeMap;

use axum::http::Method;
use futures::future::join_all;
use haamu_app::AppSettings;
use haamu_domain::Role;
use haamu_tests::agency::Person;
use haamu_tests::{Answer, TestDatabase, TestServer, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::assigning::list;
use crate::filling::{Field, job, refused, text};
use crate::offers::on_both;

impl Field<'_> {
    /// Changes the plan of a visit.
    pub(crate) async fn patch_plan(&self, visit: &str, body: Value) -> Answer {
        let path = format!("/v1/visits/{visit}/plan");
        let coordinator = self.server.north.coordinator();
        self.send(Method::PATCH, &path, &body, coordinator).await
    }

    pub(crate) async fn apply_for(&self, visit: &str, day: &str, shopper: &Person) {
        let path = format!("/v1/jobs/{visit}/application");
        let asked = self.send(Method::PUT, &path, &job(day), shopper).await;
        assert_eq!(asked.status, 204, "{}", asked.text());
    }
}

/// The rules of most of these tests.
fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

both_dbs! {
    async fn rules_hold_for_a_new_plan_of_a_visit_that_somebody_has(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let path = format!("/v1/rounds/{}/quotas", field.round);
        let quotas = json!({"daypart": {"evening": 1}});
        assert_eq!(field.send(Method::PUT, &path, &quotas, server.north.coordinator()).await.status, 204);
        let (first, second) = (field.plan(0).await, field.plan(1).await);
        for (visit, part) in [(&first, "evening"), (&second, "morning")] {
            let _ = field.patch_plan(visit, json!({"daypart": part})).await.ok();
        }
        let _ = field.offered(&first, shopper, Some("2026-11-25")).await;
        let _ = field.offered(&second, other, Some("2026-11-25")).await;
        assert_eq!(refused(field.patch_plan(&second, json!({"daypart": "evening"})).await), ["quota_full"]);
        assert_eq!(refused(field.patch_plan(&second, json!({"visit_by": "2026-11-24"})).await), ["outside_round"]);
        // More time is for an extension, which says why; nothing but the coordinator's own key concerns nobody.
        let later = json!({"visit_by": "2026-11-30"});
        assert_eq!(field.patch_plan(&second, later.clone()).await.problem(409), "not_possible_in_state");
        let plan = field.patch_plan(&second, json!({"external_id": "A-1", "daypart": "midday"})).await.ok();
        assert_eq!((&plan["external_id"], &plan["daypart"]), (&json!("A-1"), &json!("midday")));
        assert_eq!(field.patch_plan(&field.plan(2).await, later).await.ok()["visit_by"], "2026-11-30");
    }

    async fn a_new_plan_and_an_offer_at_once_do_not_overfill_a_quota(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let path = format!("/v1/rounds/{}/quotas", field.round);
        let quotas = json!({"daypart": {"evening": 1}});
        assert_eq!(field.send(Method::PUT, &path, &quotas, coordinator).await.status, 204);
        let (open, held) = (field.plan(0).await, field.plan(1).await);
        let _ = field.patch_plan(&open, json!({"daypart": "evening"})).await.ok();
        let _ = field.patch_plan(&held, json!({"daypart": "morning"})).await.ok();
        let _ = field.offered(&held, other, Some("2026-11-25")).await;
        let answers = join_all((0..16).map(|number| {
            let (field, open, held) = (&field, &open, &held);
            async move {
                match number % 2 {
                    0 => field.offer(open, shopper, Some("2026-11-25")).await,
                    _ => field.patch_plan(held, json!({"daypart": "evening"})).await,
                }
            }
        })).await;
        for answer in answers {
            assert!(answer.status.is_success() || answer.status == 409, "{}", answer.text());
        }
        let is_evening = field.get(&format!("/v1/visits/{held}/plan"), coordinator).await.ok()["daypart"] == "evening";
        let is_offered = field.state(&open).await == "planned assigned";
        assert!(is_evening != is_offered, "one of them is the only evening: {is_evening} {is_offered}");
    }

    async fn what_is_called_off_is_neither_posted_nor_invited_to(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let path = format!("/v1/visits/{visit}/cancel");
        let _ = field.post(&path, json!({"reason": "Ei tarvita."})).await.ok();
        let path = format!("/v1/visits/{visit}/invitations");
        let invited = field.post(&path, json!({"shoppers": [shopper.id]})).await;
        assert_eq!(invited.problem(409), "not_possible_in_state");
        assert_eq!(field.patch_plan(&visit, json!({"board": "apply"})).await.problem(409), "not_possible_in_state");
        assert!(field.jobs("?with_obstacles=true", shopper).await.is_empty());
        // One that got onto the board all the same, by an earlier version of the program.
        let connection = server.database.connect().await;
        let sql = "UPDATE visit_plan SET board = 'self_assign' WHERE closed_reason IS NOT NULL";
        let posted = connection.execute_unprepared(sql).await.expect("an update");
        assert_eq!(posted.rows_affected(), 1);
        assert!(field.jobs("?with_obstacles=true", shopper).await.is_empty());
        let path = format!("/v1/jobs/{visit}/take");
        assert_eq!(field.send(Method::POST, &path, &job("2026-11-21"), shopper).await.problem(404), "not_found");
    }

    async fn who_is_kept_out_or_suspended_is_not_looked_for(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visit = field.plan(0).await;
        let administrator = server.north.person(Role::Administrator);
        let disabled = server.post(&format!("/v1/users/{}/disable", shopper.id), Value::Null).by(administrator).await.send().await;
        assert!(disabled.status.is_success(), "{}", disabled.text());
        let path = format!("/v1/visits/{visit}/invitations");
        let invited = field.post(&path, json!({"shoppers": [other.id, shopper.id]})).await;
        assert_eq!(invited.issues(422), ["shoppers[1] not_found"]);
        assert_eq!(proposed(&field.propose().await), [(visit.clone(), other.id.to_string())]);
        // What the agency says of the other one is not for them to change.
        let profile = format!("/v1/shoppers/{}/profile", other.id);
        let suspend = async |is_suspended: bool| {
            let body = json!({"suspended": is_suspended});
            field.send(Method::PATCH, &profile, &body, server.north.coordinator()).await.ok()
        };
        assert_eq!(suspend(true).await["suspended"], true);
        let own = |body: Value| { let field = &field; async move { field.send(Method::PATCH, "/v1/me/profile", &body, other).await } };
        let changed = own(json!({"active": true})).await.ok();
        assert_eq!((&changed["active"], &changed["suspended"]), (&json!(true), &json!(true)));
        assert_eq!(own(json!({"suspended": false})).await.problem(400), "invalid_request");
        assert_eq!(field.why_not(&visit, other, "").await.0, ["not_active"]);
        let proposal = field.propose().await;
        assert_eq!(list(&proposal, "unfilled")[0]["relaxations"], json!([{"code": "not_active", "shoppers": 1}]));
        // The holiday is theirs: it stays when the suspension ends.
        let _ = own(json!({"active": false})).await.ok();
        assert_eq!(suspend(false).await["active"], false);
        assert_eq!(field.why_not(&visit, other, "").await.0, ["not_active"]);
        let _ = own(json!({"active": true})).await.ok();
        assert_eq!(field.why_not(&visit, other, "").await.0, [""; 0]);
    }

    async fn nobody_is_proposed_for_what_they_gave_up(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let end = async |assignment: &str, how: &str, body: Value| {
            let path = format!("/v1/assignments/{assignment}/{how}");
            let ended = field.send(Method::POST, &path, &body, shopper).await;
            assert_eq!(ended.status, 204, "{}", ended.text());
        };
        let reason = || json!({"reason": "En ehdi."});
        let mut visits = Vec::new();
        for how in ["decline", "give-back", "obstacle"] {
            let visit = field.plan(0).await;
            let assignment = field.offered(&visit, shopper, None).await;
            if how != "decline" {
                field.accept(&assignment, shopper).await;
            }
            let body = if how == "obstacle" { json!({"obstacle": "cannot_do", "reason": "Ei onnistu."}) } else { reason() };
            end(&assignment, how, body).await;
            visits.push(visit);
        }
        let lapsed = field.plan(0).await;
        let _ = field.offered(&lapsed, shopper, None).await;
        server.clock.advance_seconds(49 * 3_600);
        server.run_jobs().await;
        server.forget_tokens();
        visits.push(lapsed);
        // What a coordinator took back may come again.
        let withdrawn = field.plan(0).await;
        let _ = field.offered(&withdrawn, other, None).await;
        let _ = field.post(&format!("/v1/visits/{withdrawn}/withdraw"), reason()).await.ok();
        let proposal = field.propose().await;
        let by: BTreeMap<_, _> = proposed(&proposal).into_iter().collect();
        for visit in &visits {
            assert_eq!(by[visit], other.id.to_string(), "{proposal}");
        }
        let assignment = field.offered(&visits[0], other, None).await;
        let path = format!("/v1/assignments/{assignment}/decline");
        assert_eq!(field.send(Method::POST, &path, &reason(), other).await.status, 204);
        let proposal = field.propose().await;
        let left = &list(&proposal, "unfilled")[0];
        assert_eq!((&left["visit"], &left["gave_up"], &left["relaxations"]), (&json!(visits[0]), &json!(2), &json!([])));
        // Whoever asks for it again is looked for again.
        field.post_all(json!("apply")).await;
        field.apply_for(&visits[0], "2026-11-26", shopper).await;
        assert!(proposed(&field.propose().await).contains(&(visits[0].clone(), shopper.id.to_string())));
    }

    async fn a_visit_whose_scenario_is_not_in_use_is_left_open_and_says_so(server) {
        let field = Field::open(&server, free()).await;
        let coordinator = server.north.coordinator();
        let path = format!("/v1/programmes/{}/scenarios", field.programme);
        let mut visits = Vec::new();
        for change in [json!({"retired": true}), json!({"scenario": {"script": "Kysy sauvoja.", "difficulty": 2}}), json!({})] {
            let body = json!({"name": "Sukset", "scenario": {"script": "Kysy suksia.", "difficulty": 2}});
            let one = format!("/v1/scenarios/{}", text(&field.post(&path, body).await.created()["id"]));
            let ticks = ["realistic", "reliable", "ethical", "practical", "safe", "objective", "lawful"];
            let ticks: BTreeMap<_, _> = ticks.into_iter().map(|tick| (tick, true)).collect();
            let made = field.send(Method::PATCH, &one, &json!({"ethics": ticks}), coordinator).await.ok();
            let visit = field.plan(0).await;
            let _ = field.patch_plan(&visit, json!({"scenario": made["id"]})).await.ok();
            let _ = field.send(Method::PATCH, &one, &change, coordinator).await.ok();
            visits.push(visit);
        }
        let proposal = field.propose().await;
        let left: BTreeMap<_, _> = list(&proposal, "unfilled").iter().map(|one| (text(&one["visit"]), text(&one["reason"]))).collect();
        let expected = [(visits[0].clone(), "scenario_retired".to_owned()), (visits[1].clone(), "scenario_not_ready".to_owned())];
        assert_eq!(left, BTreeMap::from(expected));
        let filled: Vec<_> = proposed(&proposal).into_iter().map(|(visit, _)| visit).collect();
        assert_eq!(filled, [visits[2].clone()]);
    }

    async fn rules_that_keep_a_visit_open_together_are_named(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "qualifications": ["car"]})).await;
        let _ = field.plan(0).await;
        for shopper in [server.north.shopper(), &server.north.other_shopper] {
            let path = format!("/v1/shoppers/{}/profile", shopper.id);
            let _ = field.send(Method::PATCH, &path, &json!({"suspended": true}), server.north.coordinator()).await.ok();
        }
        let left = list(&field.propose().await, "unfilled")[0].clone();
        assert_eq!(left["relaxations"], json!([]));
        assert_eq!(left["combinations"], json!([{"codes": ["not_active", "qualification_missing"], "shoppers": 2}]));
    }
}

on_both! {
    more_visits_than_a_plan_takes_are_counted
}

async fn more_visits_than_a_plan_takes_are_counted(database: TestDatabase) {
    let settings = AppSettings {
        max_planned_visits: 2,
        ..AppSettings::default()
    };
    let server = TestServer::start_with(database, settings).await;
    let field = Field::open(&server, free()).await;
    let mut visits = Vec::new();
    for place in [0, 1, 2, 0] {
        visits.push(field.plan(place).await);
    }
    let path = format!("/v1/visits/{}/cancel", visits[0]);
    let _ = field.post(&path, json!({"reason": "Ei tarvita."})).await.ok();
    let proposal = field.propose().await;
    let filled: Vec<_> = proposed(&proposal).into_iter().map(|(visit, _)| visit).collect();
    // Which of the three is left out is a matter of their ids.
    assert!(
        filled.len() == 2 && !filled.contains(&visits[0]),
        "what is called off takes nothing: {filled:?}"
    );
    assert_eq!(
        (&proposal["left_out"], &proposal["unfilled"]),
        (&json!(1), &json!([]))
    );
}

/// Which visits a plan gives to whom.
fn proposed(proposal: &Value) -> Vec<(String, String)> {
    let all = list(proposal, "assignments").iter();
    all.map(|one| (text(&one["visit"]), text(&one["shopper"])))
        .collect()
}
