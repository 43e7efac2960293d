//! The main job in this process: from a planned visit to a report, and what may not happen on the way.

use haamu_client::{FieldworkError, Notice, Rest};
use haamu_domain::Role;
use haamu_domain::binding::Capture;
use haamu_tests::agency::{ProgrammeOptions, SHOPPER_NAME};
use haamu_tests::both_dbs;
use haamu_tests::device::PHOTO;
use haamu_wire::VisitReportOut;
use serde_json::{Value, json};

both_dbs! {
    async fn an_evaluation_made_offline_becomes_a_report(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let path = format!("/v1/visits/{}", scene.visit);
        let reviewer = server.north.reviewer();
        let evaluation = server.get(&format!("{path}/evaluation")).by(reviewer).await.send().await.ok();
        assert_eq!(evaluation["state"], "in_review");
        assert_eq!(evaluation["visited_at"], "2026-11-20T11:37:00Z");
        assert_eq!(evaluation["score"]["result"]["display"], "70.0");
        assert_eq!(evaluation["findings"], json!([]));
        assert_eq!((&evaluation["files_expected"], &evaluation["files_received"]), (&json!(1), &json!(1)));
        let _ = server.post(&format!("{path}/approve"), json!({})).by(reviewer).await.send().await.ok();
        assert_eq!(server.state(&scene).await, "approved");
        let _ = server.post(&format!("{path}/release"), Value::Null).by(reviewer).await.send().await.ok();
        assert_eq!(server.state(&scene).await, "released");
        let manager = server.north.manager();
        let listed = server.get("/v1/visit-reports").by(manager).await.send().await.ok();
        assert_eq!(listed["items"][0]["visit"], *scene.visit);
        assert_eq!(listed["items"][0]["score"], "70.0");
        let report = server.get(&format!("/v1/visit-reports/{}", scene.visit)).by(manager).await.send().await.ok();
        assert_eq!(report["score"]["exact"], "7/10");
        assert_eq!(report["score"]["n"], 1);
        assert_eq!(report["visit"]["period"], "week 47/2026, midday");
        assert_eq!(report["photos"].as_array().expect("photos").len(), 1);
    }

    async fn a_report_hides_who_when_exactly_and_where_the_phone_was(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        let reviewer = server.north.reviewer();
        for verb in ["approve", "release"] {
            let path = format!("/v1/visits/{}/{verb}", scene.visit);
            let _ = server.post(&path, json!({})).by(reviewer).await.send().await.ok();
        }
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let manager = server.north.manager();
        let json = server.get(&path).by(manager).await.send().await.text();
        let mut texts = vec![json];
        for language in ["fi", "sv", "en"] {
            let page = server.get(&format!("{path}/html?lang={language}")).by(manager).await.send().await;
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
            assert!(page.text().contains("data:image/jpeg;base64,"));
            texts.push(page.text());
        }
        let secrets = [SHOPPER_NAME, "shopper@north.example", "13:37", "11:37", "13.37", "60.18", "24.95", "2026-11-20"];
        for text in &texts {
            for secret in secrets {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }

    async fn photos_of_a_report_have_lost_what_the_camera_wrote(server) {
        let has = |bytes: &[u8], needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(has(PHOTO, b"Exif") && has(PHOTO, b"Haamu Phone"));
        let scene = server.released(ProgrammeOptions::default()).await;
        let path = format!("/v1/visit-reports/{}/photos/1", scene.visit);
        let photo = server.get(&path).by(server.north.manager()).await.send().await;
        assert_eq!(photo.header("content-type"), Some("image/jpeg"));
        assert!(photo.body.starts_with(&[0xff, 0xd8, 0xff]));
        for trace in [&b"Exif"[..], b"Haamu Phone", b"2026:11:20", b"GPS"] {
            assert!(!has(&photo.body, trace));
        }
        let missing = server.get(&format!("/v1/visit-reports/{}/photos/2", scene.visit));
        assert_eq!(missing.by(server.north.manager()).await.send().await.problem(404), "not_found");
    }

    async fn a_small_shift_is_told_the_month_only(server) {
        let options = ProgrammeOptions { staff_on_shift: 2, ..ProgrammeOptions::default() };
        let scene = server.released(options).await;
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let report = server.get(&path).by(server.north.manager()).await.send().await.ok();
        assert_eq!(report["visit"]["period"], "11/2026");
    }

    async fn the_wire_type_reads_what_the_server_writes(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let written = server.get(&path).by(server.north.manager()).await.send().await.ok();
        let read: VisitReportOut = serde_json::from_value(written.clone()).expect("readable");
        assert_eq!(serde_json::to_value(read).expect("json"), written);
    }

    async fn nothing_is_reported_before_release(server) {
        let (scene, _) = server.in_review(ProgrammeOptions::default()).await;
        for role in [Role::ClientManager, Role::Coordinator] {
            let person = server.north.person(role);
            let listed = server.get("/v1/visit-reports").by(person).await.send().await.ok();
            assert_eq!(listed["items"], json!([]));
            for path in ["", "/html", "/photos/1"] {
                let report = server.get(&format!("/v1/visit-reports/{}{path}", scene.visit));
                assert_eq!(report.by(person).await.send().await.problem(404), "not_found");
            }
        }
    }

    async fn a_client_sees_its_own_reports_only(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let other = &server.north.other_manager;
        let listed = server.get("/v1/visit-reports").by(other).await.send().await.ok();
        assert_eq!(listed["items"], json!([]));
        let report = server.get(&format!("/v1/visit-reports/{}", scene.visit)).by(other).await.send().await;
        assert_eq!(report.problem(404), "not_found");
    }

    async fn an_incomplete_evaluation_says_what_it_lacks(server) {
        let _ = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.answer("greeted", "\"yes\"").await;
        let open = device.open();
        let refused = device.client.submit(&open, "main", false).await.expect_err("incomplete");
        let FieldworkError::Incomplete(findings) = refused else { panic!("{refused}") };
        let paths: Vec<_> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["answers.arrived", "answers.helped", "answers.insulted", "answers.story"]);
    }

    async fn beginning_to_answer_accepts_and_starts_the_visit(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        assert_eq!(server.state(&scene).await, "planned");
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        assert_eq!(server.state(&scene).await, "in_progress");
    }

    async fn signing_in_again_sends_what_waited(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.evaluate().await;
        // The phone lay in a drawer until its session had ended.
        server.clock.advance_seconds(40 * 24 * 3_600);
        server.forget_tokens();
        let rest = device.client.sync(|_| {}).await.expect("storage works");
        assert_eq!(rest, Rest::AuthRequired);
        assert!(device.client.has_unsent_work(device.visit().brief.submission));
        device.sign_in_again().await;
        device.sync().await;
        assert!(!device.client.has_unsent_work(device.visit().brief.submission));
        assert_eq!(server.state(&scene).await, "submitted");
    }

    async fn one_photo_reaches_every_visit_that_it_belongs_to(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let shopper = server.north.shopper();
        let path = format!("/v1/rounds/{}/visits", scene.round);
        let visits = json!({"visits": [{"location": scene.location, "shopper": shopper.id}, {"location": scene.location, "shopper": shopper.id}]});
        let _ = server.post(&path, visits).by(server.north.coordinator()).await.send().await.created();
        let mut device = server.device(shopper).await;
        // Two before anything was sent, the third after the file has arrived.
        for place in [0, 1] {
            device.photo_of(&device.open_at(place), "door_photo", None).await;
        }
        device.sync().await;
        device.photo_of(&device.open_at(2), "door_photo", None).await;
        device.sync().await;
        for visit in device.client.visits() {
            let path = format!("/v1/visits/{}/evaluation", visit.brief.visit);
            let read = server.get(&path).by(server.north.reviewer()).await.send().await.ok();
            assert_eq!((&read["files_expected"], &read["files_received"]), (&json!(1), &json!(1)));
        }
    }

    async fn a_photo_added_twice_is_there_once(server) {
        let _ = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        for caption in [None, None, Some("Ovi"), Some("Ovi")] {
            device.photo("door_photo", caption).await;
        }
        let open = device.open();
        let index = open.checklist.question_index("door_photo").expect("a question");
        let files = &open.bound.files[&index.into()];
        assert_eq!(files.len(), 1);
        assert_eq!(Capture::from_bytes(&files[0].1.capture).caption.as_deref(), Some("Ovi"));
    }

    async fn a_returned_visit_is_corrected_and_handed_in_again(server) {
        let (scene, mut device) = server.in_review(ProgrammeOptions::default()).await;
        let reviewer = server.north.reviewer();
        let path = format!("/v1/visits/{}", scene.visit);
        let reason = json!({"reason": "Tervehdys on epäselvä."});
        let _ = server.post(&format!("{path}/return"), reason).by(reviewer).await.send().await.ok();
        device.sync().await;
        let visit = device.visit();
        assert_eq!((visit.state.as_str(), visit.cycle), ("returned", 1));
        assert_eq!(visit.brief.return_reason.as_deref(), Some("Tervehdys on epäselvä."));
        device.answer("greeted", "\"no\"").await;
        device.submit().await;
        device.sync().await;
        server.run_jobs().await;
        let evaluation = server.get(&format!("{path}/evaluation")).by(reviewer).await.send().await.ok();
        assert_eq!(evaluation["state"], "in_review");
        assert_eq!(evaluation["cycle"], 1);
        assert_eq!(evaluation["score"]["result"]["display"], "40.0");
    }

    async fn work_on_a_visit_given_to_somebody_else_is_kept_and_told(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        let body = json!({"shopper": server.north.other_shopper.id, "replaces": scene.assignment});
        let path = format!("/v1/visits/{}/assignments", scene.visit);
        let moved = server.post(&path, body).by(server.north.coordinator()).await.send().await.created();
        assert_ne!(moved["assignment"]["submission"], *scene.submission);
        device.answer("greeted", "\"yes\"").await;
        let submission = device.visit().brief.submission;
        let mut notices = Vec::new();
        let _ = device.client.sync(|notice| notices.push(notice.clone())).await.expect("storage works");
        assert!(notices.iter().any(|notice| matches!(notice, Notice::Revoked(of, _) if *of == submission.document())));
        assert!(!device.client.has_unsent_work(submission));
        assert!(device.visit().is_revoked, "it stays readable for a while");
        // The server has the work, on the first shopper's own submission.
        let devices = server.get("/v1/devices").by(server.north.shopper()).await.send().await.ok();
        assert_eq!(devices["items"][0]["operations"], 1);
        let mut other = server.device(&server.north.other_shopper).await;
        assert!(!other.client.has_unsent_work(other.visit().brief.submission));
        other.sync().await;
        assert_eq!(server.state(&scene).await, "planned");
    }
}
