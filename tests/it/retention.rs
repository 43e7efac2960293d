//! What is deleted when its time is over, night by night, and what stays.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use axum::http::Method;
use haamu_domain::{Role, SubmissionId};
use haamu_tests::agency::{ProgrammeOptions, Scene};
use haamu_tests::{TestDatabase, TestServer, WireDevice, both_dbs};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

const STORY: &str = "tiskillä hymyiltiin";
const HOUR: i64 = 3_600;

/// Goes to the night of the date so many days after the visits, and does what is due then. The night before is not
/// missed: nothing is deleted in the first night after a leap.
pub(crate) async fn night(server: &TestServer, days: i64) {
    for days in [days - 1, days] {
        night_after_leap(server, days).await;
    }
}

/// The same, whatever was before.
pub(crate) async fn night_after_leap(server: &TestServer, days: i64) {
    let begun = haamu_tests::server::TestClock::default().millis() / 1_000;
    let until_noon = begun + (days - 1) * 24 * HOUR - server.clock.millis() / 1_000;
    if until_noon < 0 {
        return;
    }
    server.clock.advance_seconds(until_noon);
    server.app.plan_purges().await.expect("planned");
    server.clock.advance_seconds(13 * HOUR);
    server.run_jobs().await;
    server.forget_tokens();
}

/// The first column of a query, as texts.
async fn texts(server: &TestServer, sql: &str) -> Vec<String> {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.expect("a query");
    rows.iter()
        .map(|row| {
            row.try_get_by_index::<Option<String>>(0)
                .expect("a text")
                .unwrap_or_default()
        })
        .collect()
}

pub(crate) async fn count(server: &TestServer, from: &str) -> i64 {
    let connection = server.database.connect().await;
    let statement = Statement::from_string(
        connection.get_database_backend(),
        format!("SELECT COUNT(*) FROM {from}"),
    );
    let row = connection.query_one_raw(statement).await.expect("a query");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// Whether any operation, register or score of the database still says something.
async fn says(server: &TestServer, words: &str) -> bool {
    let connection = server.database.connect().await;
    for sql in ["SELECT raw FROM op", "SELECT cell FROM register"] {
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        for row in connection.query_all_raw(statement).await.expect("a query") {
            let bytes: Vec<u8> = row.try_get_by_index(0).expect("bytes");
            if bytes
                .windows(words.len())
                .any(|window| window == words.as_bytes())
            {
                return true;
            }
        }
    }
    let mut all = texts(server, "SELECT value FROM register").await;
    all.extend(texts(server, "SELECT result || trace || findings FROM score").await);
    all.extend(texts(server, "SELECT detail FROM audit").await);
    all.iter().any(|text| text.contains(words))
}

async fn report(server: &TestServer, scene: &Scene) -> Value {
    let path = format!("/v1/visit-reports/{}", scene.visit);
    server
        .get(&path)
        .by(server.north.manager())
        .await
        .send()
        .await
        .ok()
}

pub(crate) async fn log(server: &TestServer) -> Vec<Value> {
    let administrator = server.north.person(Role::Administrator);
    server.list("/v1/agency/purges", administrator).await
}

/// What the log says of a class on the last night.
async fn logged(server: &TestServer, class: &str) -> (u64, u64, bool) {
    let log = log(server).await;
    let entry = log
        .iter()
        .find(|entry| entry["class"] == class)
        .expect("an entry");
    let number = |key: &str| entry[key].as_u64().expect("a number");
    (
        number("rows"),
        number("objects"),
        entry["finished_at"].is_string(),
    )
}

/// How many files of the store have paths that begin so.
fn files(server: &TestServer, folder: &str) -> usize {
    let root = server.folder().join("objects").join(folder);
    let Ok(agencies) = std::fs::read_dir(root) else {
        return 0;
    };
    agencies
        .map(|agency| {
            std::fs::read_dir(agency.expect("a folder").path())
                .expect("a folder")
                .count()
        })
        .sum()
}

pub(crate) async fn hold(server: &TestServer, scene: &Scene, method: Method) -> u16 {
    let path = format!("/v1/visits/{}/hold", scene.visit);
    let call = server.request(method.clone(), &path);
    let call = match method {
        Method::PUT => call.json(&json!({"reason": "Reklamaatio"})),
        _ => call,
    };
    let administrator = server.north.person(Role::Administrator);
    call.by(administrator).await.send().await.status.as_u16()
}

/// Drives a future for some polls, then drops it, as a process that is killed does.
async fn killed_after(polls: usize, work: impl Future) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|_| true)
    })
    .await
}

