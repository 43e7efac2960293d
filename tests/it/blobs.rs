//! Files: in parts, again, out of order, damaged, and not one's own.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_app::AppSettings;
use haamu_domain::SubmissionId;
use haamu_sync::{BlobHash, Offer};
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::device::PHOTO;
use haamu_tests::upload::{Upload, sha256, state_of};
use haamu_tests::{TestDatabase, TestServer, WireDevice, both_dbs};

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

    async fn other_bytes_in_place_of_those_that_are_here_are_refused(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, &PHOTO[..1_000], false).await.expect(StatusCode::NO_CONTENT);
        let mut other = PHOTO[..1_500].to_vec();
        other[900] ^= 1;
        let refused = upload.part(0, &other, false).await;
        assert_eq!(state_of(&refused), (1_000, false));
        assert_eq!(refused.problem(409), "wrong_offset");
        // What overlaps and is the same goes on from where the parts end.
        let further = upload.part(500, &PHOTO[500..2_000], false).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(state_of(&further), (2_000, false));
        let _ = upload.part(2_000, &PHOTO[2_000..], true).await.expect(StatusCode::NO_CONTENT);
        let again = upload.part(500, &PHOTO[500..2_000], false).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(state_of(&again), (PHOTO.len(), true));
        assert_eq!(upload.part(0, &other, false).await.problem(409), "wrong_offset");
    }

    async fn an_upload_can_be_given_up_until_the_file_has_arrived(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let give_up = async || server.request(Method::DELETE, &upload.path).by(server.north.shopper()).await.send().await;
        assert_eq!(give_up().await.problem(404), "not_found");
        let _ = upload.part(0, &PHOTO[..1_000], false).await.expect(StatusCode::NO_CONTENT);
        let _ = give_up().await.expect(StatusCode::NO_CONTENT);
        assert_eq!(upload.state().await, (0, false));
        let _ = upload.part(0, PHOTO, true).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(give_up().await.problem(409), "not_possible_in_state");
        assert_eq!(upload.state().await, (PHOTO.len(), true));
    }

    async fn parts_that_come_at_the_same_time_leave_one_truth(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let answers = tokio::join!(
            upload.part(0, &PHOTO[..4_000], false),
            upload.part(0, &PHOTO[..9_000], false),
            upload.part(0, &PHOTO[..6_500], false),
        );
        for answer in [answers.0, answers.1, answers.2] {
            let _ = answer.expect(StatusCode::NO_CONTENT);
        }
        assert_eq!(upload.state().await, (9_000, false));
        let _ = upload.part(9_000, &PHOTO[9_000..], true).await.expect(StatusCode::NO_CONTENT);
    }

    async fn what_is_left_lying_expires(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, &PHOTO[..500], false).await.expect(StatusCode::NO_CONTENT);
        let days = |days: i64| days * 24 * 3_600;
        server.clock.advance_seconds(days(5));
        server.forget_tokens();
        let _ = upload.part(500, &PHOTO[500..900], false).await.expect(StatusCode::NO_CONTENT);
        // Seven days after the first part; but it was touched since.
        server.clock.advance_seconds(days(2) + 1);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(upload.state().await, (900, false));
        server.clock.advance_seconds(days(5));
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(upload.state().await, (0, false));
        let _ = upload.part(0, PHOTO, true).await.expect(StatusCode::NO_CONTENT);
        server.clock.advance_seconds(days(8));
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!(upload.state().await, (PHOTO.len(), true));
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

/// A server with small quotas.
async fn start_small(database: TestDatabase) -> TestServer {
    let settings = AppSettings {
        max_submission_bytes: PHOTO.len() as u64 + 3_000,
        max_staged_bytes: PHOTO.len() as u64 + 1_000,
        max_agency_bytes: 2 * PHOTO.len() as u64,
        ..AppSettings::default()
    };
    TestServer::start_with(database, settings).await
}

async fn quotas(server: TestServer) {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let photo = Upload::of(&server, &scene, PHOTO);
    let other = Upload::of(&server, &scene, b"another file");
    // Room for uploads under way: taken by one, refused to another, free again when it is given up.
    let _ = photo
        .part(0, &PHOTO[..PHOTO.len() - 1], false)
        .await
        .expect(StatusCode::NO_CONTENT);
    assert_eq!(
        other.part(0, &[7; 1_500], false).await.problem(507),
        "quota_exceeded"
    );
    assert_eq!(other.state().await, (0, false));
    assert_eq!(other.create(1_500).await.problem(507), "quota_exceeded");
    let _ = other
        .part(0, &[7; 900], false)
        .await
        .expect(StatusCode::NO_CONTENT);
    let _ = photo
        .part(PHOTO.len() - 1, &PHOTO[PHOTO.len() - 1..], true)
        .await
        .expect(StatusCode::NO_CONTENT);
    // The submission's room holds what is kept and what is under way.
    let full = other.part(900, &[7; 2_101], false).await;
    assert_eq!(
        state_of(
            &other
                .part(900, &[7; 2_100], false)
                .await
                .expect(StatusCode::NO_CONTENT)
        ),
        (3_000, false)
    );
    assert_eq!(full.problem(507), "quota_exceeded");
    // The agency's room is for all its submissions; another agency has its own.
    let next = server.plan_again(&server.north).await;
    let large = Upload::of(&server, &next, &[1; 9]);
    let rest = PHOTO.len() - 3_000;
    assert_eq!(large.create(rest + 1).await.problem(507), "quota_exceeded");
    let _ = large.create(rest).await.expect(StatusCode::CREATED);
}

mod uploads_have_room_within_quotas {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        quotas(start_small(TestDatabase::sqlite().await).await).await;
    }

    #[tokio::test]
    async fn postgres() {
        if let Some(database) = TestDatabase::postgres().await {
            quotas(start_small(database).await).await;
        }
    }
}
