//! Signing in with the word of an agency's identity provider: the authorization code flow with PKCE.

use haamu_domain::{AgencyId, AuditEvent, AuditId, Code, PendingId, SignInMethod, UserId};
use haamu_store::repo::oidc::{self, Provider, SignInUnderWay};
use haamu_store::repo::{audit, identity};
use haamu_store::{Reach, Tx};
use openidconnect::core::{CoreClient, CoreIdTokenClaims, CoreProviderMetadata, CoreResponseType};
use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
};

use crate::{App, Error};

use super::attempts::Origin;
use super::oidc::{ALGORITHMS, Asking, place};
use super::sign_in::{FirstFactor, SignedIn};
use super::tokens::{fresh_secret, hash_secret};

/// How long somebody may take at the provider, in seconds.
const SIGN_IN_SECONDS: i64 = 10 * 60;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Where somebody goes to show who they are.
#[derive(Clone)]
pub struct OidcRedirect {
    /// Names the sign-in; kept by whoever began it, and good for some minutes.
    pub ceremony: String,
    /// How long it is good, in seconds.
    pub expires_in: u64,
    /// The address at the provider.
    pub url: String,
}

impl std::fmt::Debug for OidcRedirect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcRedirect").finish_non_exhaustive()
    }
}

/// What somebody brings back from a provider.
#[derive(Clone)]
pub struct OidcReturn {
    /// The sign-in that it completes.
    pub ceremony: String,
    /// The agency of the address that the provider led back to.
    pub agency: AgencyId,
    /// The parameter `state`.
    pub state: String,
    /// The parameter `code`.
    pub code: String,
    /// The parameter `iss`, where the provider has sent it along.
    pub issuer: Option<String>,
}

impl std::fmt::Debug for OidcReturn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcReturn").finish_non_exhaustive()
    }
}

/// The place that the proof of a sign-in is sealed for.
fn verifier_place(id: PendingId) -> String {
    format!("oidc-verifier:{id}")
}

fn not_vouched_for(why: &'static str) -> Error {
    tracing::debug!(why, "an identity provider vouched for nobody");
    Error::refused(Code::NotVouchedFor)
}