both_dbs! {
    async fn times_photos_and_words_are_deleted_after_their_days_and_scores_stay(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let before = report(&server, &scene).await;
        assert_eq!((before["photos"].as_array().map(Vec::len), before.get("deleted")), (Some(1), None));
        night(&server, 90).await;
        assert!(says(&server, "2026-11-20T13:37").await, "90 days are not over");
        night(&server, 91).await;
        assert!(!says(&server, "2026-11-20T13:37").await);
        assert!(says(&server, "2026-11-16T11:00").await, "the week and the part of the day stay");
        assert_eq!(count(&server, "visit WHERE visited_at = 1794819600000").await, 1, "2026-11-16T11:00 in Helsinki");
        assert_eq!(report(&server, &scene).await, before, "a report never was more exact");
        assert!(logged(&server, "staff_data").await.0 > 0);
        night(&server, 365).await;
        assert_eq!(report(&server, &scene).await, before);
        assert_eq!((files(&server, "blobs"), files(&server, "renditions"), says(&server, STORY).await), (1, 1, true));
        night(&server, 366).await;
        assert_eq!((files(&server, "blobs"), files(&server, "renditions"), says(&server, STORY).await), (0, 0, false));
        assert!(!says(&server, "Ovi kadulta").await, "captions go with their photos");
        let after = report(&server, &scene).await;
        assert_eq!((&after["score"], &after["sections"], &after["losses"]), (&before["score"], &before["sections"], &before["losses"]));
        assert_eq!((&after["photos"], &after["deleted"]), (&json!([]), &json!(["photos", "texts"])));
        let page = server.get(&format!("/v1/visit-reports/{}/html?lang=fi", scene.visit)).by(server.north.manager()).await.send().await;
        assert!(page.text().contains("säilytysaika"), "readers are told why");
        let photo = server.get(&format!("/v1/visit-reports/{}/photos/1", scene.visit)).by(server.north.manager()).await.send().await;
        assert_eq!(photo.problem(410), "deleted_by_retention");
        let evaluation = server.get(&format!("/v1/visits/{}/evaluation", scene.visit)).by(server.north.reviewer()).await.send().await.ok();
        assert_eq!(evaluation["findings"], json!([]));
        let file = evaluation["answers"].as_array().expect("answers").iter().find_map(|answer| answer["files"].get(0)).expect("a file");
        assert_eq!((&file["received"], &file["deleted"]), (&json!(false), &json!(true)));
        let path = format!("/v1/visits/{}/evaluation/photos/{}", scene.visit, file["sha256"].as_str().expect("a name"));
        assert_eq!(server.get(&path).by(server.north.reviewer()).await.send().await.problem(410), "deleted_by_retention");
        let (rows, objects, is_finished) = logged(&server, "photo").await;
        assert!(rows > 0 && objects == 1 && is_finished);
    }

    async fn a_purge_that_is_done_twice_deletes_nothing_more(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        night(&server, 800).await;
        let first = (log(&server).await, report(&server, &scene).await, texts(&server, "SELECT value FROM register").await);
        let counts = server.app.purge_now().await.expect("purged");
        let counts = &counts.iter().find(|(agency, _)| *agency == server.north.id).expect("the agency").1;
        let rows = |class: &str| counts.iter().find(|count| count.class.as_str() == class).expect("a class").rows;
        let day = &first.0[0]["day"];
        for entry in first.0.iter().filter(|entry| entry["day"] == *day) {
            // Sessions of those who have looked at the log, and what the night itself left, are not old.
            assert_eq!(entry["rows"].as_u64(), Some(rows(entry["class"].as_str().expect("a class"))), "{entry}");
        }
        assert_eq!((report(&server, &scene).await, texts(&server, "SELECT value FROM register").await), (first.1, first.2));
    }

    async fn a_purge_that_is_killed_goes_on(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let _ = server.plan_again(&server.north).await;
        let score = report(&server, &scene).await["score"].clone();
        night(&server, 365).await;
        server.clock.advance_seconds(11 * HOUR);
        server.app.plan_purges().await.expect("planned");
        server.clock.advance_seconds(13 * HOUR);
        let mut kills = 0;
        for polls in (1..).map(|step| step * 7) {
            if killed_after(polls, server.app.run_next_job()).await {
                if server.app.count_due_jobs().await.expect("a count") == 0 {
                    break;
                }
                // It was another job's turn.
                continue;
            }
            kills += 1;
            // The claim lapses; attempts that ended with their process are limited.
            server.clock.advance_seconds(11 * 60);
            let connection = server.database.connect().await;
            connection.execute_unprepared("UPDATE job SET attempts = 0").await.expect("a change");
        }
        assert!(kills > 0);
        server.run_jobs().await;
        server.forget_tokens();
        assert_eq!((files(&server, "blobs"), files(&server, "renditions"), says(&server, STORY).await), (0, 0, false));
        assert_eq!(report(&server, &scene).await["score"], score);
        assert!(log(&server).await.iter().all(|entry| entry["finished_at"].is_string()));
    }

    async fn what_is_held_stays_until_the_hold_is_lifted(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        assert_eq!(hold(&server, &scene, Method::PUT).await, 200);
        night(&server, 800).await;
        assert!(says(&server, STORY).await && says(&server, "2026-11-20T13:37").await);
        assert_eq!(files(&server, "blobs"), 1);
        assert_eq!(count(&server, "membership WHERE anonymised_at IS NOT NULL AND user_id IN (SELECT shopper_id FROM submission)").await, 0);
        assert_eq!(hold(&server, &scene, Method::DELETE).await, 204);
        assert_eq!(hold(&server, &scene, Method::DELETE).await, 404);
        night(&server, 802).await;
        assert!(!says(&server, STORY).await && !says(&server, "2026-11-20T13:37").await);
        assert_eq!(files(&server, "blobs"), 0);
    }

    async fn devices_forget_and_bring_nothing_back(server) {
        let (scene, mut device) = server.in_review(ProgrammeOptions::default()).await;
        for verb in ["approve", "release"] {
            let path = format!("/v1/visits/{}/{verb}", scene.visit);
            let _ = server.post(&path, json!({})).by(server.north.reviewer()).await.send().await.ok();
        }
        device.sync().await;
        assert_eq!(device.client.visits().len(), 1);
        night(&server, 366).await;
        device.sign_in_again().await;
        device.sync().await;
        assert_eq!(device.client.visits().len(), 0, "the device has forgotten the visit");
        // An old phone of the same person has never heard of that.
        let id: uuid::Uuid = scene.submission.parse().expect("an id");
        let document = SubmissionId::from_uuid(id).document();
        let mut old = WireDevice::enrol(&server, server.north.shopper()).await;
        let ops: Vec<_> = (1..=2).map(|seq| old.op(seq, document, "story", "\"Ovi oli auki, tiskillä hymyiltiin\"")).collect();
        let answer = old.send(&old.request(&ops)).await;
        assert_eq!(answer.have.seq, 2, "all of it is acknowledged");
        let codes: Vec<_> = answer.exceptions.iter().map(|exception| exception.code.as_str()).collect();
        assert_eq!(codes, ["deleted_by_retention"; 2]);
        assert!(!says(&server, STORY).await, "what it says is not kept");
        let again = old.send(&old.request(&[])).await;
        assert_eq!(again.have.seq, 2);
        let backup = server.database.settings();
        let compared = server.app.confirm_custody(&backup, |_, _| {}).await.expect("compared");
        assert_eq!((compared.damaged, compared.foreign), (0, 0), "logs are whole without what was deleted");
    }

    async fn sessions_mails_jobs_and_people_have_their_days(server) {
        let _ = server.released(ProgrammeOptions::default()).await;
        let shopper = server.north.shopper().clone();
        let finished = "job WHERE finished_at IS NOT NULL AND kind <> 'purge'";
        night(&server, 30).await;
        let before = count(&server, finished).await;
        night(&server, 31).await;
        assert!(count(&server, finished).await < before);
        let sessions = count(&server, "session").await;
        night(&server, 300).await;
        let other = server.north.other_shopper.clone();
        let _ = server.sign_in(&other).await;
        night(&server, 400).await;
        assert!(count(&server, "session").await < sessions);
        let named = format!("user_account WHERE email = '{}'", shopper.email);
        night(&server, 730).await;
        assert_eq!(count(&server, &named).await, 1);
        night(&server, 731).await;
        assert_eq!(count(&server, &named).await, 0, "nobody knows who it was");
        assert_eq!(count(&server, "submission").await, 1, "the work stays");
        let named = format!("user_account WHERE email = '{}'", other.email);
        night(&server, 1_030).await;
        assert_eq!(count(&server, &named).await, 1, "they were there on day 300, though no session tells it any more");
        night(&server, 1_031).await;
        assert_eq!(count(&server, &named).await, 0);
        assert_eq!(count(&server, &format!("user_account WHERE email = '{}'", server.north.reviewer().email)).await, 1);
    }

    async fn who_works_for_another_agency_too_keeps_their_account(server) {
        let (shopper, south) = (server.north.shopper().clone(), server.south.coordinator().email.clone());
        let join = format!(
            "INSERT INTO membership (agency_id, user_id, role, created_at)
             SELECT m.agency_id, p.id, 'coordinator', m.created_at
               FROM membership m JOIN user_account c ON c.id = m.user_id, user_account p
              WHERE c.email = '{south}' AND p.email = '{}'",
            shopper.email
        );
        let connection = server.database.connect().await;
        let _ = connection.execute_unprepared(&join).await.expect("a member");
        night(&server, 731).await;
        let named = format!("user_account WHERE email = '{}' AND disabled_at IS NULL", shopper.email);
        assert_eq!(count(&server, &named).await, 1);
        let memberships = format!("membership m JOIN user_account u ON u.id = m.user_id WHERE u.email = '{}'", shopper.email);
        assert_eq!(count(&server, &format!("{memberships} AND m.anonymised_at IS NULL")).await, 1, "the north has forgotten them");
        assert_eq!(count(&server, &memberships).await, 2);
        let _ = server.sign_in(&shopper).await;
    }

    async fn another_agency_keeps_what_it_keeps(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let other = server.plan(&server.south, ProgrammeOptions::default()).await;
        let south = server.south.person(Role::Administrator);
        let set = |rules: Value| server.request(Method::PUT, "/v1/agency/retention").json(&json!({"rules": rules}));
        let refused = set(json!([{"class": "photo", "days": 5}, {"class": "photo", "days": 40}])).by(south).await.send().await;
        assert_eq!(refused.issues(422), ["rules[0].days out_of_range", "rules[1].class repeated"]);
        let kept = set(json!([{"class": "photo", "days": 1000}, {"class": "audit", "days": 400}])).by(south).await.send().await.ok();
        let days = |kept: &Value, class: &str| {
            kept["rules"].as_array().expect("rules").iter().find(|rule| rule["class"] == class).expect("a class")["days"].clone()
        };
        assert_eq!((days(&kept, "photo"), days(&kept, "narrative")), (json!(1000), json!(365)));
        let north = server.get("/v1/agency/retention").by(server.north.person(Role::Administrator)).await.send().await.ok();
        assert_eq!((days(&north, "photo"), days(&north, "audit")), (json!(365), json!(2192)));
        assert_eq!(hold(&server, &other, Method::PUT).await, 404, "a visit of another agency");
        night(&server, 401).await;
        let id = server.south.id;
        let purged = "purge_log WHERE class = 'photo' AND objects_purged > 0";
        assert_eq!(count(&server, purged).await, 1, "only the north had photos");
        assert!(count(&server, "purge_log WHERE class = 'audit' AND rows_purged > 0").await > 0, "{id}");
        let report = report(&server, &scene).await;
        assert_eq!(report["deleted"], json!(["photos", "texts"]));
    }

    async fn processes_that_start_together_plan_one_purge(server) {
        let (one, two, three) = (server.app.clone(), server.app.clone(), server.app.clone());
        let (one, two, three) = tokio::join!(one.plan_purges(), two.plan_purges(), three.plan_purges());
        one.and(two).and(three).expect("planned");
        assert_eq!(count(&server, "job WHERE kind = 'purge'").await, 2, "one for each agency");
        server.clock.advance_seconds(24 * HOUR);
        server.run_jobs().await;
        assert_eq!(count(&server, "job WHERE kind = 'purge' AND finished_at IS NOT NULL").await, 2);
        assert_eq!(count(&server, "job WHERE kind = 'purge' AND finished_at IS NULL").await, 2, "each plans the next");
        assert_eq!(server.app.count_due_purges().await.expect("counted").len(), 2);
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_go_and_deletes_nothing() {
    let server = TestServer::start(TestDatabase::sqlite().await).await;
    let _ = server.released(ProgrammeOptions::default()).await;
    let total = |counts: &[haamu_app::PurgeCount], class: &str| {
        let count = counts.iter().find(|count| count.class.as_str() == class);
        count.map(|count| (count.rows, count.objects))
    };
    let of_north = |all: Vec<(haamu_domain::AgencyId, Vec<haamu_app::PurgeCount>)>| {
        let found = all.into_iter().find(|(agency, _)| *agency == server.north.id);
        found.expect("the agency").1
    };
    let counts = of_north(server.app.count_due_purges().await.expect("counted"));
    assert_eq!(total(&counts, "photo"), Some((0, 0)));
    server.clock.advance_seconds(366 * 24 * HOUR);
    let counts = of_north(server.app.count_due_purges().await.expect("counted"));
    assert_eq!(
        (total(&counts, "photo"), total(&counts, "staff_data")),
        (Some((1, 1)), Some((1, 0)))
    );
    assert!(says(&server, STORY).await && files(&server, "blobs") == 1);
    let counts = of_north(server.app.purge_now().await.expect("purged"));
    assert_eq!(total(&counts, "photo").map(|(_, objects)| objects), Some(1));
    let counts = of_north(server.app.count_due_purges().await.expect("counted"));
    assert_eq!(total(&counts, "photo"), Some((0, 0)));
}
