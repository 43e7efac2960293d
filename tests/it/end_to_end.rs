//! The main job with real processes: `haamu serve`, `haamu device`, and kills in between.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use haamu_tests::device::PHOTO;
use haamu_tests::process::{DeviceProcess, ServerProcess, run};
use haamu_tests::{PASSWORD, TestDatabase};
use reqwest::Method;
use serde_json::{Value, json};

/// The shopper's name, which no report shows.
const SHOPPER: &str = "Aino Virtasaari";
/// How long a command lives before it is killed: from its first instruction to its last.
const LIVES_MS: [u64; 7] = [0, 4, 8, 12, 20, 30, 50];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples")
}

fn retail() -> Value {
    serde_json::from_str(&read("checklists/retail-store-visit.json")).expect("JSON")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(examples().join(name)).expect("an example")
}

/// A date of this week.
fn day(days_from_now: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let seconds = i64::try_from(now.as_secs()).expect("before the year 292 277 026 596");
    let then = jiff::Timestamp::from_second(seconds + days_from_now * 86_400).expect("a time");
    then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {value}"))
        .to_owned()
}

/// What was planned, by ids.
pub(super) struct Planned {
    pub(super) visit: String,
    pub(super) reviewer: String,
    pub(super) manager: String,
}

pub(super) async fn plan(server: &ServerProcess, document: &Value) -> Planned {
    let setup = json!({"code": server.setup_code, "agency_name": "Haamu Oy", "email": "admin@haamu.example",
        "display_name": "Helmi Ahonen", "password": PASSWORD});
    let admin = server.post("setup", "", &setup).await;
    let admin = admin["access_token"].as_str().expect("a token").to_owned();
    let person = |role: &str, client: Option<&str>| {
        json!({"email": format!("{role}@haamu.example"), "display_name": if role == "shopper" { SHOPPER } else { role },
            "password": PASSWORD, "role": role, "client_organisation": client})
    };
    let _ = server.post("users", &admin, &person("coordinator", None)).await;
    let coordinator = server.sign_in("coordinator@haamu.example", PASSWORD).await;
    let client = id(&server
        .post("client-organisations", &coordinator, &json!({"name": "Lumikko"}))
        .await);
    let locations = format!("client-organisations/{client}/locations");
    let _ = server
        .post_csv(
            &format!("{locations}/import"),
            &coordinator,
            read("locations-retail.csv"),
        )
        .await;
    let location = id(&server.get(&locations, &coordinator).await["items"][0]);
    let version = id(&server.post("checklists", &coordinator, document).await);
    let _ = server
        .post(
            &format!("checklist-versions/{version}/publish"),
            &coordinator,
            &Value::Null,
        )
        .await;
    let programme = json!({"client_organisation": client, "name": "Myymälät", "purpose": "develop_service", "release_delay_hours": 0});
    let programme = id(&server.post("programmes", &coordinator, &programme).await);
    let notice =
        json!({"informed_on": day(-40), "audience": "kaikki", "channel": "tiedote", "text": "Arvioidaan."});
    let _ = server
        .post(
            &format!("programmes/{programme}/staff-notices"),
            &coordinator,
            &notice,
        )
        .await;
    let _ = server
        .post(
            &format!("programmes/{programme}/activate"),
            &coordinator,
            &Value::Null,
        )
        .await;
    let round = json!({"name": "Kierros", "checklist_version": version, "starts_on": day(-10), "visit_by": day(10),
        "report_by": day(12), "counts_in": day(0)});
    let round = id(&server
        .post(&format!("programmes/{programme}/rounds"), &coordinator, &round)
        .await);
    let shopper = server.add_shopper(&coordinator, &person("shopper", None)).await;
    for (role, client) in [("reviewer", None), ("client_manager", Some(client.as_str()))] {
        let _ = server.post("users", &admin, &person(role, client)).await;
    }
    let visits = json!({"visits": [{"location": location, "shopper": shopper}]});
    let planned = server
        .post(&format!("rounds/{round}/visits"), &coordinator, &visits)
        .await;
    Planned {
        visit: id(&planned["items"][0]),
        reviewer: server.sign_in("reviewer@haamu.example", PASSWORD).await,
        manager: server.sign_in("client_manager@haamu.example", PASSWORD).await,
    }
}

/// Runs a command until it was killed at several points of its life, then to its end.
async fn through_kills(device: &DeviceProcess, arguments: &[&str]) -> Result<String, String> {
    for life in LIVES_MS {
        if !device.run_killed(arguments, Duration::from_millis(life)).await {
            break;
        }
        // Whatever happened, the device opens.
        let _ = device.run(&["status"]).await;
    }
    device.try_run(arguments).await
}

async fn fill_in(device: &DeviceProcess, visit: &str, folder: &Path) {
    let answers = examples().join("answers/retail-warm.json");
    let _ = through_kills(
        device,
        &["answer", visit, "--file", answers.to_str().expect("text")],
    )
    .await
    .expect("answered");
    let arrival = format!("{}T14:35", day(-1));
    let _ = through_kills(device, &["answer", visit, "arrival_time", &arrival])
        .await
        .expect("answered");
    let photo = folder.join("photo.jpg");
    std::fs::write(&photo, PHOTO).expect("a photo");
    // A photo is there once, however often the command was killed after it had saved it.
    let photo = photo.to_str().expect("text");
    let _ = through_kills(device, &["photo", visit, "photo_entrance", photo])
        .await
        .expect("added");
    let receipt = ["photo", visit, "receipt_photo", photo, "--caption", "Kuitti"];
    let _ = through_kills(device, &receipt).await.expect("added");
    // A submit that was killed after it had saved says that the visit is handed in.
    if let Err(error) = through_kills(device, &["submit", visit]).await {
        assert!(error.contains("handed in"), "{error}");
    }
}

