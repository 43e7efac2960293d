//! Claims on jobs: what a process says counts while its claim is its own, and two at once do no harm.

use haamu_app::record::ClaimedJob;
use haamu_domain::Role;
use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{TestServer, both_dbs};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use serde_json::json;

/// The lease of a test's server, in seconds.
const LEASE: i64 = 60;

async fn rows(server: &TestServer, sql: &str) -> Vec<QueryResult> {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.expect("a query")
}

async fn count(server: &TestServer, sql: &str) -> i64 {
    let rows = rows(server, sql).await;
    rows[0].try_get_by_index(0).expect("a number")
}

/// How often the only job was tried, whether it is done, and its last error.
async fn the_job(server: &TestServer) -> (i32, bool, Option<String>) {
    let rows = rows(server, "SELECT attempts, finished_at, last_error FROM job").await;
    assert_eq!(rows.len(), 1);
    let finished_at: Option<i64> = rows[0].try_get("", "finished_at").expect("a time");
    (
        rows[0].try_get("", "attempts").expect("a number"),
        finished_at.is_some(),
        rows[0].try_get("", "last_error").expect("a text"),
    )
}

async fn claim(server: &TestServer) -> Option<ClaimedJob> {
    server.app.claim_job().await.expect("jobs can be claimed")
}

/// Asks for a new password, which makes one job.
async fn ask_for_password(server: &TestServer) {
    let email = &server.north.person(Role::Shopper).email;
    let asked = server
        .post("/v1/password-resets", json!({"email": email}))
        .send()
        .await;
    assert!(asked.status.is_success(), "{}", asked.text());
}

both_dbs! {
    async fn a_claim_that_lapsed_changes_nothing(server) {
        ask_for_password(&server).await;
        let first = claim(&server).await.expect("a job");
        assert!(claim(&server).await.is_none(), "it is taken");
        server.clock.advance_seconds(LEASE);
        assert!(claim(&server).await.is_none(), "it is taken up to the last millisecond");
        server.clock.advance_seconds(1);
        let second = claim(&server).await.expect("the claim has lapsed");
        assert_eq!((second.id, second.attempts), (first.id, 2));
        // The first process comes back: it does the job and may not say so.
        server.app.do_job(&first).await.expect("nothing is noted");
        assert_eq!(count(&server, "SELECT count(*) FROM job WHERE kind = 'reset_password' AND finished_at IS NULL AND attempts = 2").await, 1);
        server.app.do_job(&second).await.expect("noted");
        assert_eq!(count(&server, "SELECT count(*) FROM job WHERE kind = 'reset_password' AND finished_at IS NOT NULL AND attempts = 2").await, 1);
        server.run_jobs().await;
        let _ = server.mail.only();
    }

    async fn a_failure_of_a_claim_that_lapsed_is_not_noted(server) {
        ask_for_password(&server).await;
        let first = claim(&server).await.expect("a job");
        server.clock.advance_seconds(LEASE + 1);
        let second = claim(&server).await.expect("the claim has lapsed");
        let unreadable = ClaimedJob { payload: "{}".to_owned(), ..first };
        server.app.do_job(&unreadable).await.expect("nothing is noted");
        assert_eq!(the_job(&server).await, (2, false, None));
        let unreadable = ClaimedJob { payload: "{}".to_owned(), ..second };
        server.app.do_job(&unreadable).await.expect("noted");
        let (attempts, is_finished, error) = the_job(&server).await;
        assert_eq!((attempts, is_finished), (2, false));
        assert!(error.is_some_and(|error| error.contains("read a job")));
    }

    async fn a_claim_that_is_renewed_holds(server) {
        ask_for_password(&server).await;
        let first = claim(&server).await.expect("a job");
        for _ in 0..5 {
            server.clock.advance_seconds(LEASE / 3 * 2);
            assert!(server.app.renew_claim(&first).await.expect("renewed"));
            assert!(claim(&server).await.is_none());
        }
        // Late, but nobody has come.
        server.clock.advance_seconds(LEASE * 2);
        assert!(server.app.renew_claim(&first).await.expect("renewed"));
        server.clock.advance_seconds(LEASE + 1);
        let second = claim(&server).await.expect("the claim has lapsed");
        assert!(!server.app.renew_claim(&first).await.expect("an answer"), "it is somebody else's");
        server.app.do_job(&second).await.expect("done");
        assert!(!server.app.renew_claim(&second).await.expect("an answer"), "it is over");
    }

    async fn a_job_that_was_given_up_and_is_tried_anew_is_no_longer_the_first_ones(server) {
        ask_for_password(&server).await;
        let first = claim(&server).await.expect("a job");
        let connection = server.database.connect().await;
        // As an administrator does, after the job was given up elsewhere.
        let retried = "UPDATE job SET attempts = 0, claimed_at = NULL, claimed_until = NULL";
        connection.execute_unprepared(retried).await.expect("a change");
        server.clock.advance_seconds(1);
        let again = claim(&server).await.expect("a job");
        assert_eq!(again.attempts, first.attempts);
        assert!(!server.app.renew_claim(&first).await.expect("an answer"));
        assert!(server.app.renew_claim(&again).await.expect("an answer"));
    }

    async fn jobs_that_are_done_twice_at_once_have_one_effect(server) {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let mut device = server.device(server.north.shopper()).await;
        device.evaluate().await;
        device.sync().await;
        server.run_jobs_doubly().await;
        assert_eq!(server.state(&scene).await, "in_review");
        assert_eq!(count(&server, "SELECT count(*) FROM score").await, 1);
        let photos = count(&server, "SELECT count(*) FROM blob").await;
        assert!(photos > 0);
        assert_eq!(count(&server, "SELECT count(*) FROM rendition").await, photos);
        ask_for_password(&server).await;
        server.run_jobs_doubly().await;
        let mut sent: Vec<_> = server.mail.take().into_iter().map(|mail| mail.id).collect();
        sent.dedup();
        assert_eq!(sent.len(), 1, "a mail that goes out twice is the same mail");
        assert_eq!(count(&server, "SELECT count(*) FROM mail WHERE state = 'sent' AND attempts = 1").await, 1);
        assert_eq!(server.app.count_due_jobs().await.expect("a count"), 0);
        assert_eq!(count(&server, "SELECT count(*) FROM job WHERE last_error IS NOT NULL").await, 0);
    }
}
