//! The job board, applications, invitations, and many at once who want the same visit.

use std::collections::BTreeSet;

use axum::http::Method;
use futures::future::join_all;
use haamu_tests::agency::Person;
use haamu_tests::both_dbs;
use serde_json::{Value, json};

use crate::filling::{Field, job, refused, text};

both_dbs! {
    async fn the_board_gives_visits_away(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visits = [field.plan(0).await, field.plan(1).await, field.plan(2).await];
        assert!(field.jobs("", shopper).await.is_empty(), "nothing is posted yet");
        field.post_all(json!("self_assign")).await;
        let near = field.jobs("?near=60.17,24.94&radius_km=30", shopper).await;
        let seen: BTreeSet<_> = near.iter().map(|job| text(&job["visit"])).collect();
        assert_eq!(seen, BTreeSet::from([visits[0].clone(), visits[1].clone()]), "Tampere is far");
        let espoo = near.iter().find(|job| job["visit"] == visits[1].as_str()).expect("it is near");
        assert!(espoo["distance_km"].as_f64().is_some_and(|km| (15.0..17.0).contains(&km)), "{espoo}");
        assert!(!near[0].to_string().contains(&server.north.client.to_string()), "clients stay unnamed");
        assert_eq!(field.get("/v1/jobs?near=north", shopper).await.issues(422), ["near bad_place"]);
        let take = |visit: &str, who, body: Value| {
            let path = format!("/v1/jobs/{visit}/take");
            let field = &field;
            async move { field.send(Method::POST, &path, &body, who).await }
        };
        assert_eq!(take(&visits[0], shopper, json!({"due_on": "2026-11-21"})).await.issues(422), ["independent required"]);
        let brief = take(&visits[0], shopper, job("2026-11-21")).await;
        assert!(brief.status.is_success(), "{}", brief.text());
        assert_eq!(brief.json()["state"], "accepted");
        assert_eq!(take(&visits[0], other, job("2026-11-21")).await.problem(409), "job_taken");
        assert_eq!(field.jobs("?near=60.17,24.94&radius_km=30", other).await.len(), 1);
        let path = format!("/v1/visits/{}/plan", visits[1]);
        let _ = field.send(Method::PATCH, &path, &json!({"board": null}), server.north.coordinator()).await.ok();
        assert_eq!(take(&visits[1], other, job("2026-11-21")).await.problem(404), "not_found", "it was taken off");
    }

    async fn a_coordinator_chooses_among_applications(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let visit = field.plan(0).await;
        field.post_all(json!("apply")).await;
        let path = format!("/v1/jobs/{visit}/application");
        assert_eq!(field.send(Method::POST, &format!("/v1/jobs/{visit}/take"), &job("2026-11-21"), shopper).await.problem(409), "not_possible_in_state");
        for (who, day) in [(shopper, "2026-11-21"), (other, "2026-11-22"), (shopper, "2026-11-23")] {
            assert_eq!(field.send(Method::PUT, &path, &job(day), who).await.status, 204);
        }
        assert_eq!(field.jobs("", shopper).await[0]["applied"], true);
        let listed = field.get(&format!("/v1/visits/{visit}/applications"), coordinator).await.ok();
        let days: Vec<_> = listed["items"].as_array().expect("items").iter().map(|item| (text(&item["shopper"]), text(&item["due_on"]))).collect();
        assert_eq!(days.len(), 2);
        assert!(days.contains(&(shopper.id.to_string(), "2026-11-23".to_owned())), "asking again changes the terms: {days:?}");
        let assignment = field.offered(&visit, shopper, None).await;
        let listed = field.get(&format!("/v1/visits/{visit}/applications"), coordinator).await.ok();
        assert_eq!(listed["items"], json!([]), "the others are refused");
        field.accept(&assignment, shopper).await;
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, other).await.problem(404), "not_found");
    }

    async fn offers_of_many_are_all_made_or_none(server) {
        let field = Field::open(&server, json!({"rotation_days": 90, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visits = [field.plan(0).await, field.plan(0).await];
        let path = format!("/v1/rounds/{}/assignments", field.round);
        let body = |second: &Person| json!({"assignments": [
            {"visit": visits[0], "shopper": shopper.id, "due_on": "2026-11-21"},
            {"visit": visits[1], "shopper": second.id, "due_on": "2026-11-22"}]});
        let answer = field.post(&path, body(shopper)).await;
        // Which of the two comes first is a matter of their ids.
        assert!(answer.text().contains("assignments["), "{}", answer.text());
        assert!(refused(answer)[0].starts_with("rotation 2027-02-"));
        assert_eq!(field.state(&visits[0]).await, "planned free");
        let made = field.post(&path, body(other)).await.created();
        assert_eq!(made["items"].as_array().map(Vec::len), Some(2));
    }

    async fn a_shopper_goes_on_another_day(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, shopper, Some("2026-11-21")).await;
        field.accept(&assignment, shopper).await;
        let path = format!("/v1/assignments/{assignment}/reschedule");
        let moved = field.send(Method::POST, &path, &json!({"due_on": "2026-11-23"}), shopper).await.ok();
        assert!(moved.to_string().contains("2026-11-23"), "{moved}");
        let listed = field.get("/v1/visits", server.north.coordinator()).await.ok();
        assert_eq!(listed["items"][0]["id"], *visit);
    }

    async fn who_is_invited_is_told(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let visit = field.plan(0).await;
        let path = format!("/v1/visits/{visit}/invitations");
        let coordinator = server.north.coordinator();
        let shoppers = json!({"shoppers": [server.north.shopper().id]});
        assert_eq!(field.send(Method::POST, &path, &shoppers, coordinator).await.status, 204);
        assert_eq!(field.send(Method::POST, &path, &shoppers, coordinator).await.status, 204, "once more is no error");
        assert_eq!(field.jobs("", server.north.shopper()).await[0]["invited"], true);
        assert_eq!(field.jobs("", &server.north.other_shopper).await[0]["invited"], false);
        let staff = json!({"shoppers": [server.north.reviewer().id]});
        assert_eq!(field.send(Method::POST, &path, &staff, coordinator).await.issues(422), ["shoppers[0] not_found"]);
    }

    async fn what_an_application_said_is_judged_when_it_is_chosen(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 1})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (wanted, rival) = (field.plan(0).await, field.plan(0).await);
        field.post_all(json!("apply")).await;
        let path = format!("/v1/jobs/{wanted}/application");
        assert_eq!(field.send(Method::PUT, &path, &job("2026-11-21"), shopper).await.status, 204);
        let _ = field.offered(&rival, other, Some("2026-11-21")).await;
        assert_eq!(refused(field.offer(&wanted, shopper, None).await), ["location_busy 2026-11-22"]);
        let _ = field.offered(&wanted, shopper, Some("2026-11-22")).await;
        assert!(field.jobs("", other).await.is_empty(), "what is offered is not on the board");
    }

    async fn a_newcomer_reaches_the_quiz_of_what_is_on_the_board(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let _ = field.plan(0).await;
        let path = format!("/v1/programmes/{}/briefings", field.programme);
        let words = json!({"title": "Ennen käyntiä", "language": "fi", "body": "Ole ajoissa."});
        let _ = field.post(&path, words).await.created();
        let rules = json!({"rotation_days": 0, "certification": true});
        let rules_path = format!("/v1/programmes/{}/field-rules", field.programme);
        let _ = field.send(Method::PUT, &rules_path, &rules, server.north.coordinator()).await.ok();
        let shopper = server.north.shopper();
        assert_eq!(field.get(&path, shopper).await.problem(404), "not_found");
        field.post_all(json!("apply")).await;
        assert_eq!(field.get(&path, shopper).await.ok()["items"].as_array().map(Vec::len), Some(1));
    }

    async fn of_many_at_once_one_gets_the_last_job(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 99, "visits_per_round": 99})).await;
        let visit = field.plan(0).await;
        field.post_all(json!("self_assign")).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        // All sign in before the run begins.
        for who in [shopper, other, coordinator] {
            let _ = server.token(who).await;
        }
        let path = format!("/v1/jobs/{visit}/take");
        let answers = join_all((0..64).map(|number| {
            let who = if number % 2 == 0 { shopper } else { other };
            let (field, path) = (&field, &path);
            async move { field.send(Method::POST, path, &job("2026-11-21"), who).await }
        })).await;
        let won = answers.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(won, 1);
        let lost: BTreeSet<_> = answers.into_iter().filter(|answer| !answer.status.is_success()).map(|answer| answer.problem(409)).collect();
        assert_eq!(lost.into_iter().collect::<Vec<_>>(), ["job_taken"]);
    }

    async fn of_two_visits_of_a_place_one_is_assigned_for_a_day(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 1})).await;
        // Two visits of one place, of which it takes one a day.
        let visits = [field.plan(0).await, field.plan(0).await];
        let _ = server.token(server.north.coordinator()).await;
        let answers = join_all((0..64).map(|number| {
            let who = if number % 2 == 0 { server.north.shopper() } else { &server.north.other_shopper };
            let (field, visit) = (&field, &visits[number % 2]);
            async move { field.offer(visit, who, Some("2026-11-21")).await }
        })).await;
        for answer in answers {
            let is_known = answer.status.is_success() || answer.status == 409;
            assert!(is_known, "{}", answer.text());
        }
        let states = [field.state(&visits[0]).await, field.state(&visits[1]).await];
        assert_eq!(states.iter().filter(|state| *state == "planned assigned").count(), 1, "{states:?}");
    }
}
