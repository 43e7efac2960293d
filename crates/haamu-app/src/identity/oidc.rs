//! Who vouches for members of an agency: an OpenID Connect provider that its administrators choose.

use haamu_domain::{Actor, AgencyId, AuditEvent, Code, Timestamp, Verb};
use haamu_store::Tx;
use haamu_store::repo::oidc::{self, Provider};
use openidconnect::core::{CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, IssuerUrl};
use url::Url;

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::ports::{PortFuture, WebFailure, WebRequest};
use crate::{App, Error};

/// The page that a provider sends people back to, below which each agency has its own; it goes on with what stands in
/// its address.
const REDIRECT_PAGE: &str = "/oidc";
/// More domains than this are of no use to anybody.
const MAX_DOMAINS: usize = 50;

/// Signatures that are taken. Those with a shared secret are none: the secret is a password, not a key.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A provider to be set.
#[derive(Clone)]
pub struct ProviderInput {
    /// The address of the provider, below which its configuration is.
    pub issuer: String,
    /// As whom we are known there.
    pub client_id: String,
    /// Our secret there; none keeps the one that is known.
    pub client_secret: Option<String>,
    /// The domains of e-mail addresses that it may vouch for; none: any.
    pub allowed_domains: Vec<String>,
    /// Whether a member is recognised by their verified e-mail address the first time.
    pub match_by_email: bool,
    /// Whether its word counts as a second factor.
    pub counts_as_second_factor: bool,
}

impl std::fmt::Debug for ProviderInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderInput")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// A provider, without its secret.
#[derive(Clone, Debug)]
pub struct ProviderView {
    /// The address of the provider.
    pub issuer: String,
    /// As whom we are known there.
    pub client_id: String,
    /// The domains of e-mail addresses that it may vouch for; none: any.
    pub allowed_domains: Vec<String>,
    /// Whether a member is recognised by their verified e-mail address the first time.
    pub match_by_email: bool,
    /// Whether its word counts as a second factor.
    pub counts_as_second_factor: bool,
    /// When it was set.
    pub updated_at: Timestamp,
    /// The address that the provider is to send people back to.
    pub redirect_url: String,
}

/// The place that our secret at an agency's provider is sealed for.
pub(super) fn place(agency: AgencyId) -> String {
    format!("oidc-client-secret:{agency}")
}

impl App {
    /// The provider of the agency.
    ///
    /// # Errors
    /// There is none.
    pub async fn read_provider(&self, actor: &Actor) -> Result<ProviderView, Error> {
        require_in_agency(actor, Verb::ManageSecurity)?;
        let provider = self
            .look(actor.agency, |tx: Tx| async move {
                let tx = &tx;
                Ok(oidc::find_provider(tx, actor.agency).await?)
            })
            .await?;
        let provider = provider.ok_or_else(|| Error::not_found("identity provider"))?;
        Ok(self.provider_view(actor.agency, provider))
    }

