//! Filling a round: rules and what stands in the way, offers and their ends.

use std::collections::BTreeSet;

use axum::http::Method;
use haamu_tests::agency::{Person, ProgrammeOptions, small_checklist};
use haamu_tests::{Answer, TestServer, WireDevice, both_dbs};
use serde_json::{Value, json};

const HEADING: &str = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone\n";
/// Helsinki, Espoo and Tampere.
const PLACES: [(&str, &str); 3] = [
    ("60.1699", "24.9384"),
    ("60.2055", "24.6559"),
    ("61.4978", "23.7610"),
];

/// A round with rules, and one location in each of three cities.
pub(crate) struct Field<'a> {
    pub(crate) server: &'a TestServer,
    pub(crate) programme: String,
    pub(crate) round: String,
    pub(crate) locations: Vec<String>,
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

impl<'a> Field<'a> {
    pub(crate) async fn open(server: &'a TestServer, rules: Value) -> Self {
        let agency = &server.north;
        let version = server.publish(agency, &small_checklist()).await;
        let (programme, round) = server.open_round(agency, &version, 0).await;
        let rows = PLACES.iter().enumerate().map(|(number, (north, east))| {
            format!(
                "K{number},Paikka {number},Katu {number},00100,Kaupunki,FI,{north},{east},Europe/Helsinki\n"
            )
        });
        let csv = HEADING.to_owned() + &rows.collect::<String>();
        let path = format!("/v1/client-organisations/{}/locations", agency.client);
        let import = server.request(Method::POST, &format!("{path}/import"));
        let _ = import
            .body("text/csv", csv.into_bytes())
            .by(agency.coordinator())
            .await
            .send()
            .await
            .ok();
        let mut field = Self {
            server,
            programme,
            round,
            locations: Vec::new(),
        };
        let listed = field.get(&path, agency.coordinator()).await.ok();
        let mut found: Vec<_> = listed["items"].as_array().expect("items").iter().collect();
        found.sort_by_key(|item| item["external_id"].as_str());
        field.locations = found.iter().map(|item| text(&item["id"])).collect();
        let path = format!("/v1/programmes/{}/field-rules", field.programme);
        let _ = field
            .send(Method::PUT, &path, &rules, agency.coordinator())
            .await
            .ok();
        field
    }

    pub(crate) async fn get(&self, path: &str, by: &Person) -> Answer {
        self.server.get(path).by(by).await.send().await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value, by: &Person) -> Answer {
        self.server
            .request(method, path)
            .json(body)
            .by(by)
            .await
            .send()
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &body, self.server.north.coordinator())
            .await
    }

    /// Plans a visit at the location with this number.
    pub(crate) async fn plan(&self, place: usize) -> String {
        let body = json!({"visits": [{"location": self.locations[place]}]});
        let planned = self
            .post(&format!("/v1/rounds/{}/visits", self.round), body)
            .await
            .created();
        text(&planned["items"][0]["id"])
    }

    pub(crate) async fn offer(&self, visit: &str, shopper: &Person, day: Option<&str>) -> Answer {
        let body = json!({"shopper": shopper.id, "due_on": day});
        self.post(&format!("/v1/visits/{visit}/assignments"), body).await
    }

    /// Offers a visit, and says by which assignment.
    pub(crate) async fn offered(&self, visit: &str, shopper: &Person, day: Option<&str>) -> String {
        let offered = self.offer(visit, shopper, day).await;
        assert!(offered.status.is_success(), "{}", offered.text());
        text(&offered.json()["assignment"]["id"])
    }

    pub(crate) async fn accept(&self, assignment: &str, shopper: &Person) {
        let path = format!("/v1/assignments/{assignment}/accept");
        let accepted = self
            .send(Method::POST, &path, &json!({"independent": true}), shopper)
            .await;
        let _ = accepted.ok();
    }

    /// What stands in the way of a shopper, and the first day on which nothing does.
    pub(crate) async fn why_not(&self, visit: &str, shopper: &Person, query: &str) -> (Vec<String>, Value) {
        let path = format!("/v1/visits/{visit}/eligibility?shopper={}{query}", shopper.id);
        let asked = self.get(&path, self.server.north.coordinator()).await.ok();
        assert_eq!(
            asked["allowed"],
            asked["obstacles"].as_array().is_some_and(Vec::is_empty)
        );
        (obstacles(&asked), asked["first_date"].clone())
    }

    /// The state of a visit, and that of its assignment while it is somebody's.
    pub(crate) async fn state(&self, visit: &str) -> String {
        let path = format!("/v1/visits/{visit}");
        let found = self.get(&path, self.server.north.coordinator()).await.ok();
        // Which of several that have ended is shown matters to nobody.
        let state = found["assignment"]["state"].as_str();
        let live = state.filter(|state| !["cancelled", "declined", "expired"].contains(state));
        let state = live.unwrap_or("free");
        format!("{} {state}", text(&found["state"]))
    }

    pub(crate) async fn post_all(&self, board: Value) {
        let path = format!("/v1/rounds/{}/board", self.round);
        let _ = self.post(&path, json!({"board": board})).await.ok();
    }

    pub(crate) async fn jobs(&self, query: &str, shopper: &Person) -> Vec<Value> {
        let listed = self.get(&format!("/v1/jobs{query}"), shopper).await.ok();
        listed["items"].as_array().cloned().expect("items")
    }
}

