//! Another database in the place of the one that is in use, without that any process is restarted: a stand-by that had
//! not heard of everything takes over, or somebody restores a backup.

use haamu_tests::agency::ProgrammeOptions;
use haamu_tests::{TestDatabase, TestServer};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

/// What timelines there are, the first one first.
async fn timelines(server: &TestServer) -> Vec<(i64, String)> {
    let connection = server.database.connect().await;
    let sql = "SELECT number, begun_on FROM incarnation ORDER BY number";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect("asked");
    let row = |row: &sea_orm::QueryResult| {
        let number = row.try_get("", "number").expect("a number");
        (number, row.try_get("", "begun_on").expect("a server"))
    };
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn devices_follow_a_database_that_went_back_under_running_processes() {
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let server = TestServer::start(database).await;
    let (scene, mut device) = server.in_review(ProgrammeOptions::default()).await;
    device.sync().await;
    assert_eq!(
        (device.visit().state.as_str(), device.visit().cycle),
        ("in_review", 0)
    );
    let before = timelines(&server).await;
    let stand_by = server.database.copy().await;

    let path = format!("/v1/visits/{}/return", scene.visit);
    let body = json!({"reason": "Once more, please."});
    let _ = server
        .post(&path, body)
        .by(server.north.reviewer())
        .await
        .send()
        .await
        .ok();
    device.sync().await;
    assert_eq!(
        (device.visit().state.as_str(), device.visit().cycle),
        ("returned", 1)
    );
    device.answer("greeted", "\"no\"").await;
    device.sync().await;

    server.database.replace(&stand_by).await;
    // The feed goes past the position up to which the device has read.
    let visits = vec![json!({"location": scene.location, "shopper": server.north.shopper().id}); 20];
    let path = format!("/v1/rounds/{}/visits", scene.round);
    let call = server.post(&path, json!({"visits": visits}));
    let _ = call.by(server.north.coordinator()).await.send().await.created();
    let after = timelines(&server).await;
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    assert_ne!(
        after.last().map(|last| &last.1),
        before.last().map(|last| &last.1)
    );

    device.sync().await;
    let visit = device
        .client
        .visits()
        .into_iter()
        .find(|one| one.brief.visit.to_string() == scene.visit);
    let visit = visit.expect("it is there");
    assert_eq!(
        (visit.state.as_str(), visit.cycle),
        ("in_review", 0),
        "it knows that nobody returned it"
    );
    let evaluation = server.evaluation(&scene).await;
    let answers = evaluation["answers"].as_array().expect("answers");
    let greeted = answers.iter().find(|answer| answer["question"] == "greeted");
    assert_eq!(
        greeted.expect("the answer")["value"],
        "no",
        "what the server had lost came again"
    );
    assert_eq!(
        timelines(&server).await.len(),
        after.len(),
        "one begins for each change of the database"
    );
}

#[tokio::test]
async fn one_timeline_begins_for_each_start() {
    for database in [Some(TestDatabase::sqlite().await), TestDatabase::postgres().await]
        .into_iter()
        .flatten()
    {
        let server = TestServer::start(database).await;
        let first = timelines(&server).await;
        let _ = server.in_review(ProgrammeOptions::default()).await;
        assert_eq!(timelines(&server).await, first, "work begins none");
        assert_eq!(first.iter().map(|one| one.0).collect::<Vec<_>>(), [1]);
    }
}
