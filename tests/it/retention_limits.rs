//! What a purge leaves alone, and what becomes of devices and work that come after it.

use axum::http::Method;
use haamu_domain::SubmissionId;
use haamu_sync::{BlobHash, DocumentId, Offer};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::device::PHOTO;
use haamu_tests::upload::{Upload, sha256};
use haamu_tests::{TestServer, WireDevice, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::retention::{count, hold, log, night, night_after_leap};

fn document(scene: &Scene) -> DocumentId {
    let id: uuid::Uuid = scene.submission.parse().expect("an id");
    SubmissionId::from_uuid(id).document()
}

async fn change(server: &TestServer, sql: &str) -> u64 {
    let connection = server.database.connect().await;
    let done = connection.execute_unprepared(sql).await.expect("a change");
    done.rows_affected()
}

fn offer(scene: &Scene) -> Offer {
    Offer {
        sha256: BlobHash::from_bytes(sha256(PHOTO)),
        length: PHOTO.len() as u64,
        document: document(scene),
    }
}

/// The visit is given to the other shopper.
async fn reassign(server: &TestServer, scene: &Scene) {
    let path = format!("/v1/visits/{}/assignments", scene.visit);
    let body = json!({"shopper": server.north.other_shopper.id, "replaces": scene.assignment});
    let _ = server
        .post(&path, body)
        .by(server.north.coordinator())
        .await
        .send()
        .await
        .created();
}

/// The object store loses a file.
fn lose(server: &TestServer, file: &[u8]) {
    let hash = BlobHash::from_bytes(sha256(file)).to_string();
    let mut folders = vec![server.folder().join("objects")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains(&hash) {
                std::fs::remove_file(path).expect("removed");
            }
        }
    }
}

