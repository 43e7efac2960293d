//! The first administrator of a new installation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use haamu_domain::{AgencyId, AuditEvent, AuditId, Code, Role, SignInMethod, UserId};
use haamu_store::repo::{agencies, audit, identity};
use haamu_store::{Reach, Tx};
use rand::RngExt;

use crate::error::Checks;
use crate::{App, Error};

use super::attempts::Origin;
use super::sessions::Issued;
use super::{passwords, tokens::hash_secret};

/// The first administrator and their agency.
#[derive(Clone)]
pub struct SetupInput {
    /// The one-time code that the server printed.
    pub code: String,
    /// The name of the agency.
    pub agency_name: String,
    /// The administrator's e-mail address.
    pub email: String,
    /// The administrator's name.
    pub display_name: String,
    /// The administrator's password.
    pub password: String,
}

impl std::fmt::Debug for SetupInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupInput").finish_non_exhaustive()
    }
}

impl App {
    /// A fresh one-time code while the installation has no administrator; an earlier code is no longer good.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prepare_setup(&self) -> Result<Option<String>, Error> {
        let bytes: [u8; 15] = rand::rng().random();
        let code = URL_SAFE_NO_PAD.encode(bytes);
        let code = &code;
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                if agencies::is_set_up(tx).await? {
                    return Ok::<Option<String>, Error>(None);
                }
                agencies::set_setup_code(tx, &hash_secret(code)).await?;
                Ok(Some(code.clone()))
            })
            .await
    }

    /// Makes the first agency and its administrator, and signs the administrator in.
    ///
    /// # Errors
    /// [`Code::SetupClosed`], [`Code::SetupCodeWrong`], or fields that are missing or out of range.
    pub async fn set_up(&self, input: &SetupInput, origin: &Origin) -> Result<Issued, Error> {
        let mut checks = Checks::default();
        let agency_name = checks.text("agency_name", &input.agency_name, 200);
        let email = checks.email("email", &input.email);
        let display_name = checks.text("display_name", &input.display_name, 200);
        let personal = [email.as_str(), display_name.as_str()];
        passwords::check(&mut checks, "password", &input.password, &personal);
        checks.finish()?;
        let password_hash = self.hash_password(&input.password).await?;
        let code_hash = hash_secret(&input.code);
        let agency = AgencyId::from_uuid(self.fresh_uuid());
        let (code_hash, email, display_name, password_hash, agency_name) =
            (&code_hash, &email, &display_name, &password_hash, &agency_name);
        let (bearer, token) = self
            .inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let expected = agencies::lock_setup_code(tx).await?;
                let expected = expected.ok_or_else(|| Error::refused(Code::SetupClosed))?;
                // Hashes are compared: what a comparison in unequal time tells is of no use.
                if expected != *code_hash {
                    return Err(Error::refused(Code::SetupCodeWrong));
                }
                let now = self.now();
                let user = identity::User {
                    id: UserId::from_uuid(self.fresh_uuid()),
                    email: email.clone(),
                    display_name: display_name.clone(),
                    password_hash: Some(password_hash.clone()),
                    disabled_at: None,
                    email_verified_at: None,
                    language: None,
                };
                let member = identity::Membership {
                    agency,
                    user: user.id,
                    role: Role::Administrator,
                    client_organisation: None,
                    disabled_at: None,
                };
                agencies::insert(tx, agency, agency_name, now).await?;
                identity::insert_user(tx, &user, now).await?;
                identity::insert_membership(tx, &member, now).await?;
                agencies::finish_setup(tx, now).await?;
                self.plan_purge(tx, agency).await?;
                let actor = member.actor();
                let event = AuditEvent::named("installation.set_up", "agency", agency);
                let id = AuditId::from_uuid(self.fresh_uuid());
                audit::insert(tx, id, agency, Some(&actor), &event, now).await?;
                let started = self.start_session(tx, &member, SignInMethod::Password, None, origin);
                let ((bearer, token), event) = started.await?;
                let id = AuditId::from_uuid(self.fresh_uuid());
                audit::insert(tx, id, agency, Some(&actor), &event, now).await?;
                Ok::<_, Error>((bearer, token))
            })
            .await?;
        self.issued(&bearer, token).await
    }
}
