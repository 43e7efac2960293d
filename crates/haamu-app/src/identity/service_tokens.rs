//! Tokens of integrations: shown once, kept as a hash, limited to what they were made for.

use haamu_domain::{
    Actor, AuditEvent, ClientOrganisationId, Code, Role, ServiceTokenId, UserId, Verb, VerbSet,
};
use haamu_store::repo::identity;
use haamu_store::repo::service_tokens::{self, ServiceToken};
use haamu_store::{Reach, Tx};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::tokens::{Bearer, fresh_secret, hash_secret};
use super::users::require_client;

/// What every token begins with, so that it is recognised where it does not belong.
pub(super) const PREFIX: &str = "haamu_token_";
/// The longest life of a token, in days.
const LONGEST_DAYS: u32 = 366;
/// When a token was used last is noted this often.
const NOTE_SECONDS: i64 = 60;

/// A token to be made.
#[derive(Clone, Debug)]
pub struct ServiceTokenInput {
    /// What people call it.
    pub name: String,
    /// As what it acts.
    pub role: Role,
    /// The client organisation that it sees nothing beyond, where the role is a client's.
    pub client_organisation: Option<ClientOrganisationId>,
    /// What it may do: verbs of the policy.
    pub scopes: Vec<String>,
    /// How many days it is good.
    pub good_for_days: u32,
}

impl App {
    /// Makes a token, which is shown this once.
    ///
    /// # Errors
    /// A scope is none, needs a person, or is not the role's.
    pub async fn create_service_token(
        &self,
        actor: &Actor,
        input: &ServiceTokenInput,
    ) -> Result<(ServiceToken, String), Error> {
        require_in_agency(actor, Verb::ManageServiceTokens)?;
        let (name, scopes) = check(input)?;
        let (secret, _) = fresh_secret();
        let secret = format!("{PREFIX}{secret}");
        let hash = hash_secret(&secret);
        let (name, hash) = (&name, &hash);
        let token = self
            .act(actor, |tx: Tx| async move {
                let tx = &tx;
                require_client(tx, actor, Verb::ManageServiceTokens, input.client_organisation).await?;
                let now = self.now();
                let user = UserId::from_uuid(self.fresh_uuid());
                identity::insert_service(tx, user, name, now).await?;
                let token = ServiceToken {
                    id: ServiceTokenId::from_uuid(self.fresh_uuid()),
                    agency: actor.agency,
                    user,
                    name: name.clone(),
                    role: input.role,
                    client_organisation: input.client_organisation,
                    scopes,
                    created_by: actor.user,
                    created_at: now,
                    expires_at: now.plus_hours(input.good_for_days.saturating_mul(24)),
                    last_used_at: None,
                    revoked_at: None,
                };
                service_tokens::insert(tx, &token, hash).await?;
                let names: Vec<&str> = scopes.iter().map(Verb::as_str).collect();
                let detail = serde_json::json!({"role": input.role.as_str(), "scopes": names});
                let event = AuditEvent::named("service_token.create", "service_token", token.id).with(detail);
                Ok((token, event))
            })
            .await?;
        Ok((token, secret))
    }

    /// Tokens of the agency, those included that are good no more.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_service_tokens(
        &self,
        actor: &Actor,
        after: Option<Uuid>,
    ) -> Result<Page<ServiceToken>, Error> {
        require_in_agency(actor, Verb::ManageServiceTokens)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (rows, has_more) = service_tokens::list(tx, actor.agency, after, PAGE_SIZE).await?;
            Ok(Page::new(rows, has_more, |row: &ServiceToken| row.id.uuid()))
        })
        .await
    }

    /// Revokes a token, at once. Doing so once more changes nothing.
    ///
    /// # Errors
    /// There is no such token.
    pub async fn revoke_service_token(
        &self,
        actor: &Actor,
        id: ServiceTokenId,
    ) -> Result<ServiceToken, Error> {
        require_in_agency(actor, Verb::ManageServiceTokens)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let known = service_tokens::lock(tx, actor.agency, id).await?;
            let known = known.ok_or_else(|| Error::not_found("token"))?;
            let event = AuditEvent::named("service_token.revoke", "service_token", id);
            if known.revoked_at.is_some() {
                return Ok((known, event));
            }
            let now = self.now();
            service_tokens::revoke(tx, id, now).await?;
            let revoked = ServiceToken {
                revoked_at: Some(now),
                ..known
            };
            Ok((revoked, event))
        })
        .await
    }

    /// Who a token of an integration speaks for. It is looked up each time, so that revoking it works at once.
    pub(super) async fn authenticate_service(&self, token: &str) -> Result<Bearer, Error> {
        let hash = hash_secret(token);
        let hash = &hash;
        // The token tells the agency.
        let found = self
            .look_across(|tx: Tx| async move {
                let tx = &tx;
                Ok(service_tokens::find_by_hash(tx, hash).await?)
            })
            .await?;
        let now = self.now();
        let found = found.filter(|found| found.revoked_at.is_none() && now < found.expires_at);
        let found = found.ok_or_else(|| Error::refused(Code::Unauthenticated))?;
        let is_noted = found
            .last_used_at
            .is_some_and(|noted| now < noted.plus_seconds(NOTE_SECONDS));
        if !is_noted {
            let id = found.id;
            self.inner
                .db
                .write(Reach::Agency(found.agency), |tx: Tx| async move {
                    let tx = &tx;
                    Ok::<(), Error>(service_tokens::note_use(tx, id, now).await?)
                })
                .await?;
        }
        let person = Actor::person(found.user, found.agency, found.role, found.client_organisation);
        Ok(Bearer {
            actor: Actor {
                token: Some(found.id),
                // What needs a person by now may have been a scope when the token was made.
                only: Some(
                    found
                        .scopes
                        .iter()
                        .filter(|verb| !verb.needs_a_person())
                        .collect(),
                ),
                ..person
            },
            session: None,
            expires_at: found.expires_at,
        })
    }
}

fn check(input: &ServiceTokenInput) -> Result<(String, VerbSet), Error> {
    let mut checks = Checks::default();
    let name = checks.text("name", &input.name, 100);
    checks.range("good_for_days", input.good_for_days, 1..=LONGEST_DAYS);
    if input.role == Role::Shopper {
        checks.issue("role", "not_allowed", "what a shopper does, a person has to do");
    }
    match (input.role.is_client(), input.client_organisation.is_some()) {
        (true, false) => checks.issue("client_organisation", "required", "the role is a client's"),
        (false, true) => checks.issue("client_organisation", "not_allowed", "the role is no client's"),
        (true, true) | (false, false) => {}
    }
    if input.scopes.is_empty() {
        checks.issue("scopes", "required", "a token without scopes may do nothing");
    }
    let mut scopes = VerbSet::EMPTY;
    for (index, name) in input.scopes.iter().enumerate() {
        let path = format!("scopes[{index}]");
        match Verb::from_name(name) {
            None => checks.issue(path, "unknown_value", "this is no scope"),
            Some(verb) if verb.needs_a_person() => {
                checks.issue(path, "not_allowed", "only a person may do this");
            }
            Some(verb) if !verb.roles().contains(&input.role) => {
                checks.issue(path, "not_allowed", "the role may not do this");
            }
            Some(verb) => scopes = scopes.with(verb),
        }
    }
    checks.finish()?;
    Ok((name, scopes))
}
