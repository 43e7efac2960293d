//! Attempts to sign in, counted by account, address and person.

use std::net::IpAddr;

use haamu_domain::lockout::Patience;
use haamu_domain::{Code, UserId};
use haamu_store::repo::attempts::{self, Counted};
use haamu_store::repo::{identity, known_networks};
use haamu_store::{Reach, Tx};
use uuid::Uuid;

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
    /// Begins an attempt with the password of an account, which may not exist. From where its person has signed in before,
    /// attempts have a count of their own: nobody keeps them out by guessing elsewhere.
    ///
    /// # Errors
    /// [`Code::SignInLocked`].
    pub(super) async fn begin_password_attempt(
        &self,
        email: &str,
        origin: &Origin,
    ) -> Result<Attempt, Error> {
        let patience = self.settings().identity.with_account();
        let (of, text) = match self.known_network(email, origin).await? {
            Some(network) => (Counted::KnownNetwork, format!("account {email} from {network}")),
            None => (Counted::Account, format!("account {email}")),
        };
        let key = self.keyed_hash(&text);
        self.begin_attempt((of, key, patience), origin).await
    }

    /// The network that a request comes from, if the person of an address has signed in from there.
    async fn known_network(&self, email: &str, origin: &Origin) -> Result<Option<IpAddr>, Error> {
        let Some(network) = origin.address.map(network_of) else {
            return Ok(None);
        };
        let is_known = self
            .inner
            .db
            .read(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                let found = identity::find_user_by_email(tx, email).await?;
                // Nobody is looked up as well: an address without an account takes as long.
                let user = found.map_or(UserId::from_uuid(Uuid::nil()), |user| user.id);
                let hash = self.hash_of_network(user, network);
                Ok::<_, Error>(known_networks::is_known(tx, user, &hash).await?)
            })
            .await?;
        Ok(is_known.then_some(network))
    }

    /// Notes from where a person has signed in.
    pub(super) async fn note_network(&self, tx: &Tx, user: UserId, origin: &Origin) -> Result<(), Error> {
        let Some(network) = origin.address.map(network_of) else {
            return Ok(());
        };
        let hash = self.hash_of_network(user, network);
        Ok(known_networks::note(tx, user, &hash, self.now()).await?)
    }

    fn hash_of_network(&self, user: UserId, network: IpAddr) -> Vec<u8> {
        self.keyed_hash(&format!("network {network} of {user}"))
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

    /// Notes that an attempt has succeeded. The failures that it was counted with are forgotten, which are those
    /// elsewhere as well unless it came from a known network; of an address only this attempt is, for whoever has one
    /// password could otherwise go on guessing others.
    pub(super) async fn end_attempt(&self, tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
        for (of, key, _) in &attempt.0 {
            match of {
                Counted::Account | Counted::KnownNetwork | Counted::Factor => {
                    attempts::forget(tx, *of, key).await?;
                }
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
