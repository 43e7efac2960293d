//! The server's keys of access tokens: several at once, the newest signs, processes learn of each other's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use haamu_app::{App, AppSettings, KeyKind, Ports, SignInInput, SignedIn, rotate_key};
use haamu_store::{Db, FileSettings, Files};
use haamu_tests::mail::TestMail;
use haamu_tests::server::TestClock;
use haamu_tests::{PASSWORD, TestDatabase, TestServer};
use serde_json::Value;

struct World {
    server: TestServer,
    files: Files,
}

impl World {
    async fn start() -> Self {
        let server = TestServer::start(TestDatabase::sqlite().await).await;
        let objects = FileSettings::Folder(server.folder().join("objects"));
        let files = Files::open(&objects, "keys").await.expect("an object store");
        Self { server, files }
    }

    /// A further process on the same database and files.
    async fn process(&self) -> App {
        let incarnation = haamu_sync::Incarnation::from_bytes(rand::random());
        let db = Db::open(&self.server.database.settings(), incarnation, 0).await;
        let clock: TestClock = self.server.clock.clone();
        let ports = Ports {
            clock: Box::new(clock),
            mail: Box::new(TestMail::default()),
            web: Box::new(haamu_server::Web::new().expect("a client")),
        };
        App::new(
            db.expect("a database"),
            self.files.clone(),
            AppSettings::default(),
            ports,
        )
        .await
        .expect("an app")
    }
}

async fn token(app: &App) -> String {
    let input = SignInInput {
        email: "reviewer@north.example".to_owned(),
        password: PASSWORD.to_owned(),
        agency: None,
    };
    match app.sign_in(&input, &haamu_app::Origin::default()).await {
        Ok(SignedIn::Done(issued)) => issued.access_token,
        other => panic!("{other:?}"),
    }
}

fn key_id(token: &str) -> String {
    let header = token.split('.').next().expect("a header");
    let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    assert_eq!(header["alg"], "EdDSA");
    header["kid"].as_str().expect("a key id").to_owned()
}

async fn published(app: &App) -> Vec<String> {
    let keys = app.token_keys().await.expect("keys");
    keys.keys.iter().map(|key| key.id().to_owned()).collect()
}

#[tokio::test]
async fn the_newest_key_signs_and_tokens_of_older_ones_stay_good() {
    let world = World::start().await;
    let old = &world.server.app;
    let first = token(old).await;
    assert_eq!(published(old).await, [key_id(&first)]);
    assert_eq!(rotate_key(&world.files, KeyKind::Tokens).await.expect("a key"), 2);
    let new = world.process().await;
    let second = token(&new).await;
    assert_ne!(key_id(&first), key_id(&second));
    assert_eq!(published(&new).await, [key_id(&first), key_id(&second)]);
    let _ = new
        .authenticate(&first)
        .await
        .expect("the old key is known to the new process");
    // The old process signs with the old key until it sees a token of the new one.
    assert_eq!(key_id(&token(old).await), key_id(&first));
    world.server.clock.advance_seconds(10);
    let _ = old.authenticate(&second).await.expect("it looks for the key");
    assert_eq!(key_id(&token(old).await), key_id(&second));
}

#[tokio::test]
async fn a_token_is_checked_by_the_key_that_it_names() {
    let world = World::start().await;
    let first = token(&world.server.app).await;
    let _ = rotate_key(&world.files, KeyKind::Tokens).await.expect("a key");
    let app = world.process().await;
    let second = token(&app).await;
    let (first, second): (Vec<&str>, Vec<&str>) = (first.split('.').collect(), second.split('.').collect());
    // The header of one key over the claims and signature of the other.
    for forged in [
        format!("{}.{}.{}", second[0], first[1], first[2]),
        format!("{}.{}.{}", first[0], second[1], second[2]),
        format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(br#"{"alg":"EdDSA"}"#),
            first[1],
            first[2]
        ),
        format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(br#"{"alg":"EdDSA","kid":"unknown"}"#),
            first[1],
            first[2]
        ),
    ] {
        let error = app.authenticate(&forged).await.expect_err("forged");
        assert_eq!(error.code().as_str(), "unauthenticated");
    }
}

#[tokio::test]
async fn the_keys_are_published_as_a_key_set() {
    let world = World::start().await;
    let answer = world.server.get("/v1/jwks").send().await;
    assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
    let keys = answer.ok();
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"]),
        (&Value::from("OKP"), &Value::from("Ed25519"))
    );
    assert_eq!(key["kid"], key_id(&token(&world.server.app).await));
    assert!(key.get("d").is_none());
}

#[tokio::test]
async fn whoever_rotates_at_once_adds_a_key_each() {
    let world = World::start().await;
    let rotations = (0..4).map(|_| rotate_key(&world.files, KeyKind::Tokens));
    let mut numbers: Vec<u32> = futures::future::join_all(rotations)
        .await
        .into_iter()
        .map(|number| number.expect("a key"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3, 4, 5]);
}

#[tokio::test]
async fn what_an_older_key_has_sealed_is_opened_and_a_newer_one_seals() {
    let world = World::start().await;
    let session = world.server.sign_in(world.server.north.coordinator()).await;
    let app = world
        .server
        .set_up_totp(session["access_token"].as_str().expect("a token"))
        .await;
    let _ = rotate_key(&world.files, KeyKind::Seal).await.expect("a key");
    let process = world.process().await;
    let input = SignInInput {
        email: "coordinator@north.example".to_owned(),
        password: PASSWORD.to_owned(),
        agency: None,
    };
    let origin = haamu_app::Origin::default();
    let challenge = match process.sign_in(&input, &origin).await {
        Ok(SignedIn::Challenged(challenge)) => challenge.challenge,
        other => panic!("{other:?}"),
    };
    world.server.clock.advance_seconds(30);
    let proof = haamu_app::Proof::Totp(app.code(&world.server, 0));
    let _ = process
        .complete_sign_in(&challenge, &proof, &origin)
        .await
        .expect("the secret can be opened");
}
