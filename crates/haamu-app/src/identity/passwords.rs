//! Passwords: argon2id, away from the threads that serve requests.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use haamu_store::repo::identity::User;

use crate::error::Checks;
use crate::{App, Error};

/// The shortest password, in characters.
const SHORTEST: usize = 12;
/// The longest password, in bytes: what is hashed is bounded.
const LONGEST: usize = 256;

/// A hash that no password has. Whoever has it cannot sign in before they have chosen a password. It is also
/// checked where there is no account, so that an unknown address takes as long as a wrong password.
pub(crate) const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$ZG8gbm90IHRyeSB0byBmaW5kIG9uZSwgdGhlcmUgaXM";

/// Whether somebody has ever chosen a password.
pub(crate) fn has_password(user: &User) -> bool {
    user.password_hash != NO_PASSWORD
}

pub(super) fn check(checks: &mut Checks, path: &str, password: &str) {
    if password.chars().count() < SHORTEST {
        checks.issue(
            path,
            "too_short",
            format!("a password has at least {SHORTEST} characters"),
        );
    } else if password.len() > LONGEST {
        checks.issue(
            path,
            "too_long",
            format!("a password has at most {LONGEST} bytes"),
        );
    }
}

impl App {
    /// The hash of a password, in PHC form.
    pub(super) async fn hash_password(&self, password: &str) -> Result<String, Error> {
        let password = password.as_bytes().to_vec();
        self.with_hasher(move || {
            let hash: PasswordHash = Argon2::default()
                .hash_password(&password)
                .map_err(|error| error.to_string())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password belongs to the hash; without a hash it takes as long and fails.
    pub(super) async fn verify_password(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or(NO_PASSWORD).to_owned();
        let password: Vec<u8> = password.bytes().take(LONGEST + 1).collect();
        let is_right = self
            .with_hasher(move || {
                let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
                Ok(Argon2::default().verify_password(&password, &hash).is_ok())
            })
            .await?;
        Ok(is_right && is_known)
    }

    async fn with_hasher<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self
            .inner
            .hashing
            .acquire()
            .await
            .map_err(|error| Error::internal("hash a password", error))?;
        let outcome = tokio::task::spawn_blocking(work).await;
        drop(permit);
        let outcome = outcome.map_err(|error| Error::internal("hash a password", error))?;
        outcome.map_err(|reason| Error::internal("hash a password", std::io::Error::other(reason)))
    }
}
