//! Members of an agency.

use haamu_domain::{
    Actor, AuditEvent, ClientOrganisationId, Code, Role, SecretPurpose, Target, Timestamp, UserId, Verb,
};
use haamu_form::Language;
use haamu_report::Letter;
use haamu_store::Tx;
use haamu_store::repo::{agencies, clients, identity, members, panel};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::email::hours;
use super::passwords;

/// How long somebody has to choose the first password, in hours.
const FIRST_LINK_HOURS: u32 = 7 * 24;

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Me {
    /// The person, as the token says.
    pub actor: Actor,
    /// The person's name.
    pub display_name: String,
    /// The agency's name.
    pub agency_name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    pub is_email_verified: bool,
    /// The language of mails to the person, where it is known.
    pub language: Option<Language>,
}

/// What somebody changes about their own account.
#[derive(Clone, Debug, Default)]
pub struct MePatch {
    /// Another name.
    pub display_name: Option<String>,
    /// The language of mails; an inner none: whichever the server writes.
    pub language: Option<Option<Language>>,
}

/// A person to be added.
#[derive(Clone)]
pub struct UserInput {
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The first password; none: the person is mailed a link by which they choose it.
    pub password: Option<String>,
    /// What the person is.
    pub role: Role,
    /// The client organisation of a client's person.
    pub client_organisation: Option<ClientOrganisationId>,
    /// The language of mails to the person.
    pub language: Option<Language>,
}

impl std::fmt::Debug for UserInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserInput")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A member of an agency.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// The person.
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// What the person is.
    pub role: Role,
    /// The client organisation of a client's person.
    pub client_organisation: Option<ClientOrganisationId>,
    /// Whether the person has shown that the address is theirs.
    pub is_email_verified: bool,
    /// Since when the person is kept out.
    pub disabled_at: Option<Timestamp>,
    /// The agency's own key for a shopper.
    pub external_id: Option<String>,
}

/// Which people are looked for.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// With this role.
    pub role: Option<Role>,
    /// With this e-mail address.
    pub email: Option<String>,
    /// After this person.
    pub after: Option<Uuid>,
}

impl App {
    /// Who is signed in.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] if there is no such person in the agency any more.
    pub async fn me(&self, actor: &Actor) -> Result<Me, Error> {
        require_in_agency(actor, Verb::ReadMe)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let member = identity::find_membership(tx, actor.agency, actor.user).await?;
            // An integration is a member of nothing; its token has just been looked up.
            if member.is_none() && actor.token.is_none() {
                return Err(Error::refused(Code::Unauthenticated));
            }
            self.me_view(tx, actor, identity::load_user(tx, actor.user).await?)
                .await
        })
        .await
    }

    /// Changes one's own name and the language of mails to oneself, in all agencies that one belongs to.
    ///
    /// # Errors
    /// The name is missing or too long, or [`Code::Unauthenticated`] if there is no such person in the agency any more.
    pub async fn update_me(&self, actor: &Actor, patch: &MePatch) -> Result<Me, Error> {
        require_in_agency(actor, Verb::ManageAccount)?;
        let mut checks = Checks::default();
        let name = patch.display_name.as_deref();
        let name = &name.map(|name| checks.text("display_name", name, 200));
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let member = identity::find_membership(tx, actor.agency, actor.user).await?;
            if member.is_none() {
                return Err(Error::refused(Code::Unauthenticated));
            }
            let mut user = identity::lock_user(tx, actor.user).await?;
            let mut changed = Vec::new();
            if let Some(name) = name.as_ref().filter(|name| **name != user.display_name) {
                identity::set_display_name(tx, user.id, name).await?;
                user.display_name.clone_from(name);
                changed.push("display_name");
            }
            if let Some(language) = patch.language.filter(|language| *language != user.language) {
                identity::set_language(tx, user.id, language).await?;
                user.language = language;
                changed.push("language");
            }
            let event = AuditEvent::of(Verb::ManageAccount, "user", actor.user);
            let event = event.with(serde_json::json!({ "changed": changed }));
            Ok((self.me_view(tx, actor, user).await?, event))
        })
        .await
    }

    async fn me_view(&self, tx: &Tx, actor: &Actor, user: identity::User) -> Result<Me, Error> {
        let agency_name = agencies::load_name(tx, actor.agency).await?;
        Ok(Me {
            actor: *actor,
            display_name: user.display_name,
            agency_name,
            email: user.email,
            is_email_verified: user.email_verified_at.is_some(),
            language: user.language,
        })
    }

    /// Adds a person to the agency.
    ///
    /// # Errors
    /// Fields are missing or out of range, the e-mail address has an account, or [`Code::DailyLimit`].
    pub async fn create_user(&self, actor: &Actor, input: &UserInput) -> Result<MemberView, Error> {
        require_in_agency(actor, Verb::CreateUser)?;
        let mut checks = Checks::default();
        let email = checks.email("email", &input.email);
        let display_name = checks.text("display_name", &input.display_name, 200);
        let personal = [email.as_str(), display_name.as_str()];
        check_first_password(&mut checks, actor, input.password.as_deref(), &personal);
        check_role(&mut checks, actor, input.role, input.client_organisation);
        checks.finish()?;
        let password_hash = match &input.password {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let (email, display_name, password_hash) = (&email, &display_name, &password_hash);
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            require_client(tx, actor, Verb::CreateUser, input.client_organisation).await?;
            let now = self.now();
            let user = identity::User {
                id: UserId::from_uuid(self.fresh_uuid()),
                email: email.clone(),
                display_name: display_name.clone(),
                password_hash: password_hash.clone(),
                disabled_at: None,
                email_verified_at: None,
                language: input.language,
            };
            identity::insert_user(tx, &user, now).await?;
            let member = identity::Membership {
                agency: actor.agency,
                user: user.id,
                role: input.role,
                client_organisation: input.client_organisation,
                disabled_at: None,
            };
            identity::insert_membership(tx, &member, now).await?;
            if user.password_hash.is_none() {
                self.post_first_link(tx, actor, &user).await?;
            }
            let detail = serde_json::json!({"role": input.role.as_str()});
            let event = AuditEvent::of(Verb::CreateUser, "user", user.id).with(detail);
            Ok((view((user, member)), event))
        })
        .await
    }

    /// Mails somebody a link by which they choose the password of the account that was made for them.
    async fn post_first_link(&self, tx: &Tx, actor: &Actor, user: &identity::User) -> Result<(), Error> {
        self.count_invitation(tx, actor).await?;
        let (purpose, good_for_hours) = (SecretPurpose::ResetPassword, FIRST_LINK_HOURS);
        let secret = self
            .fresh_link(tx, user, purpose, &user.email, good_for_hours)
            .await?;
        let letter = Letter::ChoosePassword {
            agency: agencies::load_name(tx, actor.agency).await?,
            secret,
            good_for_hours,
        };
        let (language, lifetime) = (self.language_of(user), hours(good_for_hours));
        self.post(tx, actor.agency, &user.email, language, &letter, lifetime)
            .await
    }

    /// Members of the agency.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_users(&self, actor: &Actor, query: &UserQuery) -> Result<Page<MemberView>, Error> {
        require_in_agency(actor, Verb::ListUsers)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (rows, has_more) = match &query.email {
                Some(email) => (of_address(tx, actor, query, email).await?, false),
                None => members::list_members(tx, actor.agency, query.role, query.after, PAGE_SIZE).await?,
            };
            let mut found: Vec<_> = rows.into_iter().map(view).collect();
            add_keys(tx, actor, &mut found).await?;
            Ok(Page::new(found, has_more, |member: &MemberView| member.id.uuid()))
        })
        .await
    }
}

