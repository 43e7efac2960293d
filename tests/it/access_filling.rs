//! Requests of the authorisation suite about filling rounds, the job board and the panel.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::TestServer;
use haamu_tests::agency::Scene;
use haamu_tests::mail::secret;
use serde_json::{Value, json};

use crate::authorisation::Body;

/// What requests about filling name.
pub(crate) struct FillingThings {
    client: String,
    shopper: String,
    round: String,
    proposal: String,
    visit: String,
    location: String,
    assignment: String,
    companion: String,
    tie: String,
    agreement: String,
    registration: String,
    past_visit: String,
}

impl FillingThings {
    pub(crate) async fn make(server: &TestServer, scene: &Scene, round: &str) -> Self {
        let agency = &server.north;
        let post = async |path: &str, body: Value, is_shopper: bool| {
            let who = match is_shopper {
                true => agency.shopper(),
                false => agency.coordinator(),
            };
            server.post(path, body).by(who).await.send().await.created()
        };
        let companion = post("/v1/me/companions", json!({"name": "Serkku"}), true).await;
        let tie = json!({"client_organisation": agency.other_client, "reason": "Olin siellä töissä."});
        let tie = post("/v1/me/ties", tie, true).await;
        let words = json!({"texts": {"fi": "Pidän havaintoni luottamuksellisina."}});
        let agreement = post("/v1/shopper-agreements", words, false).await;
        let path = format!("/v1/rounds/{round}/proposals");
        let asked = server.request(Method::POST, &path);
        let asked = asked.by(agency.coordinator()).await.send().await.json();
        server.run_jobs().await;
        let registration = registered(server, &agreement["texts"][0]["id"]).await;
        let id = |value: &Value| value.as_str().expect("an id").to_owned();
        Self {
            registration,
            past_visit: from_before(server).await,
            client: agency.client.to_string(),
            shopper: agency.other_shopper.id.to_string(),
            round: round.to_owned(),
            proposal: id(&asked["id"]),
            visit: scene.visit.clone(),
            location: scene.location.clone(),
            assignment: scene.assignment.clone(),
            companion: id(&companion["id"]),
            tie: id(&tie["id"]),
            agreement: id(&agreement["texts"][0]["id"]),
        }
    }

    /// What stands in for `{tie}`.
    pub(crate) fn tie(&self) -> &str {
        &self.tie
    }

    /// What stands in for `{id}`, the body, and whether the body names something of the agency.
    pub(crate) fn sample(&self, operation: &str) -> Option<(&str, Body, bool)> {
        let json = |body| Some(Body::Json(body));
        let reason = || json(json!({"reason": "Sairastuin."}));
        let day = || json(json!({"due_on": "2026-11-20"}));
        let (id, body) = match operation {
            "update_visit_plan" => (&self.visit, json(json!({"daypart": "morning"}))),
            "approve_registration" => (&self.registration, None),
            "decline_registration" => (&self.registration, reason()),
            "extend_assignment" => {
                let body =
                    json!({"visit_by": "2026-12-01", "report_by": "2026-12-20", "reason": "Lumimyrsky."});
                (&self.assignment, json(body))
            }
            "cancel_visit" | "withdraw_assignment" => (&self.visit, reason()),
            "decline_application" => (&self.assignment, reason()),
            "withdraw_job_invitation" | "decline_job_invitation" | "list_candidates" => (&self.visit, None),
            "reopen_visit"
            | "read_eligibility"
            | "list_applications"
            | "delete_application"
            | "read_visit_plan"
            | "list_visit_assignments" => (&self.visit, None),
            "list_round_applications" => (&self.round, None),
            "invite_shoppers" => (&self.visit, json(json!({"shoppers": [self.shopper]}))),
            "put_application" | "take_job" => {
                let body = json!({"due_on": "2026-11-20", "independent": true});
                (&self.visit, json(body))
            }
            "post_visits" => (&self.round, json(json!({"board": "apply"}))),
            "generate_visits" => {
                let body = json!({"locations": [self.location], "dry_run": true});
                (&self.round, json(body))
            }
            "create_assignments" => {
                let one = json!({"visit": self.visit, "shopper": self.shopper});
                (&self.round, json(json!({"assignments": [one]})))
            }
            "create_proposal" | "list_proposals" => (&self.round, None),
            "read_proposal" | "apply_proposal" => (&self.proposal, None),
            "read_quotas" | "read_round" | "read_round_progress" => (&self.round, None),
            "update_round" => (&self.round, json(json!({"name": "Toinen nimi"}))),
            "cancel_round" => (&self.round, reason()),
            "put_quotas" => (&self.round, json(json!({"weekday": {"mon": 1}}))),
            "decline_assignment" | "give_back_assignment" => (&self.assignment, reason()),
            "reschedule_assignment" => (&self.assignment, day()),
            "report_obstacle" => {
                let body = json!({"obstacle": "place_closed", "reason": "Ovi oli lukossa."});
                (&self.assignment, json(body))
            }
            "read_profile"
            | "list_companions_of_shopper"
            | "list_ties_of_shopper"
            | "delete_tie_of_shopper"
            | "list_past_visits_of_shopper" => (&self.shopper, None),
            "create_tie_of_shopper" => {
                let body = json!({"client_organisation": self.client, "reason": "Puoliso on siellä."});
                (&self.shopper, json(body))
            }
            "list_past_visits_at_location" => (&self.location, None),
            "delete_past_visit" => (&self.past_visit, None),
            "update_profile" => (&self.shopper, json(json!({"rating_tenths": 45}))),
            "delete_companion" => (&self.companion, None),
            "delete_tie" => (&self.tie, None),
            "import_past_visits" => {
                let csv = "external_id,shopper,location,date\n";
                (&self.client, Some(Body::Other("text/csv", csv.into())))
            }
            "accept_agreement" | "read_agreement_text" | "list_agreement_acceptances" => {
                (&self.agreement, None)
            }
            "list_shopper_acceptances" => (&self.shopper, None),
            "create_tie" => {
                let body = json!({"client_organisation": self.client, "reason": "Perheenjäsen."});
                return Some(("", Body::Json(body), false));
            }
            _ => return Self::own(operation),
        };
        Some((id, body.unwrap_or(Body::None), false))
    }

