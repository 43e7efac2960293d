//! Applications and invitations, and what either side answers to them; and a place that is put right.

use axum::http::Method;
use haamu_tests::agency::Person;
use haamu_tests::{Answer, both_dbs};
use serde_json::{Value, json};

use crate::assigning::list;
use crate::filling::{Field, text};
use crate::offers::told;

fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

impl Field<'_> {
    /// The assignment of the only application for a visit.
    async fn application(&self, visit: &str) -> String {
        let path = format!("/v1/visits/{visit}/applications");
        let listed = self.get(&path, self.server.north.coordinator()).await.ok();
        assert_eq!(list(&listed, "items").len(), 1, "{listed}");
        text(&listed["items"][0]["assignment"])
    }

    async fn refuse(&self, application: &str, reason: &str) -> Answer {
        let path = format!("/v1/applications/{application}/decline");
        self.post(&path, json!({"reason": reason})).await
    }

    /// What somebody has asked for: the visit, the state, and why it ended.
    async fn asked(&self, shopper: &Person) -> Vec<(String, String, String)> {
        let listed = self.get("/v1/me/applications", shopper).await.ok();
        let items = list(&listed, "items").iter();
        let end = |item: &Value| item["end_reason"].as_str().unwrap_or_default().to_owned();
        items
            .map(|item| (text(&item["visit"]), text(&item["state"]), end(item)))
            .collect()
    }

    async fn invite(&self, visit: &str, shopper: &Person) {
        let path = format!("/v1/visits/{visit}/invitations");
        let asked = self.post(&path, json!({"shoppers": [shopper.id]})).await;
        assert_eq!(asked.status, 204, "{}", asked.text());
    }

    /// Takes an invitation back.
    async fn uninvite(&self, visit: &str, shopper: &Person) -> Answer {
        let path = format!("/v1/visits/{visit}/invitations/{}", shopper.id);
        let coordinator = self.server.north.coordinator();
        self.send(Method::DELETE, &path, &Value::Null, coordinator).await
    }

    /// Declines an invitation.
    async fn turn_down(&self, visit: &str, shopper: &Person) -> Answer {
        let path = format!("/v1/jobs/{visit}/invitation");
        self.send(Method::DELETE, &path, &Value::Null, shopper).await
    }
}

fn said(visit: &str, state: &str, end: &str) -> (String, String, String) {
    (visit.to_owned(), state.to_owned(), end.to_owned())
}

