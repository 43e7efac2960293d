//! Many devices at once: transactions that wait for each other, that are asked to be repeated, and of which
//! nobody hears.

use std::collections::BTreeSet;

use futures::future::join_all;
use haamu_domain::SubmissionId;
use haamu_sync::{Change, DocumentId};
use haamu_tests::agency::Scene;
use haamu_tests::{TestServer, WireDevice, both_dbs};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// So many devices of the same shopper.
const DEVICES: usize = 6;
/// So many times each of them sends something.
const ROUNDS: u64 = 6;
/// Every so manieth change of the tables below fails at first.
const TROUBLE_EVERY: usize = 17;

fn document(scene: &Scene) -> DocumentId {
    let id: uuid::Uuid = scene.submission.parse().expect("an id");
    SubmissionId::from_uuid(id).document()
}

/// On PostgreSQL, lets changes fail as after a deadlock or a serialisation failure, now and then. What a
/// sequence counts is not rolled back, so that the same change succeeds when it is repeated.
async fn make_trouble(server: &TestServer) {
    let connection = server.database.connect().await;
    if connection.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let sql = format!(
        "CREATE SEQUENCE trouble;
         CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF nextval('trouble') % {TROUBLE_EVERY} = 0 THEN
                 RAISE EXCEPTION 'trouble' USING ERRCODE = '40001';
             END IF;
             RETURN NULL;
         END $$;
         CREATE TRIGGER trouble AFTER INSERT OR UPDATE ON feed_head FOR EACH ROW EXECUTE FUNCTION trouble();
         CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON op DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION trouble();"
    );
    connection.execute_unprepared(&sql).await.expect("triggers");
}

async fn count(server: &TestServer, sql: &str) -> i64 {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection
        .query_one_raw(statement)
        .await
        .expect("rows")
        .expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// Each device writes into both visits, one after the other, and reads what there is.
async fn work(number: usize, mut device: WireDevice<'_>, visits: &[DocumentId]) {
    let mut last = 0;
    for round in 0..ROUNDS {
        // Half of them take the visits in the other order, as deadlocks want it.
        let mut visits = visits.to_vec();
        if number.is_multiple_of(2) {
            visits.reverse();
        }
        let first = device.head.seq + 1;
        let ops: Vec<Vec<u8>> = visits
            .iter()
            .zip(first..)
            .map(|(visit, seq)| device.op(seq, *visit, "greeted", &format!("\"{number} {round}\"")))
            .collect();
        let answer = device.send(&device.request(&ops)).await;
        assert_eq!(answer.have.seq, first + ops.len() as u64 - 1);
        assert_eq!(answer.exceptions, []);
        assert!(answer.cursor.pos >= last, "the feed does not go back");
        last = answer.cursor.pos;
        // Whoever has sent something finds it in what comes back.
        let told = answer
            .page
            .iter()
            .filter(|entry| matches!(entry.change, Change::Upsert(_)));
        let told: BTreeSet<&str> = told.map(|entry| entry.entity.id.as_str()).collect();
        for visit in &visits {
            let id = SubmissionId::from_document(*visit).to_string();
            assert!(told.contains(id.as_str()), "{id} is in the page");
        }
    }
}

both_dbs! {
    async fn devices_that_send_at_once_wait_for_each_other_and_lose_nothing(server) {
        let one = server.plan_again(&server.north).await;
        let other = server.plan_again(&server.north).await;
        make_trouble(&server).await;
        let visits = [document(&one), document(&other)];
        let mut devices = Vec::with_capacity(DEVICES);
        for _ in 0..DEVICES {
            // One after the other: of many attempts to sign in at once, some are held back.
            devices.push(WireDevice::enrol(&server, server.north.shopper()).await);
        }
        let devices = devices.into_iter().enumerate();
        join_all(devices.map(|(number, device)| work(number, device, &visits))).await;
        let sent = i64::try_from(DEVICES).expect("few") * i64::try_from(ROUNDS).expect("few") * 2;
        let applied = "SELECT count(*) FROM op WHERE disposition = 'applied'";
        assert_eq!(count(&server, applied).await, sent);
        // Positions were given out once each: as many as the head says.
        let positions = "SELECT count(*) - count(DISTINCT pos) FROM feed_entry";
        assert_eq!(count(&server, positions).await, 0);
    }
}
