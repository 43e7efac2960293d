//! Custody receipts: given with the file, kept, published keys, and checked by the program.

use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use haamu_domain::receipt::{PublicKeys, Receipt, ReceiptKey, Statement};
use haamu_domain::{AgencyId, Role, SubmissionId, Timestamp};
use haamu_store::{FileSettings, Files};
use haamu_sync::BlobHash;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::both_dbs;
use haamu_tests::device::PHOTO;
use haamu_tests::golden::assert_golden;
use haamu_tests::process::run;
use haamu_tests::upload::Upload;
use uuid::Uuid;

fn golden_key() -> ReceiptKey {
    ReceiptKey::new(SigningKey::from_bytes(&[5; 32]))
}

fn golden_receipt() -> Receipt {
    golden_key().sign(Statement::new(
        AgencyId::from_uuid(Uuid::from_bytes(*b"agency-of-golden")),
        SubmissionId::from_uuid(Uuid::from_bytes(*b"submission-no-01")),
        BlobHash::from_bytes(haamu_tests::upload::sha256(PHOTO)),
        PHOTO.len() as u64,
        Timestamp::from_millis(1_795_348_812_345),
    ))
}

fn keys() -> PublicKeys {
    PublicKeys {
        keys: vec![golden_key().public()],
    }
}

#[test]
fn the_format() {
    let receipt = golden_receipt();
    let statement = receipt.verify(&keys()).expect("genuine").canonical();
    assert_golden(
        "receipt/v1.statement.json",
        &String::from_utf8(statement).expect("text"),
    );
    assert_golden("receipt/v1.json", &(receipt.to_json() + "\n"));
    let keys = serde_json::to_string(&keys()).expect("JSON") + "\n";
    assert_golden("receipt/v1.keys.json", &keys);
}

both_dbs! {
    async fn whoever_sends_a_file_gets_a_receipt(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let path = format!("/v1/blobs/{}/receipt?submission={}", upload.name, scene.submission);
        let shopper = server.north.shopper();
        assert_eq!(server.get(&path).by(shopper).await.send().await.problem(404), "not_found");
        let part = upload.part(0, &PHOTO[..1_000], false).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(part.header("haamu-receipt"), None);
        let last = upload.part(1_000, &PHOTO[1_000..], true).await.expect(StatusCode::NO_CONTENT);
        let given = last.header("haamu-receipt").expect("a receipt").to_owned();
        let keys = server.get("/v1/receipt-keys").send().await.expect(StatusCode::OK);
        assert_eq!(keys.header("content-type"), Some("application/jwk-set+json"));
        let keys = PublicKeys::parse(&keys.text()).expect("keys");
        let receipt = Receipt::parse(&given).expect("a receipt");
        let statement = receipt.verify(&keys).expect("genuine");
        assert_eq!((statement.sha256(), statement.length()), (upload.name.to_string().as_str(), PHOTO.len() as u64));
        assert_eq!((statement.submission(), statement.received_at()), (scene.submission.as_str(), "2026-11-20T12:00:00Z"));
        assert_eq!(statement.agency(), server.north.id.to_string());
        // It is the same one ever after, whoever may read it asks, and however often the part is sent.
        server.clock.advance_seconds(60);
        let again = upload.part(1_000, &PHOTO[1_000..], true).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(again.header("haamu-receipt"), Some(given.as_str()));
        for person in [shopper, server.north.person(Role::Reviewer)] {
            assert_eq!(server.get(&path).by(person).await.send().await.expect(StatusCode::OK).text(), given);
        }
        let other = server.get(&path).by(&server.north.other_shopper).await.send().await;
        assert_eq!(other.problem(404), "not_found");
    }
}