async fn main_job(database_url: Option<&str>, objects: Vec<(&'static str, String)>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let mut environment = objects;
    if let Some(url) = database_url {
        environment.push(("HAAMU_DATABASE_URL", url.to_owned()));
    }
    let mut server = ServerProcess::start(folder, environment).await;
    let planned = plan(&server, &retail()).await;
    let device = DeviceProcess::new(folder.join("device.sqlite"), PASSWORD);
    let _ = device
        .run(&[
            "login",
            "--server",
            &server.url(),
            "--email",
            "shopper@haamu.example",
        ])
        .await;
    let listed = device.run(&["pull"]).await;
    assert!(
        listed.contains("offered") && listed.contains("answer by"),
        "{listed}"
    );
    let said = device.run(&["accept", &planned.visit]).await;
    assert!(said.contains("Accepted, with your declaration"), "{said}");
    let listed = device.run(&["list"]).await;
    assert!(!listed.contains("answer by"), "{listed}");
    let listed = device.run(&["list", "--lang", "sv"]).await;
    assert!(
        listed.contains("avtalat") && !listed.contains("accepted"),
        "{listed}"
    );
    let again = device.try_run(&["accept", &planned.visit, "--lang", "fi"]).await;
    let again = again.expect_err("it is accepted already");
    assert!(again.contains("sitä ei enää tarjota sinulle"), "{again}");

    server.kill().await;
    fill_in(&device, &planned.visit, folder).await;
    let offline = device.try_run(&["sync", "--wait", "0"]).await;
    assert!(offline.is_err(), "there is no server: {offline:?}");

    server.restart().await;
    let _ = device
        .run_killed(&["sync", "--wait", "30"], Duration::from_millis(60))
        .await;
    server.kill().await;
    server.restart().await;
    let _ = through_kills(&device, &["sync", "--wait", "30"])
        .await
        .expect("synced");
    let status = device.run(&["status"]).await;
    assert!(status.contains("Everything is sent"), "{status}");
    check_report(&server, &planned, folder).await;
}

/// What `haamu score` says of the same answers.
async fn score(folder: &Path) -> Value {
    let answers: Value = serde_json::from_str(&read("answers/retail-warm.json")).expect("JSON");
    let file = folder.join("answers.json");
    std::fs::write(&file, json!({"answers": answers["answers"]}).to_string()).expect("a file");
    let checklist = examples().join("checklists/retail-store-visit.json");
    let arguments = [
        "score",
        "--checklist",
        checklist.to_str().expect("text"),
        "--answers",
        file.to_str().expect("text"),
    ];
    let output = run(&arguments, None).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn check_report(server: &ServerProcess, planned: &Planned, folder: &Path) {
    let path = format!("visits/{}", planned.visit);
    let wait = async {
        loop {
            let read = server.get(&format!("{path}/evaluation"), &planned.reviewer).await;
            if read["state"] == "in_review" {
                break read;
            }
            tokio::task::yield_now().await;
        }
    };
    let evaluation = tokio::time::timeout(Duration::from_secs(60), wait)
        .await
        .expect("processed in time");
    assert_eq!(
        (&evaluation["files_expected"], &evaluation["files_received"]),
        (&json!(2), &json!(2))
    );
    for verb in ["approve", "release"] {
        let _ = server
            .post(&format!("{path}/{verb}"), &planned.reviewer, &json!({}))
            .await;
    }
    let path = format!("visit-reports/{}", planned.visit);
    let report = server.get(&path, &planned.manager).await;
    let expected = score(folder).await;
    assert_eq!(
        report["score"]["exact"], expected["final"],
        "what `haamu score` says of the same answers"
    );
    assert_eq!(report["score"]["display"], expected["display"]);
    assert_eq!(
        report["photos"].as_array().map(Vec::len),
        Some(1),
        "the receipt stays with the agency"
    );
    let page = server
        .call(
            Method::GET,
            &format!("{path}/html?lang=sv"),
            &planned.manager,
            None,
        )
        .await;
    let page = page.as_str().expect("a page");
    assert!(page.contains("data:image/jpeg;base64,") && page.contains("lang=\"fi\""));
    for secret in [SHOPPER, "Virtasaari", "14:35", "14.35", "Kuitti"] {
        assert!(
            !page.contains(secret) && !report.to_string().contains(secret),
            "{secret}"
        );
    }
}

mod sqlite {
    #[tokio::test]
    async fn the_main_job_survives_kills() {
        super::main_job(None, Vec::new()).await;
    }
}

mod postgres {
    use haamu_tests::replicas::s3_settings;

    use super::*;

    #[tokio::test]
    async fn the_main_job_survives_kills() {
        if let Some(database) = TestDatabase::empty_postgres().await {
            main_job(Some(database.url()), Vec::new()).await;
        }
    }

    /// The grown installation: PostgreSQL, and an S3 server that we did not write.
    #[tokio::test]
    async fn the_main_job_survives_kills_with_photos_on_s3() {
        let Some(objects) = s3_settings("end-to-end") else {
            return;
        };
        let Some(database) = TestDatabase::empty_postgres().await else {
            return;
        };
        main_job(Some(database.url()), objects).await;
    }
}
