//! What becomes of an account when somebody shows for the first time that its address is theirs.
//!
//! Until then the account is as good as anybody's: whoever made it chose its
//! password, could sign in with it and add factors of their own. All of that
//! ends with the first proof, or the account would have two owners.

use haamu_domain::{AgencyId, SecretPurpose, UserId};
use haamu_form::Language;
use haamu_report::Letter;
use haamu_store::Tx;
use haamu_store::repo::identity::{self, User};
use haamu_store::repo::{factors, known_networks, passkeys, pending, sessions};

use crate::{App, Error};

/// Makes worthless what was begun with the password that a person had: whoever has stolen it may have asked to
/// move the account to an address of their own.
pub(super) async fn forget_what_is_under_way(tx: &Tx, user: UserId) -> Result<(), Error> {
    for purpose in [SecretPurpose::ResetPassword, SecretPurpose::ChangeEmail] {
        pending::delete_secrets(tx, user, purpose).await?;
    }
    Ok(pending::delete_challenges(tx, None, user).await?)
}

/// Whether two reads of an account found the same one, with the same password and as well proven.
pub(super) fn is_same(one: Option<&User>, other: Option<&User>) -> bool {
    let seen = |user: &User| {
        (
            user.id,
            user.password_hash.clone(),
            user.email_verified_at,
            user.disabled_at,
        )
    };
    one.map(seen) == other.map(seen)
}

impl App {
    /// The account of an address, locked.
    pub(super) async fn lock_account(&self, tx: &Tx, email: &str) -> Result<Option<User>, Error> {
        let Some(found) = identity::find_user_by_email(tx, email).await? else {
            return Ok(None);
        };
        // It may have moved to another address before it was locked.
        let user = identity::lock_user(tx, found.id).await?;
        Ok(Some(user).filter(|user| user.email == email))
    }

    /// Removes what may have been planted in an account whose address nobody has shown to be theirs: second factors,
    /// sessions, and what was begun. In a proven account it removes nothing. The account is locked.
    pub(super) async fn clear_unproven(&self, tx: &Tx, agency: AgencyId, user: &User) -> Result<(), Error> {
        if user.email_verified_at.is_some() {
            return Ok(());
        }
        let had_factor = factors::has_any(tx, user.id).await?;
        factors::delete_totp(tx, user.id).await?;
        factors::delete_recovery_codes(tx, user.id).await?;
        passkeys::delete_all(tx, user.id).await?;
        known_networks::delete_all(tx, user.id).await?;
        let why = "address shown for the first time";
        sessions::end_of_user(tx, None, user.id, None, self.now(), why).await?;
        // A link for a new password goes to the address itself, and stays good.
        pending::delete_secrets(tx, user.id, SecretPurpose::ChangeEmail).await?;
        pending::delete_challenges(tx, None, user.id).await?;
        if had_factor {
            self.notify(tx, agency, user, &Letter::SecondFactorsRemoved)
                .await?;
        }
        Ok(())
    }

    /// Gives an unproven account to whoever has shown its address to be theirs: the name and the password are those
    /// that they have chosen, and the language, if they or whoever invited them chose one.
    pub(super) async fn hand_over(
        &self,
        tx: &Tx,
        agency: AgencyId,
        account: &User,
        (display_name, password_hash): (&str, &str),
        language: Option<Language>,
    ) -> Result<(), Error> {
        self.clear_unproven(tx, agency, account).await?;
        identity::set_display_name(tx, account.id, display_name).await?;
        if language.is_some() {
            identity::set_language(tx, account.id, language).await?;
        }
        identity::set_password(tx, account.id, password_hash).await?;
        identity::set_verified_email(tx, account.id, &account.email, self.now()).await?;
        self.forgive(tx, &account.email).await?;
        if account.password_hash.is_some() {
            let account = &User {
                language: language.or(account.language),
                ..account.clone()
            };
            self.notify(tx, agency, account, &Letter::PasswordChanged).await?;
        }
        Ok(())
    }
}