#[tokio::test]
async fn the_latest_key_signs_and_older_ones_are_still_published() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = FileSettings::Folder(folder.path().join("objects"));
    let files = Files::open(&settings, "a").await.expect("an object store");
    let keys = async |files: &Files| files.list_secrets("receipt-keys").await.expect("secrets");
    let database = haamu_tests::TestDatabase::sqlite().await;
    let open = async || {
        let incarnation = haamu_sync::Incarnation::from_bytes(rand::random());
        let db = haamu_store::Db::open(&database.settings(), incarnation, 0)
            .await
            .expect("a database");
        let ports = haamu_app::Ports {
            clock: Box::new(haamu_app::SystemClock),
            mail: Box::new(haamu_tests::mail::TestMail::default()),
            web: Box::new(haamu_server::Web::new().expect("a client")),
        };
        haamu_app::App::new(db, files.clone(), haamu_app::AppSettings::default(), ports)
            .await
            .expect("an app")
    };
    let first = open().await.receipt_keys().await.expect("keys");
    assert_eq!((first.keys.len(), keys(&files).await.len()), (1, 1));
    assert_eq!(open().await.receipt_keys().await.expect("keys"), first);
    let earlier = open().await;
    let second = SigningKey::from_bytes(&[9; 32]).to_pkcs8_der().expect("a key");
    let _ = files
        .secret("receipt-keys/0002.der", second.as_bytes())
        .await
        .expect("kept");
    let both = open().await.receipt_keys().await.expect("keys");
    assert_eq!(both.keys.len(), 2);
    assert_eq!(both.keys[0], first.keys[0]);
    // A process that was started before the rotation publishes what later ones sign with.
    assert_eq!(earlier.receipt_keys().await.expect("keys"), both);
}

/// Files for the program, in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).expect("a file");
        text(&self.path(name))
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

/// The exit code, and what was said.
async fn verify(arguments: &[&str]) -> (Option<i32>, String) {
    let call = [&["receipt", "verify"], arguments].concat();
    let output = run(&call, None).await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

#[tokio::test]
async fn the_program_tells_genuine_receipts_from_others() {
    let folder = Folder::new();
    let json = golden_receipt().to_json();
    let receipt = folder.write("receipt.json", &json);
    let photo = folder.write("photo.jpg", PHOTO);
    let keys_file = folder.write("keys.json", serde_json::to_string(&keys()).expect("JSON"));
    let of = |receipt: &str| vec![receipt.to_owned(), "--keys".to_owned(), keys_file.clone()];
    let check = async |arguments: Vec<String>| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        verify(&arguments).await
    };
    let (code, said) = check(of(&receipt)).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("genuine") && said.contains("was not given"),
        "{said}"
    );
    let with_file = |file: &str| [of(&receipt), vec!["--file".to_owned(), file.to_owned()]].concat();
    let (code, said) = check(with_file(&photo)).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("is the given file"), "{said}");
    let (code, said) = check(with_file(&keys_file)).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("about another file"), "{said}");
    let changed = folder.write("changed.json", json.replace("\"length\":", "\"length\":1"));
    let (code, said) = check(of(&changed)).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("was changed"), "{said}");
    for broken in ["nonsense", "{}", "\u{0}"] {
        let broken = folder.write("broken.json", broken);
        let (code, said) = check(of(&broken)).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("no receipt"), "{said}");
    }
    let stranger = ReceiptKey::new(SigningKey::from_bytes(&[3; 32])).public();
    let stranger = serde_json::to_string(&PublicKeys { keys: vec![stranger] }).expect("JSON");
    let stranger = folder.write("stranger.json", stranger);
    let (code, said) = verify(&[&receipt, "--keys", &stranger]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("none of the given keys"), "{said}");
}

#[tokio::test]
async fn the_program_says_what_it_cannot_read() {
    let folder = Folder::new();
    let receipt = folder.write("receipt.json", golden_receipt().to_json());
    let keys_file = folder.write("keys.json", serde_json::to_string(&keys()).expect("JSON"));
    let none = text(&folder.path("none"));
    for arguments in [
        vec![none.as_str(), "--keys", &keys_file],
        vec![receipt.as_str(), "--keys", &none],
        vec![receipt.as_str(), "--keys", &receipt],
        vec![receipt.as_str(), "--keys", "http://127.0.0.1:1/keys"],
        vec![receipt.as_str(), "--keys", &keys_file, "--file", &none],
        vec![receipt.as_str()],
    ] {
        let (code, said) = verify(&arguments).await;
        assert_eq!(code, Some(2), "{arguments:?} {said}");
    }
}

both_dbs! {
    async fn keys_can_be_fetched_from_the_server(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let last = upload.part(0, PHOTO, true).await.expect(StatusCode::NO_CONTENT);
        let folder = Folder::new();
        let receipt = folder.write("receipt.json", last.header("haamu-receipt").expect("a receipt"));
        let address = server.listen().await;
        let (code, said) = verify(&[&receipt, "--keys", &format!("http://{address}/v1/receipt-keys")]).await;
        assert_eq!(code, Some(0), "{said}");
    }
}
