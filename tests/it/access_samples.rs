//! Requests of the authorisation suite about accounts, people and access.

use haamu_domain::Role;
use haamu_tests::{TestAgency, TestServer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::authorisation::Body;

/// What requests about access name.
pub(crate) struct AccessThings {
    /// Somebody whom it does not matter what is done to.
    person: String,
    session: String,
    invitation: String,
    service_token: String,
}

impl AccessThings {
    pub(crate) async fn make(server: &TestServer, agency: &TestAgency) -> Self {
        let administrator = agency.person(Role::Administrator);
        let post = async |path: &str, body: Value| {
            server
                .post(path, body)
                .by(administrator)
                .await
                .send()
                .await
                .created()
        };
        let body = json!({"email": "kohde@north.example", "display_name": "Kohde", "role": "shopper",
            "password": "kolme satunnaista sanaa"});
        let person = post("/v1/users", body).await;
        let invited = post(
            "/v1/invitations",
            json!({"email": "kutsuttu@north.example", "role": "shopper"}),
        )
        .await;
        let token =
            json!({"name": "Tuonti", "role": "coordinator", "scopes": ["visit.read"], "good_for_days": 1});
        let token = post("/v1/service-tokens", token).await;
        let sessions = server
            .get("/v1/sessions")
            .by(agency.shopper())
            .await
            .send()
            .await
            .ok();
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        Self {
            person: text(&person["id"]),
            session: text(&sessions["items"][0]["id"]),
            invitation: text(&invited["id"]),
            service_token: text(&token["service_token"]["id"]),
        }
    }

    /// What stands in for `{id}`, the body, and whether the body names something of the agency.
    pub(crate) fn sample(&self, operation: &str) -> Option<(&str, Body, bool)> {
        let wrong = "this is not the password";
        let (id, body) = match operation {
            "list_sessions"
            | "delete_sessions"
            | "request_email_verification"
            | "read_second_factors"
            | "enrol_totp"
            | "remove_totp"
            | "renew_recovery_codes"
            | "begin_passkey"
            | "list_invitations"
            | "read_second_factor_roles"
            | "read_identity_provider"
            | "delete_identity_provider"
            | "list_service_tokens"
            | "list_failed_jobs"
            | "read_retention"
            | "list_purges"
            | "list_audit"
            | "list_mails" => ("", None),
            "end_session" => (self.session.as_str(), None),
            "retry_job" => (self.session.as_str(), None),
            "remove_passkey" => (self.session.as_str(), None),
            "disable_user"
            | "enable_user"
            | "list_user_sessions"
            | "end_user_sessions"
            | "reset_second_factors"
            | "list_user_devices" => (self.person.as_str(), None),
            "resend_invitation" | "withdraw_invitation" => (self.invitation.as_str(), None),
            "revoke_service_token" => (self.service_token.as_str(), None),
            "change_role" => (self.person.as_str(), Some(json!({"role": "reviewer"}))),
            "change_password" => {
                let body = json!({"current_password": wrong, "password": "neljä satunnaista sanaa"});
                ("", Some(body))
            }
            "request_email_change" => (
                "",
                Some(json!({"email": "toinen@north.example", "password": wrong})),
            ),
            "update_me" => ("", Some(json!({"language": "fi"}))),
            "confirm_totp" => ("", Some(json!({"code": "000000"}))),
            "add_passkey" => {
                let body = json!({"ceremony": "none", "name": "Avain", "credential": {}});
                ("", Some(body))
            }
            "create_invitation" => {
                let email = format!("{}@north.example", Uuid::from_u128(rand::random()));
                (
                    "",
                    Some(json!({"email": email, "role": "shopper", "language": "fi"})),
                )
            }
            "set_retention" => ("", Some(json!({"rules": [{"class": "mail", "days": 60}]}))),
            "set_second_factor_roles" => ("", Some(json!({"roles": []}))),
            "set_identity_provider" => {
                let body =
                    json!({"issuer": "http://127.0.0.1:9", "client_id": "haamu", "client_secret": "x"});
                ("", Some(body))
            }
            "create_service_token" => {
                let body = json!({"name": "Toinen", "role": "reviewer", "scopes": ["visit.read"], "good_for_days": 1});
                ("", Some(body))
            }
            _ => return None,
        };
        Some((id, body.map_or(Body::None, Body::Json), false))
    }
}
