//! Background jobs that fail each time: given up, seen by administrators, and tried anew.

use haamu_domain::Role;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{TestServer, both_dbs};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

async fn change(server: &TestServer, sql: &str) {
    let connection = server.database.connect().await;
    connection.execute_unprepared(sql).await.expect("a change");
}

async fn listed(server: &TestServer) -> Vec<Value> {
    let administrator = server.north.person(Role::Administrator);
    server.list("/v1/failed-jobs", administrator).await
}

both_dbs! {
    async fn a_job_that_fails_each_time_is_given_up_and_tried_anew_when_told(server) {
        let _ = server.in_review(ProgrammeOptions::default()).await;
        assert_eq!(listed(&server).await, [""; 0].map(Value::from));
        // Nobody can read what this one is to be done with.
        change(&server, "UPDATE job SET finished_at = NULL, claimed_at = NULL, attempts = 0, payload = '{}' \
            WHERE id = (SELECT id FROM job WHERE kind = 'process_submission' ORDER BY id DESC LIMIT 1)").await;
        for _ in 0..10 {
            server.run_jobs().await;
            server.clock.advance_seconds(3_600);
        }
        server.forget_tokens();
        let failed = listed(&server).await;
        assert_eq!(failed.len(), 1);
        assert_eq!((&failed[0]["kind"], &failed[0]["attempts"]), (&json!("process_submission"), &json!(8)));
        assert!(failed[0]["error"].as_str().is_some_and(|error| error.contains("read a job")), "{}", failed[0]);
        let other = server.south.person(Role::Administrator);
        let path = format!("/v1/failed-jobs/{}/retry", failed[0]["id"].as_str().expect("an id"));
        assert_eq!(server.post(&path, Value::Null).by(other).await.send().await.problem(404), "not_found");
        let elsewhere = server.get("/v1/failed-jobs").by(other).await.send().await.ok();
        assert_eq!(elsewhere["items"], json!([]));
        change(&server, "UPDATE job SET payload = (SELECT payload FROM job WHERE kind = 'process_submission' AND failed_at IS NULL LIMIT 1) \
            WHERE failed_at IS NOT NULL").await;
        let retry = || async { server.post(&path, Value::Null).by(server.north.person(Role::Administrator)).await.send().await };
        assert_eq!(retry().await.status, 204);
        assert_eq!(retry().await.problem(404), "not_found", "it waits already");
        server.run_jobs().await;
        assert_eq!(listed(&server).await, [""; 0].map(Value::from));
    }
}
