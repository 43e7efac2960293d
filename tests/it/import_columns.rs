//! What single columns of imported tables mean, and rows that are left or refused by themselves.

use haamu_tests::{TestServer, both_dbs};
use serde_json::{Value, json};

use crate::imports::{XLSX, counts, obstacles, people, send, with_rotation, workbook};

const HEADING: [&str; 11] = [
    "external_id",
    "name",
    "address",
    "postal_code",
    "city",
    "country",
    "time_zone",
    "opening_hours",
    "exceptions",
    "attributes",
    "closed_on",
];

async fn location(server: &TestServer, external_id: &str) -> Value {
    let path = format!("/v1/client-organisations/{}/locations", server.north.client);
    let listed = server.list(&path, server.north.coordinator()).await;
    let found = listed.iter().find(|item| item["external_id"] == external_id);
    let id = found.expect("a location")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    server
        .read(&format!("/v1/locations/{id}"), server.north.coordinator())
        .await
}

both_dbs! {
    async fn locations_come_with_their_hours_from_csv_and_workbooks(server) {
        let path = format!("/v1/client-organisations/{}/locations/import", server.north.client);
        let heading = HEADING.join(",");
        let row = |hours: &str, attributes: &str| format!(
            "{heading}\nH1,Tori,Tori 1,00100,Helsinki,FI,Europe/Helsinki,{hours},2026-12-24 closed,{attributes},2027-01-01\n"
        );
        let sound = row("\"mon-fri 09:00-12:00, 13:00-18:00; sat 10:00-15:00\"", "drive_in=yes; tills=3");
        let wrong = row("mon 9-18", "Drive In=yes");
        let dry = send(&server, &format!("{path}?dry_run=true"), "text/csv", wrong.clone()).await;
        assert_eq!(counts(dry), [0, 0, 0, 2]);
        let refused = send(&server, &path, "text/csv", wrong).await;
        assert_eq!(refused.issues(422), ["rows[2].opening_hours bad_hours", "rows[2].attributes bad_attributes"]);
        for (query, expected) in [("?dry_run=true", [1, 0, 0, 0]), ("", [1, 0, 0, 0]), ("", [0, 0, 1, 0])] {
            let answer = send(&server, &format!("{path}{query}"), "text/csv", sound.clone()).await;
            assert_eq!(counts(answer), expected);
        }
        let found = location(&server, "H1").await;
        assert_eq!(found["opening_hours"]["weekly"]["mon"], json!(["09:00-12:00", "13:00-18:00"]));
        assert_eq!(found["opening_hours"]["exceptions"], json!({"2026-12-24": []}));
        assert_eq!((&found["attributes"], &found["closed_on"]),
            (&json!({"drive_in": "yes", "tills": "3"}), &json!("2027-01-01")));
        let cells = ["H1", "Tori", "Tori 1", "00100", "Helsinki", "FI", "Europe/Helsinki", "daily 00:00-24:00", "", "", ""];
        let mut book = workbook(&[&HEADING, &cells]);
        let bytes = book.save_to_buffer().expect("bytes");
        for (query, expected) in [("?dry_run=true", [0, 1, 0, 0]), ("", [0, 1, 0, 0])] {
            let answer = send(&server, &format!("{path}{query}"), XLSX, bytes.clone()).await;
            assert_eq!(counts(answer), expected);
        }
        let found = location(&server, "H1").await;
        assert_eq!(found["opening_hours"]["weekly"]["sun"], json!(["00:00-24:00"]));
        assert!(found["closed_on"].is_null(), "an empty cell empties");
    }

    async fn a_row_of_the_wrong_length_is_its_own_error(server) {
        let rows = "7,aino@north.example,Aino,,,,,,\n8,eetu@north.example\n9,a@north.example,A,,,,,,,,,\n";
        let dry = people(&server, "?dry_run=true", rows).await.ok();
        assert_eq!((&dry["created"], dry["errors"].as_array().map(Vec::len)), (&json!(1), Some(2)));
        assert_eq!((&dry["errors"][0]["row"], &dry["errors"][0]["column"]), (&json!(3), &json!("")));
        assert_eq!(people(&server, "", rows).await.issues(422), ["rows[3] wrong_length", "rows[4] wrong_length"]);
    }

    async fn whoever_changed_their_own_address_does_not_stop_the_others(server) {
        let shopper = server.north.shopper();
        let rows = format!("S-1,{},Aino,,,,,,\nS-2,uusi@north.example,Uusi,,,,,,\n", shopper.email);
        assert_eq!(counts(people(&server, "", &rows).await), [1, 1, 0, 0]);
        let _ = server.sign_in(shopper).await;
        // The file names the address of before, which is nobody's by now.
        let rows = rows.replace(&shopper.email, "ennen@north.example") + "S-3,toinen@north.example,Toinen,,,,,,\n";
        for query in ["?dry_run=true", ""] {
            let told = people(&server, query, &rows).await.ok();
            assert_eq!((&told["created"], &told["updated"], &told["unchanged"]), (&json!(1), &json!(0), &json!(2)));
            assert_eq!(told["errors"], json!([]));
            let left = &told["left"][0];
            assert_eq!((&left["row"], &left["column"], &left["code"]), (&json!(2), &json!("email"), &json!("own_address")));
        }
        let path = format!("/v1/shoppers/{}/profile", shopper.id);
        assert_eq!(server.read(&path, server.north.coordinator()).await["external_id"], "S-1");
    }

    async fn a_past_visit_may_say_that_somebody_only_came_along(server) {
        let visit = with_rotation(&server).await;
        let other = &server.north.other_shopper;
        let path = format!("/v1/client-organisations/{}/past-visits/import", server.north.client);
        let import = async |heading: &str, row: &str| {
            let csv = format!("external_id,shopper,location,date,{heading}\nV-1,{},T1,2026-11-10,{row}\n", other.email);
            send(&server, &path, "text/csv", csv).await
        };
        let both = import("companion,came_along", "Serkku,yes").await;
        assert_eq!(both.issues(422), ["rows[2].companion unknown_value"]);
        assert_eq!(counts(import("came_along", "yes").await), [1, 0, 0, 0]);
        assert_eq!(obstacles(&server, &visit, other).await, ["rotation_as_companion 2026-12-10"]);
        assert_eq!(counts(import("companion", "").await), [0, 0, 1, 0], "what a file does not say stays");
        assert_eq!(counts(import("came_along", "").await), [0, 1, 0, 0]);
        assert_eq!(obstacles(&server, &visit, other).await, ["rotation 2026-12-10"]);
    }
}