/// The member with an address, if there is one who is looked for.
async fn of_address(
    tx: &Tx,
    actor: &Actor,
    query: &UserQuery,
    email: &str,
) -> Result<Vec<(identity::User, identity::Membership)>, Error> {
    let user = identity::find_user_by_email(tx, &email.trim().to_lowercase()).await?;
    let user = user.filter(|user| query.after.is_none_or(|after| user.id.uuid() > after));
    let Some(user) = user else { return Ok(Vec::new()) };
    let member = identity::find_membership(tx, actor.agency, user.id).await?;
    let member = member.filter(|member| query.role.is_none_or(|role| member.role == role));
    Ok(member.map(|member| (user, member)).into_iter().collect())
}

/// Adds the agency's own keys of shoppers.
pub(super) async fn add_keys(tx: &Tx, actor: &Actor, of: &mut [MemberView]) -> Result<(), Error> {
    let shoppers = of.iter().filter(|member| member.role == Role::Shopper);
    let shoppers: Vec<_> = shoppers.map(|member| member.id).collect();
    for record in panel::list_profiles(tx, actor.agency, &shoppers).await? {
        if let Some(member) = of.iter_mut().find(|member| member.id == record.user) {
            member.external_id = record.external_id;
        }
    }
    Ok(())
}

fn check_first_password(checks: &mut Checks, actor: &Actor, password: Option<&str>, personal: &[&str]) {
    match password {
        Some(_) if actor.token.is_some() => {
            let why = "an integration chooses nobody's password; the person does, by a link";
            checks.issue("password", "not_allowed", why);
        }
        Some(password) => passwords::check(checks, "password", password, personal),
        None => {}
    }
}

/// Whether somebody of this role works for the agency itself.
pub(super) fn is_staff(role: Role) -> bool {
    !role.is_client() && role != Role::Shopper
}

/// Refuses a role that the actor may not give, and a client organisation that does not go with it.
pub(super) fn check_role(
    checks: &mut Checks,
    actor: &Actor,
    role: Role,
    client: Option<ClientOrganisationId>,
) {
    match (role.is_client(), client) {
        (true, None) => {
            checks.issue(
                "client_organisation",
                "required",
                "a client's person belongs to a client organisation",
            );
        }
        (false, Some(_)) => {
            checks.issue(
                "client_organisation",
                "not_allowed",
                "only a client's person belongs to one",
            );
        }
        (true, Some(_)) | (false, None) => {}
    }
    // Whoever picks shoppers must not make themselves a reviewer as well.
    if is_staff(role) && actor.role != Role::Administrator {
        checks.issue(
            "role",
            "not_allowed",
            "only an administrator adds people of the agency",
        );
    }
    // Whom an integration has let in stays when its token is revoked.
    if actor.token.is_some() && role != Role::Shopper {
        checks.issue("role", "not_allowed", "an integration adds shoppers only");
    }
}

/// Refuses a client organisation that is not within the actor's reach.
pub(super) async fn require_client(
    tx: &Tx,
    actor: &Actor,
    verb: Verb,
    client: Option<ClientOrganisationId>,
) -> Result<(), Error> {
    let Some(client) = client else { return Ok(()) };
    let client = clients::find(tx, actor.agency, client).await?;
    let client = client.ok_or_else(|| Error::not_found("client organisation"))?;
    let target = Target::of_client(actor.agency, client.id);
    require(actor, verb, &target, "client organisation")
}

pub(super) fn view((user, member): (identity::User, identity::Membership)) -> MemberView {
    MemberView {
        id: user.id,
        email: user.email,
        display_name: user.display_name,
        role: member.role,
        client_organisation: member.client_organisation,
        is_email_verified: user.email_verified_at.is_some(),
        disabled_at: member.disabled_at,
        external_id: None,
    }
}