/// `code` or `code date` of what stands in the way.
fn obstacles(value: &Value) -> Vec<String> {
    let items = value["obstacles"].as_array().cloned().unwrap_or_default();
    let one = |item: &Value| match item["allowed_from"].as_str() {
        Some(date) => format!("{} {date}", item["code"].as_str().unwrap_or_default()),
        None => text(&item["code"]),
    };
    items.iter().map(one).collect()
}

/// What a refusal says stands in the way.
#[track_caller]
pub(crate) fn refused(answer: Answer) -> Vec<String> {
    let body = answer.json();
    assert_eq!(answer.problem(409), "not_eligible");
    obstacles(&body)
}

pub(crate) fn job(day: &str) -> Value {
    json!({"due_on": day, "independent": true})
}

both_dbs! {
    async fn who_was_there_comes_back_when_the_rotation_is_over(server) {
        let field = Field::open(&server, json!({"rotation_days": 5, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let (first, second) = (field.plan(0).await, field.plan(0).await);
        let _ = field.offered(&first, shopper, Some("2026-11-21")).await;
        let asked = field.why_not(&second, shopper, "&on=2026-11-22").await;
        assert_eq!(asked, (vec!["rotation 2026-11-26".to_owned()], json!("2026-11-26")));
        assert_eq!(refused(field.offer(&second, shopper, Some("2026-11-22")).await), ["rotation 2026-11-26"]);
        assert_eq!(field.why_not(&second, other, "&on=2026-11-22").await.0, [""; 0]);
        assert_eq!(field.why_not(&field.plan(1).await, shopper, "&on=2026-11-22").await.0, [""; 0], "elsewhere they may");
        let _ = field.offered(&second, shopper, Some("2026-11-26")).await;
    }

    async fn who_came_along_counts_as_having_been_there(server) {
        let field = Field::open(&server, json!({"rotation_days": 30, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let body = json!({"name": "Kumppani", "user": other.id});
        let companion = field.send(Method::POST, "/v1/me/companions", &body, shopper).await.created();
        let (first, second) = (field.plan(0).await, field.plan(0).await);
        let assignment = field.offered(&first, shopper, Some("2026-11-21")).await;
        let path = format!("/v1/assignments/{assignment}/accept");
        let body = json!({"independent": true, "companion": companion["id"]});
        let _ = field.send(Method::POST, &path, &body, shopper).await.ok();
        let (found, _) = field.why_not(&second, other, "&on=2026-11-22").await;
        assert_eq!(found, ["rotation_as_companion 2026-12-21"]);
        let taken = field.send(Method::POST, "/v1/me/companions", &json!({"name": "", "user": other.id}), shopper).await;
        assert_eq!(taken.issues(422), ["name required"]);
    }

    async fn quotas_keep_visits_from_falling_on_one_day(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let path = format!("/v1/rounds/{}/quotas", field.round);
        let coordinator = server.north.coordinator();
        let quotas = json!({"weekday": {"sat": 1}, "daypart": {}, "week": {"2": 1}});
        assert_eq!(field.send(Method::PUT, &path, &quotas, coordinator).await.status, 204);
        assert_eq!(field.get(&path, coordinator).await.ok(), quotas);
        let (first, second) = (field.plan(0).await, field.plan(1).await);
        let _ = field.offered(&first, server.north.shopper(), Some("2026-11-21")).await;
        let other = &server.north.other_shopper;
        assert_eq!(refused(field.offer(&second, other, Some("2026-11-28")).await), ["quota_full 2026-11-29"]);
        let _ = field.offered(&second, other, Some("2026-11-24")).await;
        let third = field.plan(2).await;
        assert_eq!(refused(field.offer(&third, other, Some("2026-11-25")).await), ["quota_full 2026-11-30"], "the week has its one");
        let wrong = json!({"weekday": {"caturday": 1}});
        assert_eq!(field.send(Method::PUT, &path, &wrong, coordinator).await.issues(422), ["weekday.caturday unknown_value"]);
    }

    async fn rules_about_the_person_hold(server) {
        let rules = json!({"rotation_days": 0, "least_age": 18, "qualifications": ["car"], "languages": ["sv"],
            "greatest_distance_km": 50, "least_rating_tenths": 40});
        let field = Field::open(&server, rules).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let visit = field.plan(0).await;
        assert_eq!(field.why_not(&visit, shopper, "").await.0, ["language_missing", "qualification_missing", "too_far"]);
        let own = json!({"languages": ["fi", "sv"], "places": [{"name": "Koti", "latitude": "60.17", "longitude": "24.94"}]});
        let _ = field.send(Method::PATCH, "/v1/me/profile", &own, shopper).await.ok();
        let path = format!("/v1/shoppers/{}/profile", shopper.id);
        let checked = json!({"born_on": "2010-01-01", "qualifications": ["car"], "rating_tenths": 35});
        let _ = field.send(Method::PATCH, &path, &checked, coordinator).await.ok();
        let older = json!({"born_on": "1990-01-01"});
        assert_eq!(field.send(Method::PATCH, "/v1/me/profile", &older, shopper).await.problem(409), "not_possible_in_state");
        assert_eq!(field.send(Method::PATCH, "/v1/me/profile", &json!({"rating_tenths": 50}), shopper).await.problem(400), "invalid_request");
        assert_eq!(field.why_not(&visit, shopper, "").await.0, ["too_young 2028-01-01", "rating_too_low"]);
        let grown = json!({"born_on": "1990-01-01", "rating_tenths": null});
        let profile = field.send(Method::PATCH, &path, &grown, coordinator).await.ok();
        assert_eq!((profile.get("rating_tenths"), &profile["languages"]), (None, &json!(["fi", "sv"])));
        let tie = json!({"client_organisation": server.north.client.to_string(), "reason": "Siskoni on siellä töissä."});
        let tie = field.send(Method::POST, "/v1/me/ties", &tie, shopper).await.created();
        assert_eq!(field.why_not(&visit, shopper, "").await.0, ["not_independent"]);
        assert_eq!(field.get("/v1/me/ties", shopper).await.ok()["items"], json!([tie]));
        assert_eq!(field.send(Method::DELETE, &format!("/v1/me/ties/{}", text(&tie["id"])), &Value::Null, shopper).await.status, 204);
        let agreement = json!({"texts": {"fi": "Pidän salassa, mitä näen.", "en": "I keep what I see to myself."}});
        let written = field.post("/v1/shopper-agreements", agreement).await.created();
        assert_eq!((&written["version"], &written["accepted"]), (&json!(1), &json!(false)));
        assert_eq!(field.why_not(&visit, shopper, "").await.0, ["agreement_missing"]);
        let path = format!("/v1/shopper-agreements/{}/acceptance", text(&written["texts"][0]["id"]));
        assert_eq!(field.send(Method::PUT, &path, &Value::Null, shopper).await.status, 204);
        assert_eq!(field.get("/v1/me/agreement", shopper).await.ok()["accepted"], true);
        assert_eq!(field.why_not(&visit, shopper, "").await.0, [""; 0]);
        let _ = field.post("/v1/shopper-agreements", json!({"texts": {"fi": "Toiset sanat."}})).await.created();
        assert_eq!(field.why_not(&visit, shopper, "").await.0, ["agreement_missing"], "a new version is accepted anew");
    }

    async fn a_place_is_not_visited_when_it_is_closed(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let hours = json!({"weekly": {"mon": ["09:00-18:00"], "tue": ["09:00-18:00"]}, "exceptions": {"2026-11-24": []}});
        let path = format!("/v1/locations/{}", field.locations[0]);
        let _ = field.send(Method::PATCH, &path, &json!({"opening_hours": hours}), coordinator).await.ok();
        let visit = field.plan(0).await;
        let (found, first) = field.why_not(&visit, shopper, "&on=2026-11-21").await;
        assert_eq!((found, first), (vec!["place_closed 2026-11-23".to_owned()], json!("2026-11-23")));
        let assignment = field.offered(&visit, shopper, Some("2026-11-23")).await;
        field.accept(&assignment, shopper).await;
        let move_to = |day: &str| {
            let path = format!("/v1/assignments/{assignment}/reschedule");
            let body = json!({"due_on": day});
            let field = &field;
            async move { field.send(Method::POST, &path, &body, shopper).await }
        };
        assert_eq!(refused(move_to("2026-11-24").await), ["place_closed 2026-11-30"], "an exception to what is open on Tuesdays");
        assert_eq!(refused(move_to("2026-12-07").await), ["outside_round"]);
        let visit = field.plan(0).await;
        assert_eq!(refused(field.offer(&visit, &server.north.other_shopper, Some("2026-11-23")).await), ["location_busy 2026-11-24"]);
    }

    async fn an_offer_that_nobody_answers_lapses(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "respond_hours": 24})).await;
        let shopper = server.north.shopper();
        let (lapses, accepted) = (field.plan(0).await, field.plan(1).await);
        let late = field.offered(&lapses, shopper, None).await;
        let kept = field.offered(&accepted, shopper, None).await;
        field.accept(&kept, shopper).await;
        server.clock.advance_seconds(23 * 3_600);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(field.state(&lapses).await, "planned assigned");
        server.clock.advance_seconds(3_601);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(field.state(&lapses).await, "planned free");
        assert_eq!(field.state(&accepted).await, "accepted accepted", "what was accepted stays");
        let path = format!("/v1/assignments/{late}/accept");
        assert_eq!(field.send(Method::POST, &path, &json!({}), shopper).await.problem(409), "not_possible_in_state");
        let _ = field.offered(&lapses, &server.north.other_shopper, None).await;
    }

    async fn what_is_given_back_is_offered_to_others(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visit = field.plan(0).await;
        let end = |assignment: &str, how: &str, body: Value| {
            let path = format!("/v1/assignments/{assignment}/{how}");
            let field = &field;
            async move { field.send(Method::POST, &path, &body, shopper).await }
        };
        let reason = || json!({"reason": "Lapsi sairastui."});
        let first = field.offered(&visit, shopper, None).await;
        assert_eq!(end(&first, "give-back", reason()).await.problem(409), "not_possible_in_state", "it is only offered");
        assert_eq!(end(&first, "decline", json!({"reason": ""})).await.issues(422), ["reason required"]);
        assert_eq!(end(&first, "decline", reason()).await.status, 204);
        assert_eq!(end(&first, "decline", reason()).await.problem(409), "not_possible_in_state");
        let again = field.offered(&visit, shopper, None).await;
        field.accept(&again, shopper).await;
        assert_eq!(end(&again, "give-back", reason()).await.status, 204);
        assert_eq!(field.state(&visit).await, "planned free");
        let third = field.offered(&visit, shopper, None).await;
        field.accept(&third, shopper).await;
        assert_eq!(end(&third, "obstacle", json!({"obstacle": "given_back", "reason": "x"})).await.issues(422), ["obstacle unknown_value"]);
        let closed = json!({"obstacle": "place_closed", "reason": "Liike on lopettanut."});
        assert_eq!(end(&third, "obstacle", closed).await.status, 204);
        assert_eq!(field.offer(&visit, other, None).await.problem(409), "not_possible_in_state", "nobody is sent to a closed place");
        let reopened = field.post(&format!("/v1/visits/{visit}/reopen"), Value::Null).await.ok();
        assert_eq!(reopened.get("closed_reason"), None);
        let fourth = field.offered(&visit, other, None).await;
        let path = format!("/v1/visits/{visit}/withdraw");
        let withdrawn = field.post(&path, json!({"reason": "Asiakas perui."})).await.ok();
        assert_eq!(withdrawn["state"], "planned");
        let path = format!("/v1/assignments/{fourth}/accept");
        assert_eq!(field.send(Method::POST, &path, &json!({}), other).await.problem(409), "not_possible_in_state");
        let cancelled = field.post(&format!("/v1/visits/{visit}/cancel"), json!({"reason": "Ei tarvita."})).await.ok();
        assert_eq!(cancelled["closed_reason"], "Ei tarvita.");
        assert_eq!(field.offer(&visit, shopper, None).await.problem(409), "not_possible_in_state");
    }

    async fn what_was_recorded_before_a_withdrawal_is_set_aside(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        let path = format!("/v1/visits/{}/withdraw", scene.visit);
        let call = server.post(&path, json!({"reason": "Väärä päivä."}));
        let _ = call.by(server.north.coordinator()).await.send().await.ok();
        let id: uuid::Uuid = scene.submission.parse().expect("an id");
        let document = haamu_domain::SubmissionId::from_uuid(id).document();
        let sent = device.send(&device.request(&[device.op(1, document, "greeted", "\"yes\"")])).await;
        assert_eq!(sent.have.seq, 1, "it is in custody");
        let listed = server.get("/v1/set-aside").by(server.north.coordinator()).await.send().await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    }

    async fn visits_of_a_round_are_planned_once(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let path = format!("/v1/rounds/{}/visits/generate", field.round);
        let body = |dry: bool| json!({"locations": field.locations, "per_location": 2, "slices": 2, "dayparts": ["morning", "evening"],
            "board": "apply", "dry_run": dry});
        let counts = |planned: usize, existing: usize| json!({"planned": planned, "existing": existing, "closed_locations": 0});
        assert_eq!(field.post(&path, body(true)).await.ok(), counts(6, 0));
        assert_eq!(field.post(&path, body(true)).await.ok(), counts(6, 0), "a trial plans nothing");
        assert_eq!(field.post(&path, body(false)).await.ok(), counts(6, 0));
        assert_eq!(field.post(&path, body(false)).await.ok(), counts(0, 6));
        let jobs = field.jobs("", server.north.shopper()).await;
        assert_eq!(jobs.len(), 6);
        let spans: BTreeSet<_> = jobs.iter().map(|job| (text(&job["starts_on"]), text(&job["visit_by"]), text(&job["daypart"]))).collect();
        let span = |from: &str, to: &str, part: &str| (from.to_owned(), to.to_owned(), part.to_owned());
        assert!(spans.iter().any(|one| one.0 == "2026-11-23" && one.1 == "2026-11-29"), "{spans:?}");
        assert!(!spans.contains(&span("2026-11-16", "2026-11-29", "morning")), "{spans:?}");
        assert_eq!(spans.len(), 4, "each part of the day in each half: {spans:?}");
        assert_eq!(field.post(&path, json!({"per_location": 0})).await.issues(422), ["per_location out_of_range"]);
    }

    async fn a_day_that_is_over_is_nobodys(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 9})).await;
        let visit = field.plan(0).await;
        let shopper = server.north.shopper();
        assert_eq!(refused(field.offer(&visit, shopper, Some("2026-11-19")).await), ["day_over 2026-11-20"]);
        assert_eq!(field.why_not(&visit, shopper, "&on=2026-11-19").await.0, ["day_over 2026-11-20"]);
        let early = json!({"starts_on": "2026-11-15"});
        let path = format!("/v1/visits/{visit}/plan");
        let refused = field.send(Method::PATCH, &path, &early, server.north.coordinator()).await;
        assert_eq!(refused.issues(422), ["starts_on out_of_order"]);
    }

    async fn visits_without_a_day_keep_to_quotas_and_caps_too(server) {
        let field = Field::open(&server, json!({"rotation_days": 0, "location_visits_per_day": 1})).await;
        let path = format!("/v1/rounds/{}/quotas", field.round);
        let quotas = json!({"weekday": {}, "daypart": {}, "week": {"1": 1, "2": 1}});
        assert_eq!(field.send(Method::PUT, &path, &quotas, server.north.coordinator()).await.status, 204);
        let shopper = server.north.shopper();
        for place in [0, 1] {
            let _ = field.offered(&field.plan(place).await, shopper, None).await;
        }
        let both = ["quota_full 2026-11-30", "quota_full 2026-11-30"];
        assert_eq!(refused(field.offer(&field.plan(2).await, shopper, None).await), both, "one of each week");
    }

    async fn the_brief_tells_the_days_of_the_visit(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let path = format!("/v1/visits/{visit}/plan");
        let days = json!({"starts_on": "2026-11-21", "visit_by": "2026-11-24"});
        let _ = field.send(Method::PATCH, &path, &days, server.north.coordinator()).await.ok();
        let assignment = field.offered(&visit, shopper, None).await;
        let path = format!("/v1/assignments/{assignment}/accept");
        let brief = field.send(Method::POST, &path, &job("2026-11-22"), shopper).await.ok();
        assert_eq!((&brief["starts_on"], &brief["visit_by"], &brief["due_on"]), (&json!("2026-11-21"), &json!("2026-11-24"), &json!("2026-11-22")));
    }

    async fn a_programme_does_not_end_under_an_offer(server) {
        let field = Field::open(&server, json!({"rotation_days": 0})).await;
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, server.north.shopper(), None).await;
        let path = |verb: &str| format!("/v1/programmes/{}/{verb}", field.programme);
        let _ = field.post(&path("close"), Value::Null).await.ok();
        assert_eq!(field.post(&path("finish"), Value::Null).await.problem(409), "not_possible_in_state");
        let decline = format!("/v1/assignments/{assignment}/decline");
        let declined = field.send(Method::POST, &decline, &json!({"reason": "En ehdi."}), server.north.shopper()).await;
        assert_eq!(declined.status, 204);
        assert_eq!(field.post(&path("finish"), Value::Null).await.ok()["state"], "closed");
    }
}
