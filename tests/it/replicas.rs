//! Two server processes on one PostgreSQL and one S3 store: any request goes to either, and jobs are done once.

mod postgres {
    use std::collections::BTreeSet;

    use haamu_tests::evaluation::full_checklist;
    use haamu_tests::field::plan_many;
    use haamu_tests::process::ServerProcess;
    use haamu_tests::replicas::{Replicas, s3_settings};
    use haamu_tests::sender::{Sender, SentPhoto};
    use haamu_tests::{PASSWORD, TestDatabase};
    use reqwest::Method;
    use serde_json::{Value, json};

    use crate::end_to_end::{Planned, plan};

    const SHOPPER: &str = "shopper@haamu.example";
    /// So many devices send at once.
    const SENDERS: usize = 4;
    /// So many evaluations does each of them send.
    const EVALUATIONS: usize = 4;
    /// So many people are invited, one mail each.
    const INVITATIONS: usize = 12;

    /// Who uses a refresh token that was used elsewhere ends the session everywhere.
    async fn refresh_tokens_are_good_once(one: &ServerProcess, other: &ServerProcess) {
        let body = json!({"email": SHOPPER, "password": PASSWORD});
        let session = one.post("sessions", "", &body).await;
        let token = |session: &Value| json!({"refresh_token": session["refresh_token"]});
        let refresh = async |server: &ServerProcess, token: &Value| {
            let answer = server
                .try_call(Method::POST, "sessions/refresh", "", Some(token))
                .await;
            answer.expect("an answer")
        };
        let (first, second) = (token(&session), refresh(one, &token(&session)).await.1);
        let third = refresh(other, &token(&second)).await.1;
        assert!(third["refresh_token"].is_string(), "{third}");
        for (server, used) in [(other, &first), (one, &token(&third))] {
            let (status, problem) = refresh(server, used).await;
            assert_eq!(
                (status.as_u16(), &problem["code"]),
                (401, &json!("invalid_refresh_token"))
            );
        }
    }

    /// Answers go to one server, and the photo in parts to both.
    async fn a_photo_arrives_in_parts(replicas: &Replicas) -> (Sender, SentPhoto) {
        let (a, b) = (&replicas.a.url(), &replicas.b.url());
        let mut device = Sender::start(a, SHOPPER).await;
        let mut beside = Sender::start(b, SHOPPER).await;
        device.turn_to(b);
        let (_, photo) = device.push_with_photo().await;
        beside.turn_to(a);
        assert_ne!(
            beside.pull().await,
            0,
            "what one device sent to B another finds at A"
        );
        // Whichever is asked, the feed goes on where the device is.
        for server in [b, a, b] {
            beside.turn_to(server);
            assert_eq!(beside.pull().await, 0);
        }
        let length = photo.bytes.len();
        device.turn_to(a);
        assert_eq!(device.upload(&photo, 0, 100_000).await, Some(100_000));
        device.turn_to(b);
        assert_eq!(device.uploaded(&photo).await, Some(100_000));
        // A part that overlaps what the other one has.
        assert_eq!(device.upload(&photo, 60_000, 200_000).await, Some(200_000));
        device.turn_to(a);
        assert_eq!(device.upload(&photo, 200_000, length).await, Some(length));
        device.turn_to(b);
        assert_eq!(device.uploaded(&photo).await, Some(length));
        (device, photo)
    }