both_dbs! {
    async fn work_that_came_yesterday_for_an_ended_assignment_waits_for_a_decision(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        reassign(&server, &scene).await;
        night(&server, 80).await;
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        let answer = device.send(&device.request(&[device.op(1, document(&scene), "story", "\"Tiskillä hymyiltiin\"")])).await;
        assert_eq!(answer.have.seq, 1, "it is acknowledged");
        let redacted = "op WHERE redacted_at IS NOT NULL";
        night(&server, 170).await;
        assert_eq!(count(&server, redacted).await, 0, "90 days are over since the assignment ended");
        night(&server, 172).await;
        assert_eq!(count(&server, redacted).await, 1, "nobody has decided in 90 days");
    }

    async fn a_file_that_was_deleted_is_not_asked_for_again(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        night(&server, 366).await;
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        let answer = device.send(&device.offering(vec![offer(&scene)])).await;
        assert_eq!(answer.needs, Vec::new(), "a new phone with an old archive offers it");
    }

    async fn a_file_that_is_gone_is_sent_again_for_another_visit(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, PHOTO, true).await.expect(axum::http::StatusCode::NO_CONTENT);
        let other = server.plan_again(&server.north).await;
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        // A purge that deletes the bytes, and whose transaction fails then.
        lose(&server, PHOTO);
        let answer = device.send(&device.offering(vec![offer(&other)])).await;
        assert_eq!(answer.needs.len(), 1, "no receipt is given for what is not there");
        let again = Upload::of(&server, &other, PHOTO);
        let _ = again.part(0, PHOTO, true).await.expect(axum::http::StatusCode::NO_CONTENT);
        server.run_jobs().await;
        let answer = device.send(&device.offering(vec![offer(&other), offer(&scene)])).await;
        assert_eq!(answer.needs, Vec::new());
        assert_eq!(count(&server, "rendition").await, 1, "the bytes are there again");
    }

    async fn a_file_that_the_object_store_has_lost_is_asked_for_again(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let upload = Upload::of(&server, &scene, PHOTO);
        let _ = upload.part(0, PHOTO, true).await.expect(axum::http::StatusCode::NO_CONTENT);
        let mut device = WireDevice::enrol(&server, server.north.shopper()).await;
        let answer = device.send(&device.offering(vec![offer(&scene)])).await;
        assert_eq!(answer.needs, Vec::new());
        // The database is newer than the files, as after the loss of a bucket.
        lose(&server, PHOTO);
        let answer = device.send(&device.offering(vec![offer(&scene)])).await;
        assert_eq!(answer.needs.iter().map(|need| need.offset).collect::<Vec<_>>(), [0]);
        let _ = upload.part(0, PHOTO, true).await.expect(axum::http::StatusCode::NO_CONTENT);
        let answer = device.send(&device.offering(vec![offer(&scene)])).await;
        assert_eq!(answer.needs, Vec::new());
        server.run_jobs().await;
        assert_eq!(count(&server, "rendition").await, 1);
    }

    async fn a_hold_takes_back_what_a_purge_has_begun_to_give_up(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let now = server.clock.millis();
        assert_eq!(change(&server, &format!("UPDATE blob_owner SET purged_at = {now}, receipt = NULL")).await, 1);
        assert_eq!(hold(&server, &scene, Method::PUT).await, 200);
        assert_eq!(count(&server, "blob_owner WHERE purged_at IS NULL").await, 1);
        // What is deleted stays so.
        let sql = format!("UPDATE blob_owner SET purged_at = {now}");
        assert_eq!(change(&server, &sql).await, 1);
        assert_eq!(change(&server, &format!("UPDATE submission SET photo_purged_at = {now}")).await, 1);
        assert_eq!(hold(&server, &scene, Method::PUT).await, 200);
        assert_eq!(count(&server, "blob_owner WHERE purged_at IS NULL").await, 0);
    }

    async fn the_first_night_after_a_leap_of_the_clock_deletes_nothing(server) {
        let _ = server.released(ProgrammeOptions::default()).await;
        night_after_leap(&server, 800).await;
        assert_eq!(count(&server, "submission WHERE photo_purged_at IS NOT NULL").await, 0);
        let log = log(&server).await;
        assert!(!log.is_empty() && log.iter().all(|entry| entry["failure"].as_str().is_some_and(|why| why.contains("haamu purge"))));
        // Its job done once more, as after a kill, is the same night.
        let again = "UPDATE job SET finished_at = NULL, claimed_at = NULL, claimed_until = NULL WHERE kind = 'purge' AND finished_at IS NOT NULL";
        assert!(change(&server, again).await > 0);
        server.run_jobs().await;
        assert_eq!(count(&server, "submission WHERE photo_purged_at IS NOT NULL").await, 0);
        night_after_leap(&server, 801).await;
        assert_eq!(count(&server, "submission WHERE photo_purged_at IS NOT NULL").await, 1, "the clock says so twice");
    }

    async fn photos_whose_preparation_was_given_up_are_prepared_in_the_night(server) {
        let (scene, _device) = server.in_review(ProgrammeOptions::default()).await;
        let connection = server.database.connect().await;
        for sql in [
            "DELETE FROM rendition",
            "DELETE FROM job WHERE kind IN ('make_rendition', 'process_submission')",
            "UPDATE visit SET state = 'submitted'",
        ] {
            let _ = connection.execute_unprepared(sql).await.expect("a change");
        }
        server.app.plan_purges().await.expect("planned");
        // Whoever deletes by hand on the same date, before the night, does not keep it from coming.
        server.clock.advance_seconds(10 * 3_600 + 1_800);
        let _ = server.app.purge_now().await.expect("purged");
        server.clock.advance_seconds(3 * 3_600);
        server.run_jobs().await;
        server.forget_tokens();
        let visit = server.read(&format!("/v1/visits/{}", scene.visit), server.north.coordinator()).await;
        assert_eq!((&visit["state"], count(&server, "rendition").await), (&json!("in_review"), 1));
    }

    async fn what_a_former_shopper_has_handed_in_is_not_what_the_visit_is_judged_by(server) {
        let (scene, _device) = server.in_review(ProgrammeOptions::default()).await;
        let connection = server.database.connect().await;
        for sql in [
            "UPDATE assignment SET state = 'cancelled'",
            "UPDATE visit SET state = 'submitted', visited_at = NULL",
            "DELETE FROM score",
            "UPDATE job SET finished_at = NULL, claimed_at = NULL, claimed_until = NULL WHERE kind = 'process_submission'",
        ] {
            let _ = connection.execute_unprepared(sql).await.expect("a change");
        }
        server.run_jobs().await;
        let visit = server.read(&format!("/v1/visits/{}", scene.visit), server.north.coordinator()).await;
        assert_eq!((&visit["state"], count(&server, "score").await), (&json!("submitted"), 0));
    }
}