    /// Requests that name nothing.
    fn own(operation: &str) -> Option<(&'static str, Body, bool)> {
        let body = match operation {
            "list_registrations" | "read_registration_conditions" => Body::None,
            "set_registration_conditions" => Body::Json(json!({"open": true, "approval": "by_staff"})),
            "list_jobs"
            | "list_shoppers"
            | "list_own_applications"
            | "read_own_profile"
            | "list_companions"
            | "list_ties"
            | "read_agreement"
            | "list_agreements" => Body::None,
            "import_shoppers" => {
                let csv = "external_id,email,name\n7,tuotu@north.example,Tuotu\n";
                Body::Other("text/csv", csv.into())
            }
            "update_own_profile" => Body::Json(json!({"languages": ["fi"]})),
            "create_companion" => Body::Json(json!({"name": "Ystävä"})),
            "create_agreement" => Body::Json(json!({"texts": {"fi": "Uudet sanat."}})),
            _ => return None,
        };
        Some(("", body, false))
    }
}

/// A visit from before Haamu, of the other shopper.
async fn from_before(server: &TestServer) -> String {
    let agency = &server.north;
    let csv = format!(
        "external_id,shopper,location,date\nV-1,{},T1,2024-11-10\n",
        agency.other_shopper.email
    );
    let path = format!("/v1/client-organisations/{}/past-visits/import", agency.client);
    let import = server.request(Method::POST, &path).body("text/csv", csv);
    let _ = import.by(agency.coordinator()).await.send().await.ok();
    let path = format!("/v1/shoppers/{}/past-visits", agency.other_shopper.id);
    let listed = server.get(&path).by(agency.coordinator()).await.send().await.ok();
    listed["items"][0]["id"].as_str().expect("an id").to_owned()
}

/// Somebody who has registered with the northern agency, and about whom its staff are to decide.
async fn registered(server: &TestServer, agreement: &Value) -> String {
    let agency = &server.north;
    let path = "/v1/agency/registration";
    let conditions = server
        .request(Method::PUT, path)
        .json(&json!({"open": true, "approval": "by_staff"}));
    let administrator = agency.person(Role::Administrator);
    let _ = conditions.by(administrator).await.send().await.ok();
    let password = "kolme satunnaista sanaa";
    let body = json!({"email": "hakija@new.example", "display_name": "Hakija", "born_on": "1990-05-17",
        "languages": ["fi"], "password": password, "agreement": agreement});
    let path = format!("/v1/agencies/{}/registrations", agency.id);
    let _ = server.post(&path, body).send().await.expect(StatusCode::ACCEPTED);
    server.run_jobs().await;
    let mails = server.mail.take();
    let mail = mails.iter().find(|mail| mail.recipient == "hakija@new.example");
    let body = json!({"secret": secret(mail.expect("a mail")), "password": password});
    let _ = server.post("/v1/registrations/confirm", body).send().await.ok();
    let listed = server
        .get("/v1/registrations")
        .by(administrator)
        .await
        .send()
        .await
        .ok();
    listed["items"][0]["id"].as_str().expect("an id").to_owned()
}