impl App {
    /// Begins a sign-in at an agency's identity provider.
    ///
    /// # Errors
    /// The agency has no provider, or [`Code::IdentityProviderFailed`].
    pub async fn begin_oidc(&self, agency: AgencyId) -> Result<OidcRedirect, Error> {
        let provider = self.provider_of(agency).await?;
        let metadata = self.discover(&provider.issuer).await?;
        let client = self.oidc_client(agency, &provider, metadata).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let id = PendingId::from_uuid(self.fresh_uuid());
        let place = verifier_place(id);
        let now = self.now();
        let under_way = SignInUnderWay {
            id,
            agency,
            state_hash: hash_secret(state.secret()),
            nonce_hash: hash_secret(nonce.secret()),
            verifier: self.seal(&place, verifier.secret().as_bytes())?,
            expires_at: now.plus_seconds(SIGN_IN_SECONDS),
        };
        let (ceremony, hash) = fresh_secret();
        let (under_way, hash) = (&under_way, &hash);
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                Ok::<(), Error>(oidc::insert_sign_in(tx, under_way, hash, now).await?)
            })
            .await?;
        Ok(OidcRedirect {
            ceremony,
            expires_in: SIGN_IN_SECONDS.unsigned_abs(),
            url: url.to_string(),
        })
    }

    /// Completes a sign-in with what the provider has sent along. The ceremony is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`] for the ceremony, [`Code::NotVouchedFor`], or [`Code::IdentityProviderFailed`].
    pub async fn complete_oidc(&self, back: &OidcReturn, origin: &Origin) -> Result<SignedIn, Error> {
        let hash = hash_secret(&back.ceremony);
        let hash = &hash;
        // The ceremony tells the agency.
        let under_way = self
            .inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                Ok::<_, Error>(oidc::take_sign_in(tx, hash).await?)
            })
            .await?;
        // The state ties what comes back to the browser that began: whoever lures somebody else has another one. The
        // agency ties it to the provider: a provider that sends people on to another one gets no code of it.
        let under_way = under_way.filter(|known| {
            self.now() < known.expires_at
                && hash_secret(&back.state) == known.state_hash
                && back.agency == known.agency
        });
        let under_way = under_way.ok_or_else(|| Error::refused(Code::NoLongerGood))?;
        let agency = under_way.agency;
        let provider = self.provider_of(agency).await?;
        // RFC 9207.
        if back
            .issuer
            .as_ref()
            .is_some_and(|issuer| *issuer != provider.issuer)
        {
            return Err(not_vouched_for("another provider has sent the person back"));
        }
        let metadata = self.discover(&provider.issuer).await?;
        let client = self.oidc_client(agency, &provider, metadata).await?;
        let claims = self.redeem(&client, &under_way, &back.code).await?;
        let (user, member) = self.whom_it_means(agency, &provider, &claims).await?;
        let first = FirstFactor {
            user: &user,
            member: &member,
            method: SignInMethod::IdentityProvider,
            is_enough: provider.counts_as_second_factor,
            attempt: None,
            password_hash: None,
        };
        let done = self.after_first_factor(&first, origin).await;
        done.map_err(|error| match error.code() {
            Code::InvalidCredentials => not_vouched_for("the person is kept out by now"),
            _ => error,
        })
    }

    async fn provider_of(&self, agency: AgencyId) -> Result<Provider, Error> {
        let provider = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                Ok(oidc::find_provider(tx, agency).await?)
            })
            .await?;
        provider.ok_or_else(|| Error::not_found("identity provider"))
    }

    async fn oidc_client(
        &self,
        agency: AgencyId,
        provider: &Provider,
        metadata: CoreProviderMetadata,
    ) -> Result<Client, Error> {
        let secret = self.unseal(&place(agency), &provider.client_secret).await?;
        let secret =
            String::from_utf8(secret).map_err(|error| Error::internal("read a client's secret", error))?;
        let redirect = RedirectUrl::new(self.redirect_url(agency))
            .map_err(|error| Error::internal("read the server's address", error))?;
        let client_id = ClientId::new(provider.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata, client_id, Some(ClientSecret::new(secret)));
        Ok(client.set_redirect_uri(redirect))
    }

    /// Turns the provider's code into its word about a person, and checks it.
    async fn redeem(
        &self,
        client: &Client,
        under_way: &SignInUnderWay,
        code: &str,
    ) -> Result<CoreIdTokenClaims, Error> {
        let verifier = self
            .unseal(&verifier_place(under_way.id), &under_way.verifier)
            .await?;
        let verifier = String::from_utf8(verifier).map_err(|error| Error::internal("read a proof", error))?;
        let failed = |_| Error::refused(Code::IdentityProviderFailed);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(failed)?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let http = Asking(self.clone());
        let answer = match request.request_async(&http).await {
            Ok(answer) => answer,
            Err(RequestTokenError::ServerResponse(_)) => return Err(not_vouched_for("the code was refused")),
            Err(_) => return Err(Error::refused(Code::IdentityProviderFailed)),
        };
        let token = answer
            .id_token()
            .ok_or_else(|| not_vouched_for("there is no token"))?;
        let moment = chrono::DateTime::from_timestamp_millis(self.now().millis()).unwrap_or_default();
        let keys = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || moment);
        let is_ours = |nonce: Option<&Nonce>| match nonce {
            Some(nonce) if hash_secret(nonce.secret()) == under_way.nonce_hash => Ok(()),
            _ => Err("the nonce is another one".to_owned()),
        };
        let claims = token
            .claims(&keys, is_ours)
            .map_err(|_| not_vouched_for("the token is not genuine"))?;
        if let Some(expected) = claims.access_token_hash() {
            let wrong = |_| not_vouched_for("the token is not genuine");
            let algorithm = token.signing_alg().map_err(wrong)?;
            let key = token.signing_key(&keys).map_err(wrong)?;
            let actual = AccessTokenHash::from_token(answer.access_token(), algorithm, key);
            if actual.map_err(|_| not_vouched_for("the token is not genuine"))? != *expected {
                return Err(not_vouched_for("the tokens do not belong together"));
            }
        }
        Ok(claims.clone())
    }

    /// The member whom the provider means: one that it meant before, or the first time one whose verified
    /// address it names.
    async fn whom_it_means(
        &self,
        agency: AgencyId,
        provider: &Provider,
        claims: &CoreIdTokenClaims,
    ) -> Result<(identity::User, identity::Membership), Error> {
        let subject = claims.subject().as_str();
        let email = claims.email().map(|email| email.as_str().trim().to_lowercase());
        let is_vouched_for = claims.email_verified() == Some(true)
            && email
                .as_deref()
                .is_some_and(|email| is_within(email, &provider.allowed_domains));
        if !is_vouched_for {
            return Err(not_vouched_for(
                "the address is not verified, or of another domain",
            ));
        }
        let email = email.unwrap_or_default();
        let email = &email;
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let known = oidc::find_identity(tx, agency, &provider.issuer, subject).await?;
                let user = match known {
                    Some(user) => user,
                    None => self.match_by_email(tx, agency, provider, subject, email).await?,
                };
                let account = identity::load_user(tx, user).await?;
                let member = identity::find_membership(tx, agency, user).await?;
                let member = member
                    .filter(|member| member.disabled_at.is_none() && account.disabled_at.is_none())
                    .ok_or_else(|| not_vouched_for("the person is no member"))?;
                Ok((account, member))
            })
            .await
    }

    async fn match_by_email(
        &self,
        tx: &Tx,
        agency: AgencyId,
        provider: &Provider,
        subject: &str,
        email: &str,
    ) -> Result<UserId, Error> {
        let nobody = || not_vouched_for("nobody is known by this subject");
        if !provider.match_by_email {
            return Err(nobody());
        }
        let account = identity::find_user_by_email(tx, email).await?;
        let account = account.filter(|account| account.email_verified_at.is_some());
        let account = account.ok_or_else(nobody)?;
        let member = identity::find_membership(tx, agency, account.id).await?;
        let member = member.ok_or_else(nobody)?;
        let now = self.now();
        oidc::insert_identity(tx, agency, &provider.issuer, subject, account.id, now).await?;
        let event = AuditEvent::named("identity_provider.link", "user", account.id);
        let id = AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, agency, Some(&member.actor()), &event, now).await?;
        Ok(account.id)
    }
}

/// Whether an address is of one of these domains; without any, every address is.
fn is_within(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| domains.is_empty() || domains.iter().any(|known| known == domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_its_own_domain_only() {
        let domains = ["north.example".to_owned()];
        assert!(is_within("a@north.example", &domains));
        for other in [
            "a@evil-north.example",
            "a@sub.north.example",
            "a@north.example.evil",
            "north.example",
            "a@north.example@evil.example",
        ] {
            assert!(!is_within(other, &domains), "{other}");
        }
        assert!(is_within("a@anything.example", &[]));
    }
}
