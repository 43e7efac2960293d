//! Vouching for backups, and what devices make of it.

use haamu_app::CustodyReport;
use haamu_domain::SubmissionId;
use haamu_domain::signature::{SignedParts, content_digest, sign};
use haamu_store::DbSettings;
use haamu_sync::DocumentId;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{TestDatabase, TestServer, WireDevice, both_dbs};
use haamu_wire::sync::Frame;
use sea_orm::ConnectionTrait;

/// A device that sends one answer after the other.
async fn device(server: &TestServer) -> (WireDevice<'_>, DocumentId) {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let id: uuid::Uuid = scene.submission.parse().expect("an id");
    let device = WireDevice::enrol(server, server.north.shopper()).await;
    (device, SubmissionId::from_uuid(id).document())
}

/// Sends so many answers, and says up to which number the server vouches for the log.
async fn send(device: &mut WireDevice<'_>, document: DocumentId, count: u64) -> u64 {
    let first = device.head.seq + 1;
    let ops = (first..first + count).map(|seq| device.op(seq, document, "greeted", "\"yes\""));
    let ops: Vec<_> = ops.collect();
    device.send(&device.request(&ops)).await.custody_upto
}

fn confirmed(devices: usize, operations: u64) -> CustodyReport {
    CustodyReport {
        devices,
        operations,
        ..CustodyReport::default()
    }
}

both_dbs! {
    async fn what_is_in_a_verified_backup_is_told_to_its_device(server) {
        let (mut device, document) = device(&server).await;
        assert_eq!(send(&mut device, document, 3).await, 0);
        let mut steps = Vec::new();
        let backup = server.database.settings();
        let report = server.app.confirm_custody(&backup, |done, all| steps.push((done, all))).await.expect("compared");
        assert_eq!((report, steps), (confirmed(1, 3), vec![(1, 1)]));
        assert_eq!(send(&mut device, document, 2).await, 3, "what came later is not in the backup");
        assert_eq!(send(&mut device, document, 0).await, 3);
    }

    async fn devices_forget_what_is_safe_and_go_on(server) {
        let _ = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let kept = |device: &haamu_tests::TestDevice| device.client.engine().device().start.seq;
        assert_eq!(kept(&device), 0);
        let _ = server.app.confirm_custody(&server.database.settings(), |_, _| {}).await.expect("compared");
        device.sync().await;
        assert_eq!(kept(&device), 1);
        device.answer("greeted", "\"no\"").await;
        device.sync().await;
        assert_eq!(device.open().bound.conflicts, Vec::new());
    }

    async fn a_deposit_is_taken_as_json_too(server) {
        let (device, document) = device(&server).await;
        let body = device.request(&[device.op(1, document, "greeted", "\"yes\"")]).to_json();
        let digest = content_digest(&body);
        let parts = SignedParts { method: "POST", path: "/v1/deposits", query: "", content_digest: &digest };
        let fields = sign(&haamu_tests::wire::private_key(), device.id, parts);
        let call = server.request(axum::http::Method::POST, "/v1/deposits").body("application/json", body);
        let call = call.header("content-digest", &digest).header("signature-input", &fields.input);
        let kept = call.header("signature", &fields.signature).send().await.ok();
        assert_eq!(kept["have"]["seq"], 1, "{kept}");
    }
}

/// A copy of a SQLite database as it is now.
async fn copied(database: &TestDatabase, folder: &tempfile::TempDir, name: &str) -> DbSettings {
    let path = folder.path().join(name);
    let connection = database.connect().await;
    let copy = format!("VACUUM INTO '{}'", path.display());
    connection.execute_unprepared(&copy).await.expect("copied");
    DbSettings {
        url: format!("sqlite://{}", path.display()),
        max_connections: 1,
    }
}

async fn change(settings: &DbSettings, sql: &str) {
    let connection = haamu_store::Db::connect_for_migrations(settings).await;
    let connection = connection.expect("opens");
    connection.execute_unprepared(sql).await.expect("changed");
    connection.close().await.expect("closed");
}

#[tokio::test]
async fn a_backup_that_is_damaged_old_or_of_another_time_confirms_only_what_it_has() {
    let server = TestServer::start(TestDatabase::sqlite().await).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (mut device, document) = device(&server).await;
    assert_eq!(send(&mut device, document, 3).await, 0);
    let old = copied(&server.database, &folder, "old").await;
    assert_eq!(send(&mut device, document, 3).await, 0);
    let damaged = copied(&server.database, &folder, "damaged").await;
    change(&damaged, "DELETE FROM op WHERE seq = 2").await;
    let changed = copied(&server.database, &folder, "changed").await;
    change(&changed, "UPDATE op SET raw = x'00' WHERE seq = 6").await;
    for bad in [&damaged, &changed] {
        let report = server
            .app
            .confirm_custody(bad, |_, _| {})
            .await
            .expect("compared");
        assert_eq!((report.devices, report.damaged), (0, 1));
    }
    let foreign = copied(&server.database, &folder, "foreign").await;
    change(&foreign, "UPDATE op SET raw = x'00' WHERE seq = 6").await;
    let chain = {
        let id = haamu_sync::codec::op_id(&[0], device.id, 6);
        let ops = copied(&server.database, &folder, "again").await;
        let connection = haamu_store::Db::connect_for_migrations(&ops)
            .await
            .expect("opens");
        let sql = "SELECT chain FROM op WHERE seq = 5";
        let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
        let row = connection
            .query_one_raw(statement)
            .await
            .expect("a query")
            .expect("a row");
        let before: Vec<u8> = row.try_get_by_index(0).expect("bytes");
        let before = haamu_sync::ChainValue::from_slice(&before).expect("a chain value");
        haamu_sync::chain::link(before, id)
    };
    let hex: String = chain
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    change(&foreign, &format!("UPDATE device SET head_chain = x'{hex}'")).await;
    let report = server
        .app
        .confirm_custody(&foreign, |_, _| {})
        .await
        .expect("compared");
    assert_eq!((report.devices, report.foreign), (0, 1));
    assert_eq!(
        send(&mut device, document, 0).await,
        0,
        "none of them confirmed anything"
    );

    let report = server
        .app
        .confirm_custody(&old, |_, _| {})
        .await
        .expect("compared");
    assert_eq!(report, confirmed(1, 3));
    assert_eq!(send(&mut device, document, 0).await, 3);
    let missing = DbSettings {
        url: format!("sqlite://{}", folder.path().join("none").display()),
        max_connections: 1,
    };
    assert!(server.app.confirm_custody(&missing, |_, _| {}).await.is_err());
    assert!(
        !folder.path().join("none").exists(),
        "nothing is made where a backup should be"
    );
}
