//! Attempts to sign in, counted by account, address and person.

use std::net::IpAddr;

use haamu_domain::lockout::Patience;
use haamu_domain::{Code, UserId};
use haamu_store::repo::attempts::{self, Counted};
use haamu_store::{Reach, Tx};

use crate::{App, Error};

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network address, where it is known.
    pub address: Option<IpAddr>,
    /// What the browser or app calls itself.
    pub user_agent: Option<String>,
}

/// An attempt under way: whom it counts against until it succeeds.
pub(super) struct Attempt(Vec<(Counted, Vec<u8>, Patience)>);

impl App {
    /// Begins an attempt with the password of an account, which may not exist.
    ///
    /// # Errors
    /// [`Code::SignInLocked`].
    pub(super) async fn begin_password_attempt(
        &self,
        email: &str,
        origin: &Origin,
    ) -> Result<Attempt, Error> {
        let patience = self.settings().identity.with_account();
        let key = self.keyed_hash(&format!("account {email}"));
        self.begin_attempt((Counted::Account, key, patience), origin)
            .await
    }

    /// Begins an attempt with a second factor of a person.
    ///
    /// # Errors
    /// [`Code::SignInLocked`].
    pub(super) async fn begin_factor_attempt(&self, user: UserId, origin: &Origin) -> Result<Attempt, Error> {
        let patience = self.settings().identity.with_account();
        let key = self.keyed_hash(&format!("factor {user}"));
        self.begin_attempt((Counted::Factor, key, patience), origin).await
    }

    async fn begin_attempt(
        &self,
        first: (Counted, Vec<u8>, Patience),
        origin: &Origin,
    ) -> Result<Attempt, Error> {
        let address = origin.address.map(|address| {
            let key = self.keyed_hash(&format!("address {}", network_of(address)));
            (Counted::Address, key, self.settings().identity.with_address())
        });
        let attempt = Attempt([Some(first), address].into_iter().flatten().collect());
        let counted = &attempt.0;
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                for (of, key, patience) in counted {
                    let begun = attempts::begin(tx, *of, key, *patience, self.now()).await?;
                    begun.map_err(|locked| Error::until(Code::SignInLocked, locked.retry_after_seconds))?;
                }
                Ok::<(), Error>(())
            })
            .await?;
        Ok(attempt)
    }

    /// Notes that an attempt has succeeded. An account's failures are forgotten; of an address only this
    /// attempt is, for whoever has one password could otherwise go on guessing others.
    pub(super) async fn end_attempt(&self, tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
        for (of, key, _) in &attempt.0 {
            match of {
                Counted::Account | Counted::Factor => attempts::forget(tx, *of, key).await?,
                Counted::Address => attempts::take_back(tx, *of, key).await?,
            }
        }
        Ok(())
    }

    /// Forgets the failures with a person's password, after they have shown that the address is theirs.
    pub(super) async fn forgive(&self, tx: &Tx, email: &str) -> Result<(), Error> {
        let key = self.keyed_hash(&format!("account {email}"));
        Ok(attempts::forget(tx, Counted::Account, &key).await?)
    }
}

/// What one customer of a network provider has: an address, or with IPv6 the first 64 bits of it.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            IpAddr::V6(bits.into())
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_version_6_counts_by_its_network() {
        let network = |text: &str| network_of(text.parse().expect("an address")).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
