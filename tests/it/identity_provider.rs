//! Signing in with the word of an agency's identity provider.

use axum::http::{Method, StatusCode};
use haamu_domain::Role;
use haamu_tests::identity_provider::{CLIENT_ID, CLIENT_SECRET, IdentityProvider, Signs};
use haamu_tests::{Answer, PASSWORD, Person, TestServer, both_dbs};
use serde_json::{Value, json};
use url::Url;

/// What came back from a provider.
type Back = std::collections::HashMap<String, String>;

const PATH: &str = "/v1/agency/identity-provider";

fn reviewer(server: &TestServer) -> &Person {
    server.north.person(Role::Reviewer)
}

async fn set(server: &TestServer, body: Value) -> Answer {
    let call = server.request(Method::PUT, PATH).json(&body);
    call.by(server.north.person(Role::Administrator))
        .await
        .send()
        .await
}

fn settings(provider: &IdentityProvider) -> Value {
    json!({"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "allowed_domains": ["North.example"], "match_by_email": true})
}

/// A provider that vouches for members of the northern agency, and its reviewer with a verified address.
async fn world(server: &TestServer) -> IdentityProvider {
    let provider = IdentityProvider::start().await;
    let _ = set(server, settings(&provider)).await.ok();
    verify(server, reviewer(server)).await;
    provider.says(Signs::Rs256, json!({"email": reviewer(server).email}));
    provider
}

async fn verify(server: &TestServer, person: &Person) {
    let _ = server
        .post("/v1/me/email-verification", Value::Null)
        .by(person)
        .await
        .send()
        .await;
    server.run_jobs().await;
    let body = json!({"secret": haamu_tests::mail::secret(&server.mail.only()), "password": PASSWORD});
    let _ = server
        .post("/v1/email-confirmations", body)
        .send()
        .await
        .expect(StatusCode::NO_CONTENT);
}

async fn begin(server: &TestServer) -> Answer {
    let body = json!({"agency": server.north.id.uuid()});
    server.post("/v1/sessions/oidc/begin", body).send().await
}

/// Goes to the provider and comes back.
async fn sign_in(server: &TestServer, provider: &IdentityProvider) -> Answer {
    let begun = begin(server).await.ok();
    let back = provider.visit(begun["url"].as_str().expect("an address")).await;
    complete(server, &begun["ceremony"], &back, &json!({})).await
}

/// Completes a sign-in with what came back, or with something else in its place.
async fn complete(server: &TestServer, ceremony: &Value, back: &Back, changes: &Value) -> Answer {
    let mut body =
        json!({"ceremony": ceremony, "agency": back["agency"], "state": back["state"], "code": back["code"]});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(changes.as_object().expect("an object").clone());
    server.post("/v1/sessions/oidc", body).send().await
}

both_dbs! {
    async fn a_member_is_recognised_by_their_verified_address_and_then_by_their_subject(server) {
        let provider = world(&server).await;
        let session = sign_in(&server, &provider).await.created();
        assert_eq!((&session["me"]["email"], &session["me"]["role"]), (&json!(reviewer(&server).email), &json!("reviewer")));
        let token = session["access_token"].as_str().expect("a token");
        let own = server.own_session(token).await;
        assert_eq!((&own["method"], &own["second_factor"]), (&json!("identity_provider"), &json!(false)));
        // The subject stays the same person, whatever their address is there.
        provider.says(Signs::EdDsa, json!({"email": "coordinator@north.example"}));
        let session = sign_in(&server, &provider).await.created();
        assert_eq!(session["me"]["email"], reviewer(&server).email);
        provider.says(Signs::Rs256, json!({"email": reviewer(&server).email, "sub": "somebody else"}));
        let session = sign_in(&server, &provider).await.created();
        assert_eq!(session["me"]["email"], reviewer(&server).email);
    }

    async fn nobody_else_is_let_in(server) {
        let provider = world(&server).await;
        let email = reviewer(&server).email.clone();
        for claims in [
            json!({"email": "nobody@north.example"}),
            json!({"email": email, "email_verified": false}),
            json!({"email": "coordinator@north.example"}),
            json!({"email": server.south.shopper().email}),
            json!({"email": email, "aud": "another"}),
            json!({"email": email, "iss": "http://localhost"}),
            json!({"email": email, "exp": 1_700_000_000}),
            json!({"email": email, "nonce": "another"}),
            json!({"email": email, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
            json!({}),
        ] {
            provider.says(Signs::Rs256, claims.clone());
            let answer = sign_in(&server, &provider).await;
            assert_eq!(answer.problem(403), "not_vouched_for", "{claims}");
        }
        for signs in [Signs::Forged, Signs::SharedSecret] {
            provider.says(signs, json!({"email": email}));
            assert_eq!(sign_in(&server, &provider).await.problem(403), "not_vouched_for", "{signs:?}");
        }
    }

    async fn what_comes_back_belongs_to_whoever_began(server) {
        let provider = world(&server).await;
        let (mine, theirs) = (begin(&server).await.ok(), begin(&server).await.ok());
        let back = provider.visit(theirs["url"].as_str().expect("an address")).await;
        let none = json!({});
        let lured = complete(&server, &mine["ceremony"], &back, &none).await;
        assert_eq!(lured.problem(410), "no_longer_good");
        // A ceremony is used up, whatever came of it.
        let own = provider.visit(mine["url"].as_str().expect("an address")).await;
        assert_eq!(complete(&server, &mine["ceremony"], &own, &none).await.problem(410), "no_longer_good");
        // A code of somebody else's was asked for with another proof.
        let own = begin(&server).await.ok();
        let state = provider.visit(own["url"].as_str().expect("an address")).await;
        let injected = complete(&server, &own["ceremony"], &state, &json!({"code": back["code"]})).await;
        assert_eq!(injected.problem(403), "not_vouched_for");
        let late = begin(&server).await.ok();
        let back = provider.visit(late["url"].as_str().expect("an address")).await;
        server.clock.advance_seconds(10 * 60);
        assert_eq!(complete(&server, &late["ceremony"], &back, &none).await.problem(410), "no_longer_good");
    }

    async fn a_provider_that_sends_people_on_to_another_one_gets_no_code_of_it(server) {
        let evil = world(&server).await;
        let honest = IdentityProvider::start().await;
        let call = server.request(Method::PUT, PATH).json(&settings(&honest));
        let _ = call.by(server.south.person(Role::Administrator)).await.send().await.ok();
        // Somebody begins at the northern agency; its provider begins at the southern one and sends them there.
        let theirs = begin(&server).await.ok();
        let body = json!({"agency": server.south.id.uuid()});
        let stolen = server.post("/v1/sessions/oidc/begin", body).send().await.ok();
        let state = |begun: &Value| {
            let url = Url::parse(begun["url"].as_str().expect("an address")).expect("an address");
            let found = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
            found.expect("a state")
        };
        let url = stolen["url"].as_str().expect("an address").replace(&state(&stolen), &state(&theirs));
        let back = honest.visit(&url).await;
        assert_eq!(back["agency"], server.south.id.to_string());
        let answer = complete(&server, &theirs["ceremony"], &back, &json!({})).await;
        assert_eq!(answer.problem(410), "no_longer_good");
        assert_eq!(evil.asked_for_tokens(), 0);
    }

    async fn a_provider_that_says_who_it_is_must_be_the_agencys(server) {
        let provider = world(&server).await;
        let begun = begin(&server).await.ok();
        let back = provider.visit(begun["url"].as_str().expect("an address")).await;
        let other = json!({"iss": "http://localhost"});
        assert_eq!(complete(&server, &begun["ceremony"], &back, &other).await.problem(403), "not_vouched_for");
        assert_eq!(provider.asked_for_tokens(), 0);
        let begun = begin(&server).await.ok();
        let back = provider.visit(begun["url"].as_str().expect("an address")).await;
        let own = json!({"iss": provider.issuer});
        let _ = complete(&server, &begun["ceremony"], &back, &own).await.created();
    }

    async fn without_matching_by_address_nobody_is_new(server) {
        let provider = world(&server).await;
        let mut body = settings(&provider);
        body["match_by_email"] = json!(false);
        let _ = set(&server, body.clone()).await.ok();
        assert_eq!(sign_in(&server, &provider).await.problem(403), "not_vouched_for");
        body["match_by_email"] = json!(true);
        let _ = set(&server, body.clone()).await.ok();
        let _ = sign_in(&server, &provider).await.created();
        body["match_by_email"] = json!(false);
        let _ = set(&server, body).await.ok();
        let _ = sign_in(&server, &provider).await.created();
    }

    async fn a_disabled_member_is_not_let_in(server) {
        let provider = world(&server).await;
        let _ = sign_in(&server, &provider).await.created();
        let path = format!("/v1/users/{}/disable", reviewer(&server).id);
        let _ = server.post(&path, Value::Null).by(server.north.person(Role::Administrator)).await.send().await.ok();
        assert_eq!(sign_in(&server, &provider).await.problem(403), "not_vouched_for");
    }

    async fn a_second_factor_is_asked_for_unless_the_provider_counts_as_one(server) {
        let provider = world(&server).await;
        let session = server.sign_in(reviewer(&server)).await;
        let app = server.set_up_totp(session["access_token"].as_str().expect("a token")).await;
        let challenge = sign_in(&server, &provider).await.expect(StatusCode::ACCEPTED).json();
        server.clock.advance_seconds(30);
        let _ = server.second_factor(&challenge, "totp", json!(app.code(&server, 0))).await.created();
        let mut body = settings(&provider);
        body["counts_as_second_factor"] = json!(true);
        let _ = set(&server, body).await.ok();
        let call = server.request(Method::PUT, "/v1/agency/second-factor").json(&json!({"roles": ["reviewer"]}));
        let _ = call.by(server.north.person(Role::Administrator)).await.send().await.ok();
        let session = sign_in(&server, &provider).await.created();
        assert_eq!(session["me"]["second_factor_missing"], false);
    }

    async fn one_agencys_provider_does_not_touch_what_guards_another(server) {
        let provider = world(&server).await;
        // The southern agency takes the reviewer in as well.
        let invite = json!({"email": reviewer(&server).email, "role": "reviewer"});
        let _ = server.post("/v1/invitations", invite).by(server.south.person(Role::Administrator)).await.send().await.created();
        server.run_jobs().await;
        let accept = json!({"secret": haamu_tests::mail::secret(&server.mail.only()), "password": PASSWORD});
        let _ = server.post("/v1/invitations/accept", accept).send().await.expect(StatusCode::NO_CONTENT);
        let session = sign_in(&server, &provider).await.created();
        assert_eq!(session["me"]["agency_name"], "Agency north");
        let token = session["access_token"].as_str().expect("a token");
        let begun = server.post("/v1/me/second-factors/totp", Value::Null).bearer(token).send().await;
        assert_eq!(begun.problem(403), "sign_in_again");
        let of = |agency: haamu_domain::AgencyId| {
            let body = json!({"email": reviewer(&server).email, "password": PASSWORD, "agency": agency.uuid()});
            server.post("/v1/sessions", body)
        };
        let (north, south) = (of(server.north.id).send().await.created(), of(server.south.id).send().await.created());
        let all = server.request(Method::DELETE, "/v1/sessions").bearer(token).send().await;
        let _ = all.expect(StatusCode::NO_CONTENT);
        let refresh = |session: &Value| server.post("/v1/sessions/refresh", json!({"refresh_token": session["refresh_token"]}));
        assert_eq!(refresh(&north).send().await.problem(401), "invalid_refresh_token");
        let _ = refresh(&south).send().await.ok();
        let body = json!({"agency": server.south.id.uuid()});
        assert_eq!(server.post("/v1/sessions/oidc/begin", body).send().await.problem(404), "not_found");
    }

    async fn a_provider_is_set_once_it_answers_and_its_secret_is_never_shown(server) {
        let provider = IdentityProvider::start().await;
        let shown = set(&server, settings(&provider)).await;
        assert!(!shown.text().contains("sesam"));
        let shown = shown.ok();
        assert_eq!((&shown["redirect_url"], &shown["allowed_domains"]), (&json!(format!("http://localhost:8080/oidc/{}", server.north.id)), &json!(["north.example"])));
        let administrator = server.north.person(Role::Administrator);
        let read = server.get(PATH).by(administrator).await.send().await;
        assert!(!read.text().contains("sesam"));
        // The secret that is known stays, for the same provider only.
        let mut body = settings(&provider);
        body.as_object_mut().expect("an object").remove("client_secret");
        let _ = set(&server, body.clone()).await.ok();
        let other = IdentityProvider::start().await;
        body["issuer"] = json!(other.issuer);
        assert_eq!(set(&server, body.clone()).await.issues(422), ["client_secret required"]);
        for (issuer, code) in [("http://127.0.0.1:9", "no_provider"), ("ftp://provider.example", "bad_url"), ("provider", "bad_url"), ("https://provider.example/?a", "bad_url")] {
            let mut body = settings(&provider);
            body["issuer"] = json!(issuer);
            assert_eq!(set(&server, body).await.issues(422), [format!("issuer {code}")], "{issuer}");
        }
        let mut odd = settings(&provider);
        odd["allowed_domains"] = json!(["north", "a b.example"]);
        odd["client_id"] = json!("");
        assert_eq!(set(&server, odd).await.issues(422), ["client_id required", "allowed_domains[0] bad_domain", "allowed_domains[1] bad_domain"]);
        for _ in 0..2 {
            let _ = server.request(Method::DELETE, PATH).by(administrator).await.send().await.expect(StatusCode::NO_CONTENT);
        }
        assert_eq!(server.get(PATH).by(administrator).await.send().await.problem(404), "not_found");
        assert_eq!(begin(&server).await.problem(404), "not_found");
    }
}