    async fn the_report_is_the_same(replicas: &Replicas, planned: &Planned) {
        let (a, b) = (&replicas.a, &replicas.b);
        replicas
            .until("SELECT count(*) FROM visit WHERE state = 'in_review'", 1)
            .await;
        let visit = format!("visits/{}", planned.visit);
        let read = a.get(&format!("{visit}/evaluation"), &planned.reviewer).await;
        assert_eq!(
            (&read["files_expected"], &read["files_received"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            b.get(&format!("{visit}/evaluation"), &planned.reviewer).await,
            read
        );
        let _ = a
            .post(&format!("{visit}/approve"), &planned.reviewer, &json!({}))
            .await;
        let _ = b
            .post(&format!("{visit}/release"), &planned.reviewer, &json!({}))
            .await;
        let path = format!("visit-reports/{}", planned.visit);
        let report = a.get(&path, &planned.manager).await;
        assert_eq!(report["photos"].as_array().map(Vec::len), Some(1));
        assert_eq!(b.get(&path, &planned.manager).await, report);
    }

    /// A was restarted and signs and seals with new keys; B, which was not, knows them when it sees them.
    async fn keys_are_rotated(replicas: &mut Replicas, device: &Sender, photo: &SentPhoto) {
        for kind in ["tokens", "receipts", "seal"] {
            let done = replicas.a.run_beside(&["keys", "rotate", "--kind", kind]).await;
            assert!(done.status.success(), "{done:?}");
        }
        replicas.a.kill().await;
        replicas.a.restart().await;
        let (a, b) = (&replicas.a, &replicas.b);
        let admin = a.sign_in("admin@haamu.example", PASSWORD).await;
        assert_eq!(b.get("me", &admin).await["role"], "administrator");
        // B does all jobs: it opens a mail that A has sealed.
        let invitation = json!({"email": "new@haamu.example", "role": "reviewer"});
        let _ = a.post("invitations", &admin, &invitation).await;
        replicas
            .until("SELECT count(*) FROM mail WHERE state = 'sent'", 1)
            .await;
        assert_eq!(replicas.mails().map(|mails| mails.len()), [0, 1]);
        let keys = b.get("receipt-keys", "").await;
        assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
        assert_eq!(a.get("receipt-keys", "").await, keys);
        let receipt = format!("blobs/{}/receipt?submission={}", photo.name, photo.submission);
        let receipt = a.get(&receipt, &device.token).await;
        let known = keys["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .any(|key| key["kid"] == receipt["key_id"]);
        assert!(known, "{receipt} {keys}");
    }

    #[tokio::test]
    async fn any_request_goes_to_either() {
        let Some(mut replicas) = Replicas::start(&[("HAAMU_WORKERS", "0")], &[]).await else {
            return;
        };
        // A is set up with the code that B printed.
        let planned = plan(&replicas.a, &full_checklist()).await;
        let (a, b) = (&replicas.a, &replicas.b);
        assert_eq!(
            b.get("me", &planned.reviewer).await,
            a.get("me", &planned.reviewer).await
        );
        refresh_tokens_are_good_once(a, b).await;
        let admin = b.sign_in("admin@haamu.example", PASSWORD).await;
        let roles = json!({"roles": ["client_viewer"]});
        let _ = a.put("agency/second-factor", &admin, &roles).await;
        assert_eq!(
            b.get("agency/second-factor", &admin).await["roles"],
            roles["roles"]
        );
        let (device, photo) = a_photo_arrives_in_parts(&replicas).await;
        the_report_is_the_same(&replicas, &planned).await;
        keys_are_rotated(&mut replicas, &device, &photo).await;
    }

    /// Sends evaluations, each request to the other server than the one before.
    async fn send_all(mut device: Sender, servers: [String; 2], first: usize) {
        for number in first..first + EVALUATIONS {
            device.turn_to(&servers[number % 2]);
            let (_, photo) = device.push_with_photo().await;
            device.turn_to(&servers[(number + 1) % 2]);
            let length = photo.bytes.len();
            assert_eq!(device.upload(&photo, 0, length).await, Some(length));
        }
    }

    async fn invite_all(servers: [&ServerProcess; 2], token: &str) {
        for number in 0..INVITATIONS {
            let invitation = json!({"email": format!("invited-{number}@haamu.example"), "role": "shopper"});
            let _ = servers[number % 2].post("invitations", token, &invitation).await;
        }
    }

    /// What the jobs did, beside what they were to do.
    async fn each_job_had_its_effect_once(replicas: &Replicas) {
        let total = i64::try_from(SENDERS * EVALUATIONS).expect("a few");
        let mails = i64::try_from(INVITATIONS).expect("a few");
        let count = async |sql: &str| replicas.count(sql).await;
        let tried =
            "SELECT count(*) FROM job WHERE attempts > 1 OR last_error IS NOT NULL OR failed_at IS NOT NULL";
        assert_eq!(count(tried).await, 0);
        let done = "SELECT count(*) FROM job WHERE kind = ";
        for (kind, action) in [
            ("process_submission", "submission.process"),
            ("make_rendition", "blob.make_rendition"),
        ] {
            let jobs = count(&format!("{done}'{kind}' AND finished_at IS NOT NULL")).await;
            let effects = count(&format!("SELECT count(*) FROM audit WHERE action = '{action}'")).await;
            assert_eq!(jobs, effects, "{kind}");
            assert!(jobs >= total, "{kind}");
        }
        assert_eq!(count(&format!("{done}'make_rendition'")).await, total);
        assert_eq!(
            count("SELECT count(*) FROM visit WHERE state = 'in_review'").await,
            total
        );
        assert_eq!(
            count("SELECT count(*) FROM rendition WHERE readable").await,
            total
        );
        let scored = "SELECT count(DISTINCT submission_id) FROM score";
        assert_eq!(
            (count("SELECT count(*) FROM score").await, count(scored).await),
            (total, total)
        );
        assert_eq!(
            count("SELECT count(*) FROM mail WHERE state = 'sent' AND attempts = 1").await,
            mails
        );
        let [one, other] = replicas.mails();
        assert!(
            one.is_disjoint(&other),
            "a mail is written by one of them: {one:?} {other:?}"
        );
        let rows = replicas.rows("SELECT id::text FROM mail").await;
        let sent: BTreeSet<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(0).expect("an id"))
            .collect();
        assert_eq!(&one | &other, sent);
    }

    #[tokio::test]
    async fn jobs_are_done_once_whoever_was_asked() {
        let Some(replicas) = Replicas::start(&[], &[]).await else {
            return;
        };
        let (a, b) = (&replicas.a, &replicas.b);
        let emails = plan_many(a, &full_checklist(), SENDERS, EVALUATIONS).await;
        let admin = b.sign_in("admin@haamu.example", PASSWORD).await;
        let servers = [a.url(), b.url()];
        let mut tasks = Vec::new();
        for (number, email) in emails.iter().enumerate() {
            let device = Sender::start(&servers[number % 2], email).await;
            tasks.push(tokio::spawn(send_all(device, servers.clone(), number)));
        }
        invite_all([a, b], &admin).await;
        for task in tasks {
            task.await.expect("all is sent");
        }
        replicas.until_idle().await;
        each_job_had_its_effect_once(&replicas).await;
    }

    #[tokio::test]
    async fn processes_that_start_together_on_nothing_agree() {
        let Some(database) = TestDatabase::empty_postgres().await else {
            return;
        };
        let Some(mut settings) = s3_settings(&format!("together-{:016x}", rand::random::<u64>())) else {
            return;
        };
        settings.push(("HAAMU_DATABASE_URL", database.url().to_owned()));
        let folders = [
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        ];
        let (a, b) = tokio::join!(
            ServerProcess::start(folders[0].path(), settings.clone()),
            ServerProcess::start(folders[1].path(), settings.clone()),
        );
        let set_up = async |server: &ServerProcess, code: &Option<String>| {
            let body = json!({"code": code, "agency_name": "Haamu Oy", "email": "admin@haamu.example",
                "display_name": "Helmi Ahonen", "password": PASSWORD});
            server
                .try_call(Method::POST, "setup", "", Some(&body))
                .await
                .expect("an answer")
        };
        // The code that was made last counts.
        let (first, second) = (set_up(&a, &b.setup_code).await, set_up(&b, &a.setup_code).await);
        assert_eq!(
            1,
            [&first, &second]
                .iter()
                .filter(|(status, _)| status.is_success())
                .count(),
            "{first:?} {second:?}"
        );
        for (one, other) in [(&a, &b), (&b, &a)] {
            let token = one.sign_in("admin@haamu.example", PASSWORD).await;
            assert_eq!(other.get("me", &token).await["role"], "administrator");
        }
        assert_eq!(a.get("receipt-keys", "").await, b.get("receipt-keys", "").await);
    }
}
