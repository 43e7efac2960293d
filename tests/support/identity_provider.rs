//! A small OpenID Connect provider on loopback, with keys of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

/// As whom the server is known here.
pub const CLIENT_ID: &str = "haamu";
/// Its secret; the signs show whether they are written as they must be.
pub const CLIENT_SECRET: &str = "sesam öppna dig/+";

/// With which key the provider signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// RSA with SHA-256.
    Rs256,
    /// Ed25519.
    EdDsa,
    /// A key that it does not publish.
    Forged,
    /// The client's secret, which is none of its keys.
    SharedSecret,
}

/// A provider.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// Its address.
    pub issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    rsa: RsaKeyPair,
    ed: SigningKey,
    forged: SigningKey,
    said: Mutex<Said>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

/// What it says about whoever signs in next.
struct Said {
    issuer: String,
    claims: Value,
    signs: Signs,
    codes: HashMap<String, Grant>,
    /// How often it was asked for tokens.
    asked: usize,
}

/// What a code was given out for.
struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
}

impl IdentityProvider {
    /// Starts a provider, for as long as the test's runtime lasts. `now` is the time of its tokens.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"),
            ed: SigningKey::from_bytes(&rand::random()),
            forged: SigningKey::from_bytes(&rand::random()),
            said: Mutex::new(Said {
                issuer: issuer.clone(),
                claims: Value::Null,
                signs: Signs::Rs256,
                codes: HashMap::new(),
                asked: 0,
            }),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, inner }
    }

    /// Sets what is said about whoever signs in next: claims beside those that every token has, or in their
    /// place.
    ///
    /// # Panics
    /// Another test thread panicked.
    pub fn says(&self, signs: Signs, claims: Value) {
        let mut said = self.inner.said.lock().expect("not poisoned");
        said.claims = claims;
        said.signs = signs;
    }

    /// How often the provider was asked for tokens.
    ///
    /// # Panics
    /// Another test thread panicked.
    #[must_use]
    pub fn asked_for_tokens(&self) -> usize {
        self.inner.said.lock().expect("not poisoned").asked
    }

    /// Goes where the server sends a browser, and comes back: the parameters of the address that the provider
    /// leads to, and the agency of its path.
    ///
    /// # Panics
    /// The provider does not lead back.
    pub async fn visit(&self, url: &str) -> HashMap<String, String> {
        let browser = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let answer = browser
            .expect("a browser")
            .get(url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 303, "{:?}", answer.text().await);
        let location = answer.headers()["location"].to_str().expect("text");
        let location = Url::parse(location).expect("an address");
        let path = location.as_str().strip_prefix("http://localhost:8080/oidc/");
        let agency = path.and_then(|path| path.split_once('?')).expect("an agency").0;
        let mut back: HashMap<_, _> = location.query_pairs().into_owned().collect();
        back.insert("agency".to_owned(), agency.to_owned());
        back
    }
}

async fn configuration(State(provider): State<Arc<Inner>>) -> axum::Json<Value> {
    let issuer = provider.said.lock().expect("not poisoned").issuer.clone();
    axum::Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256"],
    }))
}

async fn keys(State(provider): State<Arc<Inner>>) -> axum::Json<Value> {
    let public = provider.rsa.public_key();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    axum::Json(json!({"keys": [
        {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256",
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero())},
        {"kty": "OKP", "kid": "ed", "use": "sig", "alg": "EdDSA", "crv": "Ed25519",
            "x": number(provider.ed.verifying_key().as_bytes())},
    ]}))
}

async fn authorize(
    State(provider): State<Arc<Inner>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let is_sound = field("response_type") == "code"
        && field("client_id") == CLIENT_ID
        && field("code_challenge_method") == "S256"
        && field("scope").split(' ').any(|scope| scope == "openid");
    if !is_sound {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    }
    let code = format!("{:032x}", rand::random::<u128>());
    let grant = Grant {
        nonce: field("nonce"),
        challenge: field("code_challenge"),
        redirect: field("redirect_uri"),
    };
    let mut back = Url::parse(&grant.redirect).expect("an address");
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &field("state"));
    provider
        .said
        .lock()
        .expect("not poisoned")
        .codes
        .insert(code, grant);
    (StatusCode::SEE_OTHER, [(header::LOCATION, back.to_string())]).into_response()
}

async fn token(State(provider): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let refused =
        |error: &str| (StatusCode::BAD_REQUEST, axum::Json(json!({"error": error}))).into_response();
    let asked: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    if !is_client(&headers) {
        return refused("invalid_client");
    }
    let mut said = provider.said.lock().expect("not poisoned");
    said.asked += 1;
    let Some(grant) = said.codes.remove(&field("code")) else {
        return refused("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    if challenge != grant.challenge || field("redirect_uri") != grant.redirect {
        return refused("invalid_grant");
    }
    let access = format!("{:032x}", rand::random::<u128>());
    let hash = Sha256::digest(&access);
    let mut claims = json!({"iss": said.issuer, "aud": CLIENT_ID, "nonce": grant.nonce, "sub": "somebody",
        "iat": 1_795_176_000, "exp": 4_000_000_000_i64, "email_verified": true,
        "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16])});
    if said.signs == Signs::EdDsa {
        // What the hash of an Ed25519 token is made with, the standard does not say.
        claims.as_object_mut().expect("claims").remove("at_hash");
    }
    for (name, value) in said.claims.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let id_token = provider.sign(said.signs, &claims);
    axum::Json(
        json!({"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": id_token}),
    )
    .into_response()
}

/// Whether the request has the client's name and secret, written as RFC 6749 (2.3.1) asks.
fn is_client(headers: &HeaderMap) -> bool {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET));
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Basic "));
    let given = given.and_then(|text| STANDARD.decode(text).ok());
    given.as_deref() == Some(expected.as_bytes())
}

impl Inner {
    fn sign(&self, signs: Signs, claims: &Value) -> String {
        let (algorithm, key) = match signs {
            Signs::Rs256 => ("RS256", "rsa"),
            Signs::EdDsa | Signs::Forged => ("EdDSA", "ed"),
            Signs::SharedSecret => ("HS256", "secret"),
        };
        let header = json!({"alg": algorithm, "kid": key, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = match signs {
            Signs::Rs256 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                let random = SystemRandom::new();
                let done = self
                    .rsa
                    .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature);
                done.expect("a signature");
                signature
            }
            Signs::EdDsa => self.ed.sign(signed.as_bytes()).to_vec(),
            Signs::Forged => self.forged.sign(signed.as_bytes()).to_vec(),
            Signs::SharedSecret => {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
                aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
