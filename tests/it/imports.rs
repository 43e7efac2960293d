//! Importing people and visits from before Haamu, from CSV and XLSX; locations from XLSX.

use axum::http::Method;
use haamu_domain::Role;
use haamu_store::repo::{identity, imports};
use haamu_store::{Db, Reach, StoreError, Tx};
use haamu_tests::agency::{Person, ProgrammeOptions, TestAgency};
use haamu_tests::{Answer, PASSWORD, TestServer, both_dbs};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PEOPLE: &str =
    "external_id,email,name,languages,born_on,qualifications,home_latitude,home_longitude,active\n";
const VISITS: &str = "external_id,shopper,location,date,companion\n";

pub(crate) async fn send(
    server: &TestServer,
    path: &str,
    media_type: &str,
    body: impl Into<Vec<u8>>,
) -> Answer {
    let call = server.request(Method::POST, path).body(media_type, body);
    call.by(server.north.coordinator()).await.send().await
}

pub(crate) async fn people(server: &TestServer, query: &str, rows: &str) -> Answer {
    let path = format!("/v1/shoppers/import{query}");
    send(server, &path, "text/csv", format!("{PEOPLE}{rows}")).await
}

async fn visits(server: &TestServer, query: &str, rows: &str) -> Answer {
    let path = format!(
        "/v1/client-organisations/{}/past-visits/import{query}",
        server.north.client
    );
    send(server, &path, "text/csv", format!("{VISITS}{rows}")).await
}

/// Created, updated and unchanged rows, and how many errors.
#[track_caller]
pub(crate) fn counts(answer: Answer) -> [u64; 4] {
    let body = answer.ok();
    let count = |name: &str| body[name].as_u64().expect("a count");
    let errors = body["errors"].as_array().expect("errors").len() as u64;
    [count("created"), count("updated"), count("unchanged"), errors]
}

async fn members(server: &TestServer, agency: &TestAgency) -> Vec<Value> {
    let listed = server
        .get("/v1/users")
        .by(agency.coordinator())
        .await
        .send()
        .await
        .ok();
    listed["items"].as_array().cloned().expect("items")
}

async fn member(server: &TestServer, email: &str) -> Value {
    let all = members(server, &server.north).await;
    all.into_iter()
        .find(|item| item["email"] == email)
        .unwrap_or_default()
}

async fn profile(server: &TestServer, user: &Value) -> Value {
    let path = format!("/v1/shoppers/{}/profile", user["id"].as_str().expect("an id"));
    server
        .get(&path)
        .by(server.north.coordinator())
        .await
        .send()
        .await
        .ok()
}

/// How often the audit trail has an action.
async fn audited(server: &TestServer, action: &str) -> i64 {
    let connection = server.database.connect().await;
    let sql = format!("SELECT COUNT(*) FROM audit WHERE action = '{action}'");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection
        .query_one_raw(statement)
        .await
        .expect("a query")
        .expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// A planned visit at the location `T1`, whose programme lets nobody come back for 30 days.
pub(crate) async fn with_rotation(server: &TestServer) -> String {
    let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
    let path = format!("/v1/programmes/{}/field-rules", scene.programme);
    let rules = json!({"rotation_days": 30, "location_visits_per_day": 9});
    let call = server.request(Method::PUT, &path).json(&rules);
    let _ = call.by(server.north.coordinator()).await.send().await.ok();
    let path = format!("/v1/rounds/{}/visits", scene.round);
    let call = server.post(&path, json!({"visits": [{"location": scene.location}]}));
    let planned = call.by(server.north.coordinator()).await.send().await.created();
    planned["items"][0]["id"].as_str().expect("an id").to_owned()
}

/// `code date` of what keeps somebody from a visit on 25 November.
pub(crate) async fn obstacles(server: &TestServer, visit: &str, person: &Person) -> Vec<String> {
    let path = format!(
        "/v1/visits/{visit}/eligibility?shopper={}&on=2026-11-25",
        person.id
    );
    let asked = server
        .get(&path)
        .by(server.north.coordinator())
        .await
        .send()
        .await
        .ok();
    shown(&asked)
}

fn shown(answer: &Value) -> Vec<String> {
    let items = answer["obstacles"].as_array().cloned().unwrap_or_default();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let one = |item: &Value| format!("{} {}", text(item, "code"), text(item, "allowed_from"));
    items.iter().map(|item| one(item).trim_end().to_owned()).collect()
}

pub(crate) fn workbook(rows: &[&[&str]]) -> Workbook {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            sheet.write(row, column, *cell).expect("a cell");
        }
    }
    book
}

