//! What becomes of work when sessions, phones and people change: the real client, over loopback.

use std::io::Cursor;

use haamu_client::{BlobState, ClientError, Connection, Free, Rest, SignOut, Surroundings};
use haamu_domain::receipt::{PublicKeys, Receipt};
use haamu_sync::engine::Notice;
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::{PHOTO, TestDevice, TestServer, both_dbs};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;

/// A device with a visit of which everything is recorded and nothing was sent.
async fn unsent(server: &TestServer) -> (Scene, TestDevice) {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let mut device = server.device(server.north.shopper()).await;
    device.evaluate().await;
    (scene, device)
}

fn unsent_ops(device: &TestDevice) -> usize {
    device.client.engine().backlog().unsent_ops
}

async fn execute(server: &TestServer, sql: &str) {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.execute_raw(statement).await.expect("executed");
}

async fn set_aside(server: &TestServer) -> Vec<Value> {
    let listed = server
        .get("/v1/set-aside")
        .by(server.north.coordinator())
        .await
        .send()
        .await
        .ok();
    listed["items"].as_array().expect("items").clone()
}

both_dbs! {
    async fn two_phones_of_one_shopper_see_each_others_work(server) {
        let _ = server.plan(&server.north, ProgrammeOptions::default()).await;
        let (mut one, mut two) = (server.device(server.north.shopper()).await, server.device(server.north.shopper()).await);
        one.answer("greeted", "\"yes\"").await;
        one.sync().await;
        two.sync().await;
        assert_eq!(two.open().score().display, one.open().score().display);
        one.answer("helped", "\"well\"").await;
        two.answer("helped", "\"not\"").await;
        one.sync().await;
        two.sync().await;
        one.sync().await;
        for device in [&mut one, &mut two] {
            assert_eq!(device.open().bound.conflicts.len(), 1, "two answers are shown as two");
        }
        two.answer("helped", "\"well\"").await;
        two.sync().await;
        one.sync().await;
        assert!(one.open().bound.conflicts.is_empty(), "answering once more settles it");
    }

    async fn signing_out_with_unsent_work_takes_a_word(server) {
        let (scene, mut device) = unsent(&server).await;
        let refused = device.client.sign_out(SignOut::IfAllIsSent).await.expect_err("refused");
        assert!(matches!(refused, ClientError::UnsentWork(backlog) if backlog.unsent_files == 1), "{refused}");
        device.client.sign_out(SignOut::KeepWork).await.expect("signed out");
        let still = unsent_ops(&device);
        assert!(still > 0);
        assert!(matches!(device.client.sync(|_| {}).await, Err(ClientError::SignedOut)));
        let other = device.sign_in_as(&server.north.other_shopper).await.expect_err("refused");
        assert!(matches!(other, ClientError::AnotherPerson), "{other}");
        device.sign_in_again().await;
        assert_eq!(unsent_ops(&device), still.min(unsent_ops(&device)));
        device.sync().await;
        server.run_jobs().await;
        assert_eq!(server.evaluation(&scene).await["state"], "in_review");
        device.client.sign_out(SignOut::IfAllIsSent).await.expect("nothing keeps them");
    }

    async fn a_phone_is_given_on_only_after_its_work_is_exported_and_the_export_brings_it_back(server) {
        let (scene, mut device) = unsent(&server).await;
        assert!(matches!(device.client.erase(None).await, Err(ClientError::UnsentWork(_))));
        let mut early = Cursor::new(Vec::new());
        let exported = device.client.export(&mut early).await.expect("exported");
        device.answer("greeted", "\"no\"").await;
        assert!(matches!(device.client.erase(Some(&exported)).await, Err(ClientError::UnsentWork(_))), "it lacks the last answer");
        let mut archive = Cursor::new(Vec::new());
        let exported = device.client.export(&mut archive).await.expect("exported");
        assert_eq!((exported.files, exported.missing_files), (1, 0));
        device.client.erase(Some(&exported)).await.expect("erased");
        assert_eq!(device.client.visits().len(), 0);
        device.sign_in_as(&server.north.other_shopper).await.expect("it is as new");
        let foreign = device.client.import(&mut archive).await.expect_err("refused");
        assert!(matches!(foreign, ClientError::NotImported(_)), "{foreign}");

        let mut next = server.device(server.north.shopper()).await;
        let imported = next.client.import(&mut archive).await.expect("imported");
        assert_eq!((imported.operations, imported.files, imported.left_out), (exported.operations, 1, 0));
        next.sync().await;
        server.run_jobs().await;
        let evaluation = server.evaluation(&scene).await;
        assert_eq!((&evaluation["state"], &evaluation["files_received"]), (&json!("in_review"), &json!(1)));
        let damaged = Cursor::new(archive.into_inner()[..200].to_vec());
        assert!(matches!(next.client.import(damaged).await, Err(ClientError::NotImported(_))));
    }

    async fn a_revoked_device_deposits_and_what_it_deposits_waits_for_a_decision(server) {
        let (scene, mut device) = unsent(&server).await;
        let id = device.client.engine().device().device.to_string();
        let path = format!("/v1/devices/{id}/revoke");
        let stranger = server.post(&path, Value::Null).by(server.south.coordinator()).await.send().await;
        assert_eq!(stranger.problem(404), "not_found");
        let shut = server.post(&path, Value::Null).by(server.north.coordinator()).await.send().await.ok();
        assert!(shut["revoked_at"].is_string());
        let rest = device.client.sync(|_| {}).await.expect("storage works");
        assert_eq!(rest, Rest::AuthRequired);
        device.answer("greeted", "\"yes\"").await;
        let mut said = Vec::new();
        device.client.deposit(|notice| said.push(notice.clone())).await.expect("deposited");
        assert!(said.contains(&Notice::Deposited));
        assert_eq!((unsent_ops(&device), device.client.engine().backlog().unsent_files), (0, 0));
        let tasks = set_aside(&server).await;
        assert_eq!(tasks.len(), 1);
        assert_eq!((&tasks[0]["disposition"], &tasks[0]["reason"]), (&json!("orphaned"), &json!("deposited")));
        assert_eq!(server.state(&scene).await, "planned", "nothing takes effect by itself");
        // The office believes the shopper: the work takes effect where it was written, and goes its way.
        let adopt = format!("/v1/set-aside/{}/adopt", tasks[0]["id"].as_str().expect("an id"));
        let _ = server.post(&adopt, json!({})).by(server.north.coordinator()).await.send().await.ok();
        server.run_jobs().await;
        let evaluation = server.evaluation(&scene).await;
        assert_eq!((&evaluation["state"], &evaluation["files_received"]), (&json!("in_review"), &json!(1)));
    }

    async fn a_disabled_account_strands_nothing(server) {
        let (_, mut device) = unsent(&server).await;
        execute(&server, &format!("UPDATE user_account SET disabled_at = 1 WHERE email = '{}'", server.north.shopper().email)).await;
        server.clock.advance_seconds(3_600);
        server.forget_tokens();
        assert_eq!(device.client.sync(|_| {}).await.expect("storage works"), Rest::AuthRequired);
        assert!(device.sign_in_as(server.north.shopper()).await.is_err());
        device.client.deposit(|_| {}).await.expect("deposited");
        assert_eq!(set_aside(&server).await.len(), 1);
        device.client.deposit(|_| {}).await.expect("and once more, which changes nothing");
        assert_eq!(set_aside(&server).await.len(), 1);
    }

    async fn a_backup_restored_on_another_phone_takes_a_new_name_at_its_start(server) {
        let (scene, mut original) = unsent(&server).await;
        let mut copy = original.restored_elsewhere().await;
        let name = |device: &TestDevice| device.client.engine().device().device;
        assert_ne!(name(&copy), name(&original));
        original.answer("greeted", "\"no\"").await;
        original.sync().await;
        copy.sign_in_again().await;
        copy.answer("helped", "\"not\"").await;
        copy.sync().await;
        original.sync().await;
        server.run_jobs().await;
        let devices = server.get("/v1/devices").by(server.north.shopper()).await.send().await.ok();
        assert_eq!(devices["items"].as_array().expect("items").len(), 2);
        let evaluation = server.evaluation(&scene).await;
        assert_eq!((&evaluation["state"], &evaluation["files_received"]), (&json!("in_review"), &json!(1)));
        let aside = set_aside(&server).await;
        assert!(aside.is_empty(), "{aside:?}");
    }

    async fn a_clock_that_is_wrong_by_years_harms_nothing(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        for offset in [12 * YEAR_MS, -8 * YEAR_MS] {
            device.set_clock(offset);
            device.answer("greeted", "\"no\"").await;
            device.sync().await;
        }
        device.set_clock(0);
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let evaluation = server.evaluation(&scene).await;
        let answers = evaluation["answers"].as_array().expect("answers");
        let shown = answers.iter().find(|answer| answer["question"] == "greeted").expect("the answer");
        assert_eq!(shown["value"], "yes", "the last word stands, whatever the clocks said");
    }

    async fn a_full_disk_saves_nothing_and_says_so(server) {
        let _ = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.answer("greeted", "\"yes\"").await;
        device.fill_disk(true);
        let open = device.open();
        let refused = device.client.answer(&open, "greeted", "\"no\"").await.expect_err("refused");
        assert_eq!(refused.to_string(), ClientError::NotSaved.to_string());
        assert_eq!(unsent_ops(&device), 1);
        device.fill_disk(false);
        device.answer("greeted", "\"no\"").await;
        device.sync().await;
        assert_eq!(unsent_ops(&device), 0);
    }

    async fn a_visit_that_was_taken_away_stays_readable_for_seven_days(server) {
        let (scene, mut device) = unsent(&server).await;
        let path = format!("/v1/visits/{}/assignments", scene.visit);
        let body = json!({"shopper": server.north.other_shopper.id, "replaces": scene.assignment});
        let _ = server.post(&path, body).by(server.north.coordinator()).await.send().await.created();
        device.sync().await;
        assert!(device.visit().is_revoked);
        let open = device.open();
        assert!(device.client.answer(&open, "greeted", "\"no\"").await.is_err(), "it is read-only");
        assert_eq!(unsent_ops(&device), 0, "what was recorded is with the agency");
        server.clock.advance_seconds(6 * 24 * 3_600);
        device.sign_in_again().await;
        device.sync().await;
        assert_eq!(device.client.visits().len(), 1);
        server.clock.advance_seconds(2 * 24 * 3_600);
        device.sync().await;
        assert_eq!(device.client.visits().len(), 0);
    }

    async fn receipts_are_kept_and_genuine_and_room_is_made_without_losing_them(server) {
        let (_, mut device) = unsent(&server).await;
        device.sync().await;
        let keys = server.get("/v1/receipt-keys").send().await.ok().to_string();
        let keys = PublicKeys::parse(&keys).expect("keys");
        let receipts: Vec<_> = device.client.receipts().map(|(_, receipt)| receipt.0.clone()).collect();
        assert_eq!(receipts.len(), 1);
        let receipt = Receipt::parse(std::str::from_utf8(&receipts[0]).expect("a text")).expect("a receipt");
        receipt.verify(&keys).expect("genuine");
        assert_eq!(device.client.freeable(Free::Old).0, 0);
        server.clock.advance_seconds(8 * 24 * 3_600);
        assert_eq!(device.client.freeable(Free::Old).0, 0, "no backup of the server has it");
        let _ = server.app.confirm_custody(&server.database.settings(), |_, _| {}).await.expect("compared");
        device.sign_in_again().await;
        device.sync().await;
        assert_eq!(device.client.free_space(Free::Old).await.expect("freed").0, 1);
        let states: Vec<_> = device.client.engine().blobs().map(|blob| blob.state).collect();
        assert_eq!(states, [BlobState::Freed]);
        assert_eq!(device.client.receipts().count(), 1);
        device.sign_in_again().await;
        device.sync().await;
    }

    async fn photos_wait_for_a_network_that_costs_nothing_and_previews_do_not(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        let open = device.open();
        let photo = haamu_client::Photo {
            bytes: PHOTO,
            media_type: "image/jpeg",
            file_name: None,
            caption: None,
            preview: Some(b"\xff\xd8\xff small"),
        };
        device.client.add_photo(&open, "door_photo", photo).await.expect("saved");
        let metered = Surroundings { connection: Connection::Metered, ..Surroundings::default() };
        let _ = device.client.set_surroundings(metered, |_| {}).await.expect("storage works");
        let mut held = 0;
        let rest = device.client.sync(|notice| held += usize::from(matches!(notice, Notice::HeldBack(1, ..)))).await;
        assert_eq!((rest.expect("storage works"), held > 0), (Rest::UpToDate, server.app.settings().policy.originals == haamu_sync::Network::Unmetered));
        server.run_jobs().await;
        let shown = server.evaluation(&scene).await;
        let answers = shown["answers"].as_array().expect("answers");
        let file = answers.iter().find(|answer| answer["question"] == "door_photo").expect("the photo")["files"][0].clone();
        assert!(file["preview"].is_string());
    }
}
