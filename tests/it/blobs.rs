//! Files: in parts, again, out of order, damaged, and not one's own.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_domain::SubmissionId;
use haamu_sync::{BlobHash, Offer};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::device::PHOTO;
use haamu_tests::{Answer, Person, TestServer, WireDevice, both_dbs};
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

struct Upload<'a> {
    server: &'a TestServer,
    path: String,
    person: Person,
}

impl<'a> Upload<'a> {
    fn of(server: &'a TestServer, scene: &Scene, bytes: &[u8]) -> Self {
        let name = BlobHash::from_bytes(sha256(bytes));
        let path = format!("/v1/blobs/{name}?submission={}", scene.submission);
        Self {
            server,
            path,
            person: server.north.shopper().clone(),
        }
    }

    async fn part(&self, offset: usize, bytes: &[u8], is_last: bool) -> Answer {
        let call = self
            .server
            .request(Method::PATCH, &self.path)
            .body("application/partial-upload", bytes.to_vec());
        let complete = if is_last { "?1" } else { "?0" };
        let call = call
            .header("upload-offset", &offset.to_string())
            .header("upload-complete", complete);
        call.by(&self.person).await.send().await
    }

    /// Offset, and whether the file is complete.
    async fn state(&self) -> (usize, bool) {
        let answer = self
            .server
            .request(Method::HEAD, &self.path)
            .by(&self.person)
            .await
            .send()
            .await;
        state_of(&answer.expect(StatusCode::NO_CONTENT))
    }
}

fn state_of(answer: &Answer) -> (usize, bool) {
    let offset = answer
        .header("upload-offset")
        .expect("an offset")
        .parse()
        .expect("a number");
    (offset, answer.header("upload-complete") == Some("?1"))
}

both_dbs! {
    async fn a_file_arrives_in_parts(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        assert_eq!(upload.state().await, (0, false));
        let (first, rest) = PHOTO.split_at(PHOTO.len() / 2);
        let half = first.len();
        assert_eq!(state_of(&upload.part(0, first, false).await.expect(StatusCode::NO_CONTENT)), (half, false));
        assert_eq!(upload.state().await, (half, false));
        assert_eq!(state_of(&upload.part(half, rest, true).await.expect(StatusCode::NO_CONTENT)), (PHOTO.len(), true));
        assert_eq!(upload.state().await, (PHOTO.len(), true));
    }

    async fn a_part_sent_twice_is_accepted_twice(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let (first, rest) = PHOTO.split_at(1_000);
        for _ in 0..2 {
            assert_eq!(state_of(&upload.part(0, first, false).await.expect(StatusCode::NO_CONTENT)), (1_000, false));
        }
        for _ in 0..2 {
            assert_eq!(state_of(&upload.part(1_000, rest, true).await.expect(StatusCode::NO_CONTENT)), (PHOTO.len(), true));
        }
    }

    async fn a_part_after_a_gap_learns_where_to_go_on(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, &PHOTO[..500], false).await.expect(StatusCode::NO_CONTENT);
        let gap = upload.part(900, &PHOTO[900..], true).await;
        assert_eq!(state_of(&gap), (500, false));
        assert_eq!(gap.problem(409), "wrong_offset");
    }

    async fn bytes_without_their_hash_are_not_kept(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let mut damaged = PHOTO.to_vec();
        damaged[300] ^= 1;
        assert_eq!(upload.part(0, &damaged, true).await.problem(422), "digest_mismatch");
        assert_eq!(upload.state().await, (0, false));
        let _ = upload.part(0, PHOTO, true).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(upload.state().await, (PHOTO.len(), true));
    }

    async fn a_damaged_part_is_refused_by_its_own_digest(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let send = async |digest: String| {
            let call = server.request(Method::PATCH, &upload.path).body("application/partial-upload", &PHOTO[..100]);
            let call = call.header("upload-offset", "0").header("content-digest", &digest);
            call.by(server.north.shopper()).await.send().await
        };
        let wrong = format!("sha-256=:{}:", STANDARD.encode(sha256(b"something else")));
        assert_eq!(send(wrong).await.problem(422), "digest_mismatch");
        assert_eq!(send("sha-256=nonsense".to_owned()).await.issues(422), ["content-digest bad_digest"]);
        let right = format!("sha-256=:{}:", STANDARD.encode(sha256(&PHOTO[..100])));
        let _ = send(right).await.expect(StatusCode::NO_CONTENT);
    }

    async fn a_file_beyond_the_limit_is_refused(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, b"large");
        let _ = upload.part(0, &[0; 1_000], false).await.expect(StatusCode::NO_CONTENT);
        let far = usize::try_from(server.app.settings().max_file_bytes).expect("a size");
        assert_eq!(upload.part(far, b"more", true).await.problem(413), "payload_too_large");
        assert_eq!(upload.part(0, &vec![0; 40 * 1024 * 1024], true).await.problem(413), "payload_too_large");
    }

    async fn what_an_upload_lacks_is_named(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let call = server.request(Method::PATCH, &upload.path).body("application/partial-upload", PHOTO);
        assert_eq!(call.by(server.north.shopper()).await.send().await.issues(422), ["upload-offset required"]);
        let call = server.request(Method::PATCH, &upload.path).body("image/jpeg", PHOTO).header("upload-offset", "0");
        assert_eq!(call.by(server.north.shopper()).await.send().await.problem(415), "unsupported_media_type");
        let call = server.request(Method::HEAD, "/v1/blobs/nonsense?submission=00000000-0000-0000-0000-000000000000");
        assert_eq!(call.by(server.north.shopper()).await.send().await.status, 404);
    }

    async fn a_hash_alone_is_no_claim_to_a_file(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, PHOTO, true).await.expect(StatusCode::NO_CONTENT);
        let path = format!("/v1/rounds/{}/visits", scene.round);
        let other = &server.north.other_shopper;
        let body = serde_json::json!({"visits": [{"location": scene.location, "shopper": other.id},
            {"location": scene.location, "shopper": server.north.shopper().id}]});
        let planned = server.post(&path, body).by(server.north.coordinator()).await.send().await.created();
        let submission = |index: usize| {
            let text = planned["items"][index]["assignment"]["submission"].as_str().expect("an id");
            SubmissionId::from_uuid(text.parse().expect("a UUID"))
        };
        let offer = |index: usize| Offer {
            sha256: BlobHash::from_bytes(sha256(PHOTO)),
            length: PHOTO.len() as u64,
            document: submission(index).document(),
        };
        // Somebody else must send it; whoever has sent it need not again.
        let mut theirs = WireDevice::enrol(&server, other).await;
        assert_eq!(theirs.send(&theirs.offering(vec![offer(0)])).await.needs.len(), 1);
        let mut own = WireDevice::enrol(&server, server.north.shopper()).await;
        assert_eq!(own.send(&own.offering(vec![offer(1)])).await.needs, []);
    }
}
