//! Passwords: argon2id, away from the threads that serve requests.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use haamu_domain::password::{LONGEST, weakness};

use crate::error::Checks;
use crate::{App, Error};

use super::settings::Hashing;

/// Refuses a password that is not good enough. `personal` is what others know of the person.
pub(super) fn check(checks: &mut Checks, path: &str, password: &str, personal: &[&str]) {
    if let Some(weakness) = weakness(password, personal) {
        checks.issue(path, weakness.code(), weakness.message());
    }
}

impl Hashing {
    fn argon2(self) -> Result<Argon2<'static>, String> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None);
        let params = params.map_err(|error| error.to_string())?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// A hash that no password has; it is checked where there is no account, so that an unknown address takes as
    /// long as a wrong password.
    fn of_nobody(self) -> String {
        let Self {
            memory_kib,
            passes,
            lanes,
        } = self;
        format!(
            "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}\
             $bm9ib2R5LWhhcy10aGlz$ZG8gbm90IHRyeSB0byBmaW5kIG9uZSwgdGhlcmUgaXM"
        )
    }

    /// Whether a hash was made with less than this.
    fn is_more_than(self, hash: &str) -> bool {
        let made = PasswordHash::new(hash)
            .ok()
            .and_then(|hash| Params::try_from(&hash).ok());
        made.is_none_or(|made| made.m_cost() < self.memory_kib || made.t_cost() < self.passes)
    }
}

impl App {
    /// The hash of a password, in PHC form.
    pub(super) async fn hash_password(&self, password: &str) -> Result<String, Error> {
        let password = password.as_bytes().to_vec();
        let hashing = self.settings().identity.hashing;
        self.with_hasher(move || {
            let hash: PasswordHash = hashing
                .argon2()?
                .hash_password(&password)
                .map_err(|error| error.to_string())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password belongs to the hash; without a hash it takes as long and fails.
    pub(super) async fn verify_password(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let is_known = hash.is_some();
        let hash = hash.map_or_else(|| self.settings().identity.hashing.of_nobody(), str::to_owned);
        let password: Vec<u8> = password.bytes().take(LONGEST + 1).collect();
        let is_right = self
            .with_hasher(move || {
                let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
                // The parameters are those that the hash names.
                Ok(Argon2::default().verify_password(&password, &hash).is_ok())
            })
            .await?;
        Ok(is_right && is_known)
    }

    /// A better hash of a password that was right, if its hash was made with less than what is asked for now.
    pub(super) async fn better_hash(&self, password: &str, hash: &str) -> Result<Option<String>, Error> {
        if self.settings().identity.hashing.is_more_than(hash) {
            return self.hash_password(password).await.map(Some);
        }
        Ok(None)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_can_be_read_and_costs_as_much_as_any() {
        let hashing = Hashing {
            memory_kib: 65_536,
            passes: 3,
            lanes: 2,
        };
        let nobody = hashing.of_nobody();
        let hash = PasswordHash::new(&nobody).expect("PHC");
        let params = Params::try_from(&hash).expect("parameters");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (65_536, 3, 2)
        );
        assert!(!hashing.is_more_than(&nobody));
    }

    #[test]
    fn a_hash_is_renewed_only_when_more_is_asked_for() {
        let less = Hashing::default().of_nobody();
        for (memory_kib, passes, expected) in [
            (19_456, 2, false),
            (19_457, 2, true),
            (9_728, 3, true),
            (9_728, 1, false),
        ] {
            let asked = Hashing {
                memory_kib,
                passes,
                lanes: 1,
            };
            assert_eq!(asked.is_more_than(&less), expected, "{memory_kib} {passes}");
        }
        assert!(Hashing::default().is_more_than("no hash"));
    }
}