both_dbs! {
    async fn people_are_imported_once(server) {
        let rows = "7,aino@north.example,Aino Virta,fi sv,1990-02-03,car,60.17,24.94,\n\
                    8,Eetu@North.example,Eetu Salo,\"en;fi\",,,,,no\n";
        let before = members(&server, &server.north).await.len();
        assert_eq!(counts(people(&server, "?dry_run=true", rows).await), [2, 0, 0, 0]);
        assert_eq!(members(&server, &server.north).await.len(), before, "a dry run writes nothing");
        assert_eq!(counts(people(&server, "", rows).await), [2, 0, 0, 0]);
        let aino = member(&server, "aino@north.example").await;
        assert_eq!((&aino["role"], &aino["display_name"]), (&json!("shopper"), &json!("Aino Virta")));
        let found = profile(&server, &aino).await;
        let expected = json!({"user": aino["id"], "external_id": "7", "active": true, "suspended": false, "born_on": "1990-02-03",
            "languages": ["fi", "sv"], "qualifications": ["car"],
            "places": [{"name": "home", "latitude": "60.17", "longitude": "24.94"}]});
        assert_eq!(found, expected);
        assert_eq!(profile(&server, &member(&server, "eetu@north.example").await).await["active"], false);
        for query in ["?dry_run=true", ""] {
            assert_eq!(counts(people(&server, query, rows).await), [0, 0, 2, 0]);
        }
        // Nobody has signed in yet, so that the agency still corrects address and name.
        let moved = rows.replace("aino@", "aino.virta@").replace("Eetu Salo", "Eetu Salonen").replace("60.17", "60.2");
        for query in ["?dry_run=true", ""] {
            assert_eq!(counts(people(&server, query, &moved).await), [0, 2, 0, 0]);
        }
        assert_eq!(counts(people(&server, "", &moved).await), [0, 0, 2, 0]);
        assert_eq!(member(&server, "aino.virta@north.example").await["id"], aino["id"]);
        assert_eq!(member(&server, "eetu@north.example").await["display_name"], "Eetu Salonen");
        assert_eq!(profile(&server, &aino).await["places"][0]["latitude"], "60.2");
        assert_eq!(members(&server, &server.north).await.len(), before + 2);
    }

    async fn new_people_cannot_sign_in(server) {
        assert_eq!(counts(people(&server, "", "7,aino@north.example,Aino,,,,,,\n").await), [1, 0, 0, 0]);
        for password in ["", " ", "null", PASSWORD] {
            let body = json!({"email": "aino@north.example", "password": password});
            let answer = server.post("/v1/sessions", body).send().await;
            assert_eq!(answer.problem(401), "invalid_credentials", "{password:?}");
        }
    }

    async fn whoever_is_there_is_found_by_their_address(server) {
        let shopper = server.north.shopper();
        let before = member(&server, &shopper.email).await;
        let row = format!("S-1,{},Another Name,fi,1990-05-17,,,,\n", shopper.email);
        assert_eq!(counts(people(&server, "", &row).await), [0, 1, 0, 0]);
        let after = member(&server, &shopper.email).await;
        assert_eq!(after["display_name"], before["display_name"], "whoever has a password keeps their name");
        assert_eq!((&after["id"], &after["external_id"]), (&before["id"], &json!("S-1")));
        let found = profile(&server, &before).await;
        assert_eq!((&found["external_id"], &found["languages"]), (&json!("S-1"), &json!(["fi"])));
        assert_eq!(counts(people(&server, "", &row).await), [0, 0, 1, 0]);
        let _ = server.sign_in(shopper).await;
        let moved = people(&server, "", "S-1,other@north.example,Aino,,,,,,\n").await;
        let moved = moved.ok();
        assert_eq!((&moved["unchanged"], &moved["left"][0]["code"]), (&json!(1), &json!("own_address")));
        let second = people(&server, "", &row.replace("S-1", "S-2")).await;
        assert_eq!(second.issues(422), ["rows[2].external_id other_key"]);
        let other = format!("S-1,{},Aino,,,,,,\n", server.north.other_shopper.email);
        assert_eq!(people(&server, "", &other).await.issues(422), ["rows[2].email already_exists"]);
    }

    async fn nobodys_role_changes_and_nobody_of_another_agency_is_taken(server) {
        let (north, south) = (members(&server, &server.north).await, members(&server, &server.south).await);
        let reviewer = &server.north.reviewer().email;
        let stranger = &server.south.shopper().email;
        let manager = &server.north.manager().email;
        let rows = format!(
            "1,new@north.example,New,,,,,,\n2,{reviewer},R,,,,,,\n3,{manager},M,,,,,,\n4,{stranger},S,,,,,,\n"
        );
        let expected = ["rows[3].email not_a_shopper", "rows[4].email not_a_shopper"];
        assert_eq!(people(&server, "", &rows).await.issues(422), expected);
        let dry = people(&server, "?dry_run=true", &rows).await.ok();
        assert_eq!((&dry["created"], dry["errors"].as_array().map(Vec::len)), (&json!(2), Some(2)));
        assert_eq!(members(&server, &server.north).await, north, "one refused row stops the whole import");
        assert_eq!(members(&server, &server.south).await, south);
        assert_eq!(audited(&server, "shopper.import").await, 0);
        // The keys of one agency mean nothing in another.
        assert_eq!(counts(people(&server, "", "1,new@north.example,New,,,,,,\n").await), [1, 0, 0, 0]);
        assert_eq!(audited(&server, "shopper.import").await, 1);
        let csv = format!("{PEOPLE}1,new@south.example,New,,,,,,\n");
        let call = server.request(Method::POST, "/v1/shoppers/import").body("text/csv", csv);
        assert_eq!(counts(call.by(server.south.coordinator()).await.send().await), [1, 0, 0, 0]);
    }

    async fn whether_an_address_has_an_account_elsewhere_is_told_to_its_owner_only(server) {
        let stranger = &server.south.shopper().email;
        let known = "7,aino@north.example,Aino,,,,,,\n";
        assert_eq!(counts(people(&server, "", known).await), [1, 0, 0, 0]);
        for (free, taken) in [
            ("1,nobody@south.example,S,,,,,,\n".to_owned(), format!("1,{stranger},S,,,,,,\n")),
            // As another address of somebody who has not signed in yet, too.
            ("7,nobody@south.example,Aino,,,,,,\n".to_owned(), format!("7,{stranger},Aino,,,,,,\n")),
            ("1,nobody@south.example,S,,,,,,\n2,no address,S,,,,,,\n".to_owned(), format!("1,{stranger},S,,,,,,\n2,no address,S,,,,,,\n")),
        ] {
            let free_dry = people(&server, "?dry_run=true", &free).await.ok();
            assert_eq!(people(&server, "?dry_run=true", &taken).await.ok(), free_dry);
        }
        let broken = format!("1,{stranger},S,,,,,,\n2,no address,S,,,,,,\n");
        assert_eq!(people(&server, "", &broken).await.issues(422), ["rows[3].email bad_email"]);
        server.run_jobs().await;
        assert!(server.mail.take().is_empty(), "nothing was written");

        let rows = format!("1,{stranger},S,,,,,,\n");
        assert_eq!(counts(people(&server, "", &rows).await), [1, 0, 0, 0]);
        assert_eq!(counts(people(&server, "", &rows).await), [0, 0, 1, 0]);
        server.run_jobs().await;
        let mail = server.mail.only();
        assert_eq!(&mail.recipient, stranger);
        assert_eq!(member(&server, stranger).await, Value::Null, "they have not agreed yet");
        server.prove_address(server.south.shopper()).await;
        let accept = json!({"secret": haamu_tests::mail::secret(&mail), "password": PASSWORD});
        let accepted = server.post("/v1/invitations/accept", accept).send().await;
        assert_eq!(accepted.status, 204);
        assert_eq!(counts(people(&server, "", &rows).await), [0, 1, 0, 0]);
        assert_eq!(profile(&server, &member(&server, stranger).await).await["external_id"], "1");
    }

    async fn an_account_is_not_moved_that_somebody_has_made_theirs_meanwhile(server) {
        assert_eq!(counts(people(&server, "", "7,aino@north.example,Aino,,,,,,\n").await), [1, 0, 0, 0]);
        let incarnation = haamu_sync::Incarnation::from_bytes(rand::random());
        let db = Db::open(&server.database.settings(), incarnation, server.clock.millis()).await.expect("a database");
        let find = |email: &'static str| db.read(Reach::Common, move |tx: Tx| async move {
            identity::find_user_by_email(&tx, email).await
        });
        // As the plan of an import has read it.
        let before = find("aino@north.example").await.expect("read").expect("an account");
        let moved = identity::User { email: "thief@north.example".to_owned(), ..before.clone() };
        let write = || db.write(Reach::Common, |tx: Tx| {
            let moved = &moved;
            async move { imports::update_unclaimed(&tx, moved).await }
        });
        server.prove_address(&Person { id: before.id.uuid(), email: before.email.clone() }).await;
        let refused = write().await.expect_err("it is Aino's now");
        assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
        assert!(find("thief@north.example").await.expect("read").is_none());
    }

    async fn what_is_wrong_with_people_is_told_by_row_and_column(server) {
        let rows = "1,a@north.example,A,,2030-01-01,,91,24.9,\n1,b@north.example,B,,,,,,\n\
                    2,nobody,,,17.5.1990,,,,perhaps\n3,c@north.example,C,,,,,,\n4,c@north.example,D,,,,,,\n\
                    3,d@north.example,D,,,,,,\n";
        let expected = ["rows[2].born_on out_of_range", "rows[2].home_latitude out_of_range",
            "rows[4].email bad_email", "rows[4].name required", "rows[4].born_on bad_date",
            "rows[4].active unknown_value", "rows[6].email repeated", "rows[7].external_id repeated"];
        let dry = people(&server, "?dry_run=true", rows).await.ok();
        let told = |error: &Value| {
            let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            assert!(!text("message").is_empty());
            format!("rows[{}].{} {}", error["row"], text("column"), text("code"))
        };
        assert_eq!(dry["errors"].as_array().expect("errors").iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!(people(&server, "", rows).await.issues(422), expected);
        let headings = send(&server, "/v1/shoppers/import", "text/csv", "external_id,email,email,phone\n").await;
        let expected = ["columns.name missing_column", "columns.email repeated", "columns.phone unknown_column"];
        assert_eq!(headings.issues(422), expected);
    }

    async fn people_come_from_a_workbook_too(server) {
        let mut book = workbook(&[
            &["External_ID", "email", "name", "born_on", "home_latitude", "home_longitude", "active"],
            &["", "aino@north.example", "Aino"],
        ]);
        let sheet = book.worksheet_from_index(0).expect("a sheet");
        let date = Format::new().set_num_format("d.m.yyyy");
        let born = ExcelDateTime::from_ymd(1990, 2, 3).expect("a date");
        sheet.write(1, 0, 100.0).and_then(|sheet| sheet.write_with_format(1, 3, &born, &date)).expect("cells");
        sheet.write(1, 4, 60.1).and_then(|sheet| sheet.write(1, 5, 24.94)).expect("cells");
        sheet.write(1, 6, true).expect("a cell");
        let bytes = book.save_to_buffer().expect("bytes");
        assert_eq!(counts(send(&server, "/v1/shoppers/import", XLSX, bytes.clone()).await), [1, 0, 0, 0]);
        let found = profile(&server, &member(&server, "aino@north.example").await).await;
        assert_eq!((&found["external_id"], &found["born_on"]), (&json!("100"), &json!("1990-02-03")));
        assert_eq!(found["places"][0]["latitude"], "60.1");
        assert_eq!(counts(people(&server, "", "100,aino@north.example,Aino,,1990-02-03,,60.1,24.94,true\n").await), [0, 0, 1, 0]);
        let called = send(&server, "/v1/shoppers/import", "text/csv", bytes.clone()).await;
        assert_eq!(called.problem(415), "unsupported_media_type");
        let called = send(&server, "/v1/shoppers/import", XLSX, PEOPLE).await;
        assert_eq!(called.problem(415), "unsupported_media_type");
        let called = send(&server, "/v1/shoppers/import", "application/json", "{}").await;
        assert_eq!(called.problem(415), "unsupported_media_type");
        let broken = send(&server, "/v1/shoppers/import", XLSX, &bytes[..bytes.len() / 2]).await;
        assert_eq!(broken.problem(400), "invalid_request");
        let long: String = (0..10_001).map(|number| format!("{number},p{number}@north.example,P,,,,,,\n")).collect();
        assert_eq!(people(&server, "?dry_run=true", &long).await.problem(413), "payload_too_large");
    }

    async fn ten_thousand_people_are_imported_at_once(server) {
        let rows: String = (0..10_000).map(|number| format!("{number},p{number}@north.example,P,fi,,,,,\n")).collect();
        assert_eq!(counts(people(&server, "", &rows).await), [10_000, 0, 0, 0]);
        assert_eq!(counts(people(&server, "", &rows).await), [0, 0, 10_000, 0]);
    }

    async fn locations_come_from_a_workbook_too(server) {
        let heading = ["external_id", "name", "address", "postal_code", "city", "country", "time_zone"];
        let mut book = workbook(&[&heading, &["", "Kallio", "Katu 1", "00530", "Helsinki", "FI", "Europe/Helsinki"]]);
        book.worksheet_from_index(0).expect("a sheet").write(1, 0, 12).expect("a cell");
        let path = format!("/v1/client-organisations/{}/locations", server.north.client);
        let bytes = book.save_to_buffer().expect("bytes");
        for (query, expected) in [("?dry_run=true", [1, 0, 0, 0]), ("", [1, 0, 0, 0]), ("", [0, 0, 1, 0])] {
            let import = format!("{path}/import{query}");
            assert_eq!(counts(send(&server, &import, XLSX, bytes.clone()).await), expected);
        }
        let listed = server.get(&path).by(server.north.coordinator()).await.send().await.ok();
        let location = &listed["items"][0];
        assert_eq!((&location["external_id"], &location["postal_code"]), (&json!("12"), &json!("00530")));
    }

    async fn rotation_obeys_an_imported_visit(server) {
        let visit = with_rotation(&server).await;
        let (shopper, other) = (&server.north.shopper().email, &server.north.other_shopper);
        // The shopper of the scene has a visit there anyway.
        assert_eq!(obstacles(&server, &visit, other).await, [""; 0]);
        let rows = format!("V-1,{},T1,2026-11-10,\n", other.email.to_uppercase());
        assert_eq!(counts(visits(&server, "?dry_run=true", &rows).await), [1, 0, 0, 0]);
        assert_eq!(obstacles(&server, &visit, other).await, [""; 0], "a dry run writes nothing");
        assert_eq!(audited(&server, "past_visit.import").await, 0);
        assert_eq!(counts(visits(&server, "", &rows).await), [1, 0, 0, 0]);
        assert_eq!(audited(&server, "past_visit.import").await, 1);
        assert_eq!(obstacles(&server, &visit, other).await, ["rotation 2026-12-10"]);
        for query in ["?dry_run=true", ""] {
            assert_eq!(counts(visits(&server, query, &rows).await), [0, 0, 1, 0]);
        }
        let earlier = rows.replace("11-10", "10-01");
        assert_eq!(counts(visits(&server, "", &earlier).await), [0, 1, 0, 0]);
        assert_eq!(obstacles(&server, &visit, other).await, [""; 0]);
        // Whoever came along was there as well.
        let along = format!("V-2,{shopper},T1,2026-11-12,{}\n", other.email);
        assert_eq!(counts(visits(&server, "", &along).await), [1, 0, 0, 0]);
        assert_eq!(obstacles(&server, &visit, other).await, ["rotation_as_companion 2026-12-12"]);
        assert_eq!(counts(visits(&server, "", &along).await), [0, 0, 1, 0]);
        let alone = format!("V-2,{shopper},T1,2026-11-12,\n");
        assert_eq!(counts(visits(&server, "", &alone).await), [0, 1, 0, 0]);
        assert_eq!(obstacles(&server, &visit, other).await, [""; 0]);
    }

    async fn somebody_who_came_along_by_name_is_a_companion(server) {
        let visit = with_rotation(&server).await;
        let other = &server.north.other_shopper;
        let row = |day: &str, along: &str| format!("{},T1,2026-11-{day},{along}\n", other.email);
        let rows = format!("V-1,{}V-2,{}V-3,{}", row("10", "Serkku Salo"), row("09", "serkku salo"), row("11", ""));
        assert_eq!(counts(visits(&server, "", &rows).await), [3, 0, 0, 0]);
        assert_eq!(counts(visits(&server, "", &rows).await), [0, 0, 3, 0]);
        let listed = server.get("/v1/me/companions").by(other).await.send().await.ok();
        let listed = listed["items"].as_array().cloned().expect("items");
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0]["name"], "Serkku Salo");
        let coordinator = server.north.coordinator();
        let planned = server.get(&format!("/v1/visits/{visit}")).by(coordinator).await.send().await.ok();
        let path = format!("/v1/rounds/{}/board", planned["round"].as_str().expect("an id"));
        let _ = server.post(&path, json!({"board": "self_assign"})).by(coordinator).await.send().await.ok();
        let body = json!({"due_on": "2026-11-25", "independent": true, "companion": listed[0]["id"]});
        let refused = server.post(&format!("/v1/jobs/{visit}/take"), body).by(other).await.send().await;
        assert_eq!(shown(&refused.json()), ["rotation 2026-12-11", "companion_rotation 2026-12-10"]);
        // Off the list, the visit still knows them, and an import brings nobody back.
        let path = format!("/v1/me/companions/{}", listed[0]["id"].as_str().expect("an id"));
        let removed = server.request(Method::DELETE, &path).by(other).await.send().await;
        assert_eq!(removed.status, 204);
        assert_eq!(counts(visits(&server, "", &rows).await), [0, 0, 3, 0]);
        let listed = server.get("/v1/me/companions").by(other).await.send().await.ok();
        assert_eq!(listed["items"], json!([]));
    }

    async fn what_is_wrong_with_past_visits_is_told_by_row_and_column(server) {
        let _ = with_rotation(&server).await;
        let (shopper, stranger) = (&server.north.shopper().email, &server.south.shopper().email);
        let key = format!("S-1,{shopper},Aino,,1990-05-17,,,,\n");
        assert_eq!(counts(people(&server, "", &key).await), [0, 1, 0, 0]);
        let reviewer = &server.north.person(Role::Reviewer).email;
        let rows = format!(
            "V-1,S-1,T1,2026-11-10,\nV-2,{stranger},T1,2026-11-10,\nV-3,{reviewer},T9,2026-11-10,\n\
             V-4,S-1,T1,2026-11-21,\nV-5,S-1,T1,,\nV-6,S-1,T1,2026-11-01,{shopper}\nV-1,S-1,T1,2026-11-02,\n"
        );
        let expected = ["rows[3].shopper not_found", "rows[4].shopper not_found", "rows[4].location not_found",
            "rows[5].date in_the_future", "rows[6].date required", "rows[7].companion unknown_value",
            "rows[8].external_id repeated"];
        assert_eq!(visits(&server, "", &rows).await.issues(422), expected);
        let dry = visits(&server, "?dry_run=true", &rows).await;
        assert_eq!(counts(dry), [1, 0, 0, 7], "nothing was written before");
        assert_eq!(counts(visits(&server, "", "V-1,S-1,T1,2026-11-10,\n").await), [1, 0, 0, 0]);
    }

    async fn visits_belong_to_the_client_organisation_that_is_named(server) {
        let _ = with_rotation(&server).await;
        let shopper = &server.north.shopper().email;
        let row = format!("V-1,{shopper},T1,2026-11-10,\n");
        assert_eq!(counts(visits(&server, "", &row).await), [1, 0, 0, 0]);
        let import = |client: String, row: String| {
            let path = format!("/v1/client-organisations/{client}/past-visits/import");
            let server = &server;
            async move { send(server, &path, "text/csv", format!("{VISITS}{row}")).await }
        };
        let elsewhere = import(server.north.other_client.to_string(), row.clone()).await;
        assert_eq!(elsewhere.issues(422), ["rows[2].external_id already_exists", "rows[2].location not_found"]);
        let stranger = import(server.south.client.to_string(), row).await;
        assert_eq!(stranger.problem(404), "not_found");
    }

    async fn the_examples_are_imported(server) {
        let client = format!("/v1/client-organisations/{}", server.north.client);
        let locations = include_str!("../../deploy/examples/locations-retail.csv");
        let _ = send(&server, &format!("{client}/locations/import"), "text/csv", locations).await.ok();
        let people = include_str!("../../deploy/examples/shoppers.csv");
        let past = include_str!("../../deploy/examples/past-visits-retail.csv");
        for (path, file) in [("/v1/shoppers/import", people), (&format!("{client}/past-visits/import"), past)] {
            assert_eq!(counts(send(&server, path, "text/csv", file).await), [3, 0, 0, 0]);
            assert_eq!(counts(send(&server, path, "text/csv", file).await), [0, 0, 3, 0]);
        }
    }
}
