//! A server process with shoppers who have many visits before them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::agency::PASSWORD;
use crate::process::ServerProcess;

/// At most so many visits are planned in one request.
const VISITS_AT_ONCE: usize = 500;

/// A date some days from now.
fn day(days_from_now: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let seconds = i64::try_from(now.as_secs()).expect("before the year 292 277 026 596");
    let then = jiff::Timestamp::from_second(seconds + days_from_now * 86_400).expect("a time");
    then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn id(value: &Value) -> String {
    let id = value["id"].as_str();
    id.unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// Sets up an agency whose shoppers each have so many visits under a checklist; their e-mail addresses.
///
/// # Panics
/// The server refused something.
pub async fn plan_many(
    server: &ServerProcess,
    checklist: &Value,
    shoppers: usize,
    visits: usize,
) -> Vec<String> {
    plan_each(server, checklist, &vec![visits; shoppers]).await
}

/// Sets up an agency with a shopper for each number of visits; their e-mail addresses.
///
/// # Panics
/// The server refused something.
pub async fn plan_each(server: &ServerProcess, checklist: &Value, visits: &[usize]) -> Vec<String> {
    let setup = json!({"code": server.setup_code, "agency_name": "Haamu Oy", "email": "admin@haamu.example",
        "display_name": "Helmi Ahonen", "password": PASSWORD});
    let admin = server.post("setup", "", &setup).await;
    let admin = admin["access_token"].as_str().expect("a token").to_owned();
    let person = |name: &str, role: &str| {
        json!({"email": format!("{name}@haamu.example"), "display_name": name, "password": PASSWORD, "role": role,
            "client_organisation": null})
    };
    let _ = server
        .post("users", &admin, &person("coordinator", "coordinator"))
        .await;
    let token = &server.sign_in("coordinator@haamu.example", PASSWORD).await;
    let client = id(&server
        .post("client-organisations", token, &json!({"name": "Lumikko Ulkoilu"}))
        .await);
    let locations = format!("client-organisations/{client}/locations");
    let csv = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone,typical_staff_on_shift\n\
        T1,Lumikko Kallio,Torikatu 7,00530,Helsinki,FI,60.184321,24.950123,Europe/Helsinki,8\n";
    let _ = server
        .post_csv(&format!("{locations}/import"), token, csv.to_owned())
        .await;
    let location = id(&server.get(&locations, token).await["items"][0]);
    let round = open_round(server, token, &client, checklist).await;
    let mut emails = Vec::with_capacity(visits.len());
    for (number, visits) in visits.iter().enumerate() {
        let shopper = person(&format!("shopper-{number}"), "shopper");
        let shopper_id = server.add_shopper(&admin, &shopper).await;
        let visit = json!({"location": location, "shopper": shopper_id});
        let mut left = *visits;
        while left > 0 {
            let some = left.min(VISITS_AT_ONCE);
            let planned = json!({"visits": vec![visit.clone(); some]});
            let _ = server
                .post(&format!("rounds/{round}/visits"), token, &planned)
                .await;
            left -= some;
        }
        emails.push(shopper["email"].as_str().expect("a text").to_owned());
    }
    emails
}

/// An active programme with a round around today.
async fn open_round(server: &ServerProcess, token: &str, client: &str, checklist: &Value) -> String {
    let version = id(&server.post("checklists", token, checklist).await);
    let publish = format!("checklist-versions/{version}/publish");
    let _ = server.post(&publish, token, &Value::Null).await;
    let programme = json!({"client_organisation": client, "name": "Myymälät", "purpose": "develop_service",
        "release_delay_hours": 0});
    let programme = format!(
        "programmes/{}",
        id(&server.post("programmes", token, &programme).await)
    );
    // A measurement is no fieldwork: one person goes again and again.
    let rules = json!({"rotation_days": 0, "location_visits_per_day": 1000});
    let _ = server
        .put(&format!("{programme}/field-rules"), token, &rules)
        .await;
    let notice =
        json!({"informed_on": day(-40), "audience": "kaikki", "channel": "tiedote", "text": "Arvioidaan."});
    let _ = server
        .post(&format!("{programme}/staff-notices"), token, &notice)
        .await;
    let _ = server
        .post(&format!("{programme}/activate"), token, &Value::Null)
        .await;
    let round = json!({"name": "Kierros", "checklist_version": version, "starts_on": day(-10), "visit_by": day(10),
        "report_by": day(12), "counts_in": day(0)});
    id(&server.post(&format!("{programme}/rounds"), token, &round).await)
}