both_dbs! {
    async fn an_applicant_hears_why_they_are_refused_and_sees_what_became_of_all_they_asked_for(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visits = [field.plan(0).await, field.plan(1).await, field.plan(2).await];
        field.post_all(json!("apply")).await;
        for visit in &visits {
            field.apply_for(visit, "2026-11-25", shopper).await;
            server.clock.advance_seconds(1);
        }
        let application = field.application(&visits[0]).await;
        assert_eq!(field.refuse(&application, " ").await.issues(422), ["reason required"]);
        assert_eq!(field.refuse(&application, "Kävit siellä keväällä.").await.status, 204);
        assert_eq!(field.refuse(&application, "Uudestaan.").await.problem(409), "not_possible_in_state");
        let path = format!("/v1/jobs/{}/application", visits[1]);
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, shopper).await.status, 204);
        assert_eq!(field.asked(shopper).await, [said(&visits[2], "applied", ""), said(&visits[1], "cancelled", "withdrawn"),
            said(&visits[0], "cancelled", "refused")], "the newest first");
        let listed = field.get("/v1/me/applications", shopper).await.ok();
        let refused = &listed["items"][2];
        assert_eq!((&refused["end_words"], &refused["due_on"]), (&json!("Kävit siellä keväällä."), &json!("2026-11-25")));
        assert_eq!((&refused["location"]["name"], refused["ended_at"].is_string()), (&json!("Paikka 0"), true));
        let before = format!("/v1/me/applications?before={}", text(&listed["items"][0]["assignment"]));
        assert_eq!(list(&field.get(&before, shopper).await.ok(), "items").len(), 2);
        assert_eq!(field.asked(other).await, []);
        let mail = told(&server, shopper).await.expect("a mail");
        assert!(mail.contains("You do not get these visits, which you asked for:") && mail.contains("Kävit siellä keväällä."), "{mail}");
        assert!(mail.contains("Paikka 0") && !mail.contains("Paikka 1"), "{mail}");
        // Whoever is refused is not given it by a plan; whoever took it back may be.
        let _ = field.offered(&visits[2], shopper, None).await;
        assert_eq!(field.refuse(&field_assignment(&field, &visits[2]).await, "Ei.").await.problem(409), "not_possible_in_state");
        let strange = format!("/v1/applications/{}/decline", visits[0]);
        assert_eq!(field.post(&strange, json!({"reason": "Ei."})).await.problem(404), "not_found");
    }

    async fn invitations_are_declined_and_taken_back(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (first, second) = (field.plan(0).await, field.plan(1).await);
        for visit in [&first, &second] {
            field.invite(visit, shopper).await;
        }
        // What is taken back before it is told is not told.
        assert_eq!(field.uninvite(&second, shopper).await.status, 204);
        assert_eq!(field.uninvite(&second, shopper).await.problem(404), "not_found");
        let mail = told(&server, shopper).await.expect("a mail");
        assert!(mail.contains("Paikka 0") && !mail.contains("Paikka 1"), "{mail}");
        let invited = async || field.jobs("", shopper).await.iter().filter(|job| job["invited"] == true).count();
        assert_eq!(invited().await, 1);
        assert_eq!(field.turn_down(&first, other).await.problem(404), "not_found", "they were not asked");
        assert_eq!(field.turn_down(&first, shopper).await.status, 204);
        assert_eq!(field.turn_down(&first, shopper).await.problem(404), "not_found", "they have said so");
        assert_eq!(invited().await, 0);
        let path = format!("/v1/visits/{first}/candidates");
        let found = field.get(&path, server.north.coordinator()).await.ok();
        let own = list(&found, "items").iter().find(|item| item["shopper"] == json!(shopper.id)).expect("they are there");
        assert_eq!((&own["invited"], &own["declined_invitation"]), (&json!(true), &json!(true)));
        // No plan gives it to them, unless they ask for it after all; asking them once more is no use.
        field.invite(&first, shopper).await;
        assert_eq!(told(&server, shopper).await, None);
        let by = async || {
            let plan = field.propose().await;
            let of_first = list(&plan, "assignments").iter().find(|one| one["visit"] == json!(first)).cloned();
            text(&of_first.expect("it is filled")["shopper"])
        };
        assert_eq!(by().await, other.id.to_string());
        field.apply_for(&first, "2026-11-25", shopper).await;
        assert_eq!(by().await, shopper.id.to_string());
        // Taken back, the invitation may be made anew.
        assert_eq!(field.uninvite(&first, shopper).await.status, 204);
        field.invite(&first, shopper).await;
        assert!(told(&server, shopper).await.expect("a mail").contains("Paikka 0"));
    }

    async fn a_plan_keeps_the_day_that_an_applicant_named(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        field.post_all(json!("apply")).await;
        field.apply_for(&visit, "2026-11-26", shopper).await;
        let plan = field.propose().await;
        let one = &list(&plan, "assignments")[0];
        assert_eq!((&one["shopper"], &one["due_on"]), (&json!(shopper.id), &json!("2026-11-26")));
    }

    async fn why_a_visit_is_called_off_is_not_for_other_shoppers(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other, coordinator) = (server.north.shopper(), &server.north.other_shopper, server.north.coordinator());
        let visit = field.plan(0).await;
        field.post_all(json!("apply")).await;
        field.apply_for(&visit, "2026-11-25", other).await;
        let assignment = field.offered(&visit, shopper, None).await;
        field.accept(&assignment, shopper).await;
        let path = format!("/v1/assignments/{assignment}/obstacle");
        let body = json!({"obstacle": "place_closed", "reason": "Omistaja Meri kertoi sairaudestaan."});
        assert_eq!(field.send(Method::POST, &path, &body, shopper).await.status, 204);
        let asked = field.get(&format!("/v1/visits/{visit}/eligibility"), other).await;
        assert!(!asked.text().contains("Meri"), "{}", asked.text());
        assert_eq!(asked.ok()["obstacles"][0], json!({"code": "visit_called_off"}));
        let path = format!("/v1/visits/{visit}/eligibility?shopper={}", other.id);
        let asked = field.get(&path, coordinator).await.ok();
        assert_eq!(asked["obstacles"][0]["detail"], "Omistaja Meri kertoi sairaudestaan.");
    }

    async fn a_corrected_place_reaches_the_phone_of_whoever_has_the_visit(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let visit = field.plan(0).await;
        let _ = field.offered(&visit, shopper, None).await;
        let mut device = server.device(shopper).await;
        assert_eq!(device.visit().brief.location.name, "Paikka 0");
        let path = format!("/v1/locations/{}", field.locations[0]);
        let _ = field.send(Method::PATCH, &path, &json!({"name": "Oikea nimi"}), coordinator).await.ok();
        server.run_jobs().await;
        device.sync().await;
        assert_eq!(device.visit().brief.location.name, "Oikea nimi");
        let csv = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone\n\
            K0,Oikea nimi,Uusi katu 5,00100,Kaupunki,FI,60.1700,24.9400,Europe/Helsinki\n";
        let path = format!("/v1/client-organisations/{}/locations/import", server.north.client);
        let import = server.request(Method::POST, &path).body("text/csv", csv);
        let _ = import.by(coordinator).await.send().await.ok();
        server.run_jobs().await;
        device.sync().await;
        let brief = device.visit().brief;
        assert_eq!((brief.location.address.as_str(), brief.location.latitude.as_deref()), ("Uusi katu 5", Some("60.1700")));
        // What no brief shows moves nobody's feed.
        let path = format!("/v1/locations/{}", field.locations[0]);
        let _ = field.send(Method::PATCH, &path, &json!({"typical_staff_on_shift": 4}), coordinator).await.ok();
        assert_eq!(server.app.count_due_jobs().await.expect("counted"), 0);
    }
}

/// The assignment by which somebody has a visit.
async fn field_assignment(field: &Field<'_>, visit: &str) -> String {
    let path = format!("/v1/visits/{visit}");
    let found = field.get(&path, field.server.north.coordinator()).await.ok();
    text(&found["assignment"]["id"])
}