    /// Sets the provider of the agency, once its configuration could be read.
    ///
    /// # Errors
    /// A field is missing or wrong, or the provider does not answer.
    pub async fn set_provider(&self, actor: &Actor, input: &ProviderInput) -> Result<ProviderView, Error> {
        require_in_agency(actor, Verb::ManageSecurity)?;
        let mut checks = Checks::default();
        let client_id = checks.text("client_id", &input.client_id, 255);
        let issuer = self.check_issuer(&mut checks, &input.issuer);
        let allowed_domains = check_domains(&mut checks, &input.allowed_domains);
        let client_secret = input
            .client_secret
            .as_deref()
            .map(|secret| checks.text("client_secret", secret, 1_000));
        checks.finish()?;
        if let Err(failure) = self.discover(&issuer).await {
            let detail = format!("the configuration cannot be read: {failure}");
            return Err(Error::issue("issuer", "no_provider", detail));
        }
        let sealed = match &client_secret {
            Some(secret) => Some(self.seal(&place(actor.agency), secret.as_bytes())?),
            None => None,
        };
        let (issuer, client_id, allowed_domains, sealed) = (&issuer, &client_id, &allowed_domains, &sealed);
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let client_secret = match sealed {
                Some(sealed) => sealed.clone(),
                None => {
                    let known = oidc::find_provider(tx, actor.agency).await?;
                    // A secret of one provider is not told to another.
                    let known = known.filter(|known| known.issuer == *issuer);
                    let required = || Error::issue("client_secret", "required", "this field is required");
                    known.ok_or_else(required)?.client_secret
                }
            };
            let provider = Provider {
                issuer: issuer.clone(),
                client_id: client_id.clone(),
                client_secret,
                allowed_domains: allowed_domains.clone(),
                match_by_email: input.match_by_email,
                counts_as_second_factor: input.counts_as_second_factor,
                updated_at: self.now(),
            };
            oidc::set_provider(tx, actor.agency, &provider).await?;
            let detail = serde_json::json!({"issuer": issuer, "match_by_email": input.match_by_email});
            let event = AuditEvent::named("identity_provider.set", "agency", actor.agency).with(detail);
            Ok((self.provider_view(actor.agency, provider), event))
        })
        .await
    }

    /// Removes the provider of the agency. Doing so once more changes nothing.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn delete_provider(&self, actor: &Actor) -> Result<(), Error> {
        require_in_agency(actor, Verb::ManageSecurity)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            oidc::delete_provider(tx, actor.agency).await?;
            let event = AuditEvent::named("identity_provider.delete", "agency", actor.agency);
            Ok(((), event))
        })
        .await
    }

    fn provider_view(&self, agency: AgencyId, provider: Provider) -> ProviderView {
        ProviderView {
            issuer: provider.issuer,
            client_id: provider.client_id,
            allowed_domains: provider.allowed_domains,
            match_by_email: provider.match_by_email,
            counts_as_second_factor: provider.counts_as_second_factor,
            updated_at: provider.updated_at,
            redirect_url: self.redirect_url(agency),
        }
    }

    /// Each agency has an address of its own. Whoever comes back to one was sent to its provider, whatever else stands
    /// in the address: no other agency's provider gets what this one's has sent.
    pub(super) fn redirect_url(&self, agency: AgencyId) -> String {
        format!("{}{REDIRECT_PAGE}/{agency}", self.settings().public_url)
    }

    /// An address without TLS is only taken where this server is reached without it as well.
    fn may_ask(&self, url: &str) -> bool {
        let is_plain_here = self.settings().public_url.starts_with("http://");
        url.starts_with("https://") || (is_plain_here && url.starts_with("http://"))
    }

    fn check_issuer(&self, checks: &mut Checks, text: &str) -> String {
        let issuer = text.trim();
        let url = Url::parse(issuer).ok();
        let is_sound =
            url.is_some_and(|url| url.host().is_some() && url.query().is_none() && url.fragment().is_none());
        if !is_sound || !self.may_ask(issuer) || issuer.len() > 500 {
            checks.issue(
                "issuer",
                "bad_url",
                "the address of a provider begins with https://",
            );
        }
        issuer.to_owned()
    }

    /// Reads the configuration and the keys of a provider.
    pub(super) async fn discover(&self, issuer: &str) -> Result<CoreProviderMetadata, Error> {
        let failed = |error: &dyn std::error::Error| {
            tracing::info!(
                error = crate::error_chain(error),
                "an identity provider cannot be asked"
            );
            Error::refused(Code::IdentityProviderFailed)
        };
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| failed(&error))?;
        let client = Asking(self.clone());
        CoreProviderMetadata::discover_async(issuer, &client)
            .await
            .map_err(|error| failed(&error))
    }
}

/// Asks a provider on behalf of the library.
pub(super) struct Asking(pub(super) App);

impl<'c> AsyncHttpClient<'c> for Asking {
    type Error = WebFailure;
    type Future = PortFuture<'c, Result<HttpResponse, WebFailure>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.iter();
        let request = WebRequest {
            method: parts.method.as_str().to_owned(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
            url: parts.uri.to_string(),
            body,
        };
        Box::pin(async move {
            if !self.0.may_ask(&request.url) {
                return Err(WebFailure("the address does not begin with https://".to_owned()));
            }
            let answer = self.0.inner.web.send(request).await?;
            let odd = |what: &str| WebFailure(format!("the answer has an odd {what}"));
            let mut response = HttpResponse::new(answer.body);
            *response.status_mut() = answer.status.try_into().map_err(|_| odd("status"))?;
            // The library looks at no other header.
            let media_type = answer
                .headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if let Some((_, value)) = media_type {
                let value = value.as_slice().try_into().map_err(|_| odd("media type"))?;
                response.headers_mut().insert("content-type", value);
            }
            Ok(response)
        })
    }
}

fn check_domains(checks: &mut Checks, given: &[String]) -> Vec<String> {
    if given.len() > MAX_DOMAINS {
        checks.issue(
            "allowed_domains",
            "too_many",
            format!("at most {MAX_DOMAINS} domains"),
        );
    }
    let mut domains = Vec::with_capacity(given.len());
    for (index, domain) in given.iter().take(MAX_DOMAINS).enumerate() {
        let domain = domain.trim().to_lowercase();
        let is_sound = domain.contains('.')
            && domain.len() <= 253
            && domain.split('.').all(|label| {
                let is_allowed = |c: char| c.is_alphanumeric() || c == '-';
                !label.is_empty() && label.chars().all(is_allowed)
            });
        if !is_sound {
            checks.issue(
                format!("allowed_domains[{index}]"),
                "bad_domain",
                "this is no domain",
            );
        }
        domains.push(domain);
    }
    domains.sort_unstable();
    domains.dedup();
    domains
}
