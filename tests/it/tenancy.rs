//! Client organisations, trees over their locations, and who sees which part.

use axum::http::{Method, StatusCode};
use haamu_tests::agency::{Person, ProgrammeOptions};
use haamu_tests::{Answer, TestServer, both_dbs};
use serde_json::{Value, json};

const HEADING: &str = "external_id,name,address,postal_code,city,country,time_zone,operator_kind\n";

/// The client's locations with these numbers, in order.
async fn locations(server: &TestServer, numbers: std::ops::Range<u32>) -> Vec<String> {
    let rows = numbers.clone().map(|number| {
        format!("T{number},Toimipiste {number},Katu {number},00100,Helsinki,FI,Europe/Helsinki,franchise\n")
    });
    let csv = HEADING.to_owned() + &rows.collect::<String>();
    let path = format!("/v1/client-organisations/{}/locations", server.north.client);
    let coordinator = server.north.coordinator();
    let call = server.request(Method::POST, &format!("{path}/import"));
    let _ = call
        .body("text/csv", csv.into_bytes())
        .by(coordinator)
        .await
        .send()
        .await
        .ok();
    let listed = server.get(&path).by(coordinator).await.send().await.ok();
    let items = listed["items"].as_array().expect("items");
    let id = |number: u32| {
        let name = format!("T{number}");
        let found = items.iter().find(|item| item["external_id"] == name.as_str());
        text(&found.expect("the location")["id"])
    };
    numbers.map(id).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn send(server: &TestServer, method: Method, path: &str, body: &Value, by: &Person) -> Answer {
    server.request(method, path).json(body).by(by).await.send().await
}

async fn hierarchy(server: &TestServer, name: &str) -> String {
    let path = format!("/v1/client-organisations/{}/hierarchies", server.north.client);
    let made = send(
        server,
        Method::POST,
        &path,
        &json!({"name": name}),
        server.north.coordinator(),
    )
    .await;
    text(&made.created()["id"])
}

async fn unit(server: &TestServer, hierarchy: &str, name: &str, parent: Option<&str>) -> String {
    let body = json!({"name": name, "parent": parent, "from": "2026-01-01"});
    let path = format!("/v1/hierarchies/{hierarchy}/units");
    let made = send(server, Method::POST, &path, &body, server.north.coordinator()).await;
    text(&made.created()["id"])
}

async fn place(server: &TestServer, hierarchy: &str, unit: Option<&str>, locations: &[String], from: &str) {
    let body = json!({"unit": unit, "locations": locations, "from": from});
    let path = format!("/v1/hierarchies/{hierarchy}/placements");
    let placed = send(server, Method::POST, &path, &body, server.north.coordinator()).await;
    assert_eq!(placed.status, StatusCode::NO_CONTENT, "{}", placed.text());
}

/// The names of the units on a date, each with its parent's and how many locations belong to it.
async fn tree(server: &TestServer, hierarchy: &str, on: &str) -> Vec<(String, Option<String>, usize)> {
    let path = format!("/v1/hierarchies/{hierarchy}/units?on={on}");
    let listed = server
        .get(&path)
        .by(server.north.manager())
        .await
        .send()
        .await
        .ok();
    let items = listed["items"].as_array().expect("items").clone();
    let name = |id: &Value| {
        let found = items.iter().find(|item| item["id"] == *id);
        found.map(|item| text(&item["name"]))
    };
    let shown = items.iter().map(|item| {
        let count = item["locations"].as_array().map_or(0, Vec::len);
        (text(&item["name"]), name(&item["parent"]), count)
    });
    shown.collect()
}

async fn reports(server: &TestServer, by: &Person, query: &str) -> Vec<String> {
    let listed = server
        .get(&format!("/v1/visit-reports{query}"))
        .by(by)
        .await
        .send()
        .await
        .ok();
    let items = listed["items"].as_array().expect("items");
    items.iter().map(|item| text(&item["visit"])).collect()
}

fn row(name: &str, parent: Option<&str>, count: usize) -> (String, Option<String>, usize) {
    (name.to_owned(), parent.map(str::to_owned), count)
}

both_dbs! {
    async fn several_trees_stand_over_the_same_locations_and_remember_what_was(server) {
        let places = locations(&server, 1..5).await;
        let (districts, brands) = (hierarchy(&server, "District").await, hierarchy(&server, "Brand").await);
        let south = unit(&server, &districts, "South", None).await;
        let helsinki = unit(&server, &districts, "Helsinki", Some(&south)).await;
        let north = unit(&server, &districts, "North", None).await;
        let brand = unit(&server, &brands, "Lumi", None).await;
        place(&server, &districts, Some(&helsinki), &places[..2], "2026-01-01").await;
        place(&server, &districts, Some(&north), &places[2..], "2026-01-01").await;
        place(&server, &brands, Some(&brand), &places, "2026-01-01").await;
        let before = [row("Helsinki", Some("South"), 2), row("North", None, 2), row("South", None, 0)];
        assert_eq!(tree(&server, &districts, "2026-06-01").await, before);
        assert_eq!(tree(&server, &brands, "2026-06-01").await, [row("Lumi", None, 4)]);
        assert_eq!(tree(&server, &districts, "2025-12-31").await, [], "it was not there yet");

        place(&server, &districts, Some(&north), &places[1..2], "2026-07-01").await;
        let path = format!("/v1/units/{helsinki}");
        let body = json!({"name": "Greater Helsinki", "parent": north, "from": "2026-09-01"});
        let moved = send(&server, Method::PATCH, &path, &body, server.north.coordinator()).await.ok();
        assert_eq!(moved["parent"], *north);
        assert_eq!(tree(&server, &districts, "2026-08-01").await, [row("Greater Helsinki", Some("South"), 1), row("North", None, 3), row("South", None, 0)]);
        assert_eq!(tree(&server, &districts, "2026-10-01").await[0], row("Greater Helsinki", Some("North"), 1));
        place(&server, &districts, None, &places[..1], "2026-10-15").await;
        assert_eq!(tree(&server, &districts, "2026-11-01").await[0].2, 0);
        let cycle = send(&server, Method::PATCH, &format!("/v1/units/{north}"), &json!({"parent": helsinki, "from": "2026-10-01"}), server.north.coordinator()).await;
        assert_eq!(cycle.issues(422), ["parent cycle"]);
        let top = send(&server, Method::PATCH, &path, &json!({"parent": null, "from": "2026-11-01"}), server.north.coordinator()).await.ok();
        assert_eq!(top.get("parent"), None);
    }

    async fn what_does_not_fit_a_tree_is_refused(server) {
        let places = locations(&server, 1..3).await;
        let districts = hierarchy(&server, "District").await;
        let unit = unit(&server, &districts, "South", None).await;
        let coordinator = server.north.coordinator();
        let path = format!("/v1/client-organisations/{}/hierarchies", server.north.client);
        assert_eq!(send(&server, Method::POST, &path, &json!({"name": "District"}), coordinator).await.problem(409), "already_exists");
        assert_eq!(send(&server, Method::POST, &path, &json!({"name": " "}), coordinator).await.issues(422), ["name required"]);
        let path = format!("/v1/hierarchies/{districts}/placements");
        let foreign = json!({"unit": unit, "locations": [places[0], uuid::Uuid::nil()], "from": "2026-01-01"});
        assert_eq!(send(&server, Method::POST, &path, &foreign, coordinator).await.issues(422), ["locations not_found"]);
        let early = json!({"unit": unit, "locations": [places[0]], "from": "2025-01-01"});
        assert_eq!(send(&server, Method::POST, &path, &early, coordinator).await.issues(422), ["unit not_found"]);
        let path = format!("/v1/users/{}/units", server.north.other_manager.id);
        assert_eq!(send(&server, Method::PUT, &path, &json!({"units": [unit]}), coordinator).await.issues(422), ["units not_found"]);
        let path = format!("/v1/users/{}/units", server.north.shopper().id);
        assert_eq!(send(&server, Method::PUT, &path, &json!({"units": []}), coordinator).await.problem(404), "not_found");
    }

    async fn a_manager_of_a_unit_sees_its_part_and_nothing_else(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let places = locations(&server, 11..13).await;
        let districts = hierarchy(&server, "District").await;
        let (south, north) = (unit(&server, &districts, "South", None).await, unit(&server, &districts, "North", None).await);
        place(&server, &districts, Some(&south), std::slice::from_ref(&scene.location), "2026-01-01").await;
        place(&server, &districts, Some(&north), &places, "2026-01-01").await;
        let manager = server.north.manager();
        assert_eq!(reports(&server, manager, "").await.len(), 1, "without units they see all of their organisation");
        let assign = |unit: String| {
            let (server, path) = (&server, format!("/v1/users/{}/units", manager.id));
            async move {
                let set = send(server, Method::PUT, &path, &json!({"units": [unit]}), server.north.coordinator()).await;
                assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text());
            }
        };
        assign(north.clone()).await;
        assert_eq!(reports(&server, manager, "").await.len(), 0);
        for path in ["", "/html", "/photos/1"] {
            let answer = server.get(&format!("/v1/visit-reports/{}{path}", scene.visit)).by(manager).await.send().await;
            assert_eq!(answer.problem(404), "not_found", "{path}");
        }
        let location = server.get(&format!("/v1/locations/{}", scene.location)).by(manager).await.send().await;
        assert_eq!(location.problem(404), "not_found");
        let listed = server.get(&format!("/v1/client-organisations/{}/locations", server.north.client)).by(manager).await.send().await.ok();
        assert_eq!(listed["items"].as_array().expect("items").len(), 2);
        assign(south.clone()).await;
        assert_eq!(reports(&server, manager, "").await, std::slice::from_ref(&scene.visit));
        let foreign = server.get(&format!("/v1/visit-reports?unit={south}")).by(&server.north.other_manager).await.send().await;
        assert_eq!(foreign.problem(404), "not_found");
    }

    async fn a_manager_of_a_unit_sees_its_part_of_the_trees_and_no_other_tree(server) {
        let places = locations(&server, 1..6).await;
        let (districts, brands) = (hierarchy(&server, "District").await, hierarchy(&server, "Brand").await);
        let south = unit(&server, &districts, "South", None).await;
        let helsinki = unit(&server, &districts, "Helsinki", Some(&south)).await;
        let kallio = unit(&server, &districts, "Kallio", Some(&helsinki)).await;
        let north = unit(&server, &districts, "North", None).await;
        let brand = unit(&server, &brands, "Lumi", None).await;
        // The second location was Kallio's once, and is the north's now.
        place(&server, &districts, Some(&kallio), &places[..2], "2026-01-01").await;
        place(&server, &districts, Some(&north), &places[1..3], "2026-07-01").await;
        place(&server, &districts, Some(&south), &places[3..4], "2026-01-01").await;
        place(&server, &brands, Some(&brand), &places, "2026-01-01").await;
        let manager = server.north.manager();
        let path = format!("/v1/users/{}/units", manager.id);
        let set = send(&server, Method::PUT, &path, &json!({"units": [helsinki]}), server.north.coordinator()).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT);

        let listed = server.list(&format!("/v1/client-organisations/{}/hierarchies", server.north.client), manager).await;
        let trees: Vec<_> = listed.iter().map(|tree| text(&tree["id"])).collect();
        assert_eq!(trees, std::slice::from_ref(&districts));
        let own = [row("Helsinki", None, 0), row("Kallio", Some("Helsinki"), 1)];
        assert_eq!(tree(&server, &districts, "2026-11-01").await, own);
        assert_eq!(tree(&server, &districts, "2026-06-01").await, own);
        let units = server.list(&format!("/v1/hierarchies/{districts}/units"), manager).await;
        assert_eq!(units[0].get("parent"), None, "{units:?}");
        let foreign = server.get(&format!("/v1/hierarchies/{brands}/units")).by(manager).await.send().await;
        assert_eq!(foreign.problem(404), "not_found");
        for unit in [&north, &south, &brand] {
            for tree in ["now", "visit"] {
                let asked = server.get(&format!("/v1/visit-reports?unit={unit}&tree={tree}")).by(manager).await.send().await;
                assert_eq!(asked.problem(404), "not_found");
            }
        }
        assert_eq!(reports(&server, manager, &format!("?unit={kallio}")).await.len(), 0);
        // Whoever answers for all of the organisation sees all of it, as staff do.
        let set = send(&server, Method::PUT, &path, &json!({"units": []}), server.north.coordinator()).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT);
        assert_eq!(tree(&server, &districts, "2026-11-01").await.len(), 4);
        assert_eq!(tree(&server, &brands, "2026-11-01").await, [row("Lumi", None, 5)]);
        let units = server.list(&format!("/v1/hierarchies/{districts}/units"), server.north.coordinator()).await;
        assert_eq!(units.len(), 4);
    }

    async fn reports_are_read_by_the_tree_as_it_was_and_as_it_is(server) {
        let scene = server.released(ProgrammeOptions::default()).await;
        let districts = hierarchy(&server, "District").await;
        let (south, north) = (unit(&server, &districts, "South", None).await, unit(&server, &districts, "North", None).await);
        let place_of = std::slice::from_ref(&scene.location);
        place(&server, &districts, Some(&south), place_of, "2026-01-01").await;
        // The visit was on or before 20 November; since the day after, the location is the north's.
        place(&server, &districts, Some(&north), place_of, "2026-11-21").await;
        server.clock.advance_seconds(3 * 24 * 3_600);
        server.forget_tokens();
        let manager = server.north.manager();
        let by = |unit: String, tree: &'static str| {
            let server = &server;
            async move { reports(server, manager, &format!("?unit={unit}&tree={tree}")).await.len() }
        };
        assert_eq!((by(south.clone(), "visit").await, by(north.clone(), "visit").await), (1, 0));
        assert_eq!((by(south.clone(), "now").await, by(north.clone(), "now").await), (0, 1));
    }

    async fn locations_have_hours_attributes_and_somebody_who_runs_them(server) {
        let place = locations(&server, 1..2).await.remove(0);
        let coordinator = server.north.coordinator();
        let path = format!("/v1/locations/{place}");
        let hours = json!({"weekly": {"mon": ["09:00-18:00"], "fri": ["20:00-02:00"]}, "exceptions": {"2026-12-24": []}});
        let body = json!({"opening_hours": hours, "attributes": {"format": "kiosk"}, "typical_staff_on_shift": 3, "closed_on": "2027-01-01"});
        let changed = send(&server, Method::PATCH, &path, &body, coordinator).await.ok();
        assert_eq!((&changed["opening_hours"], &changed["operator_kind"]), (&hours, &json!("franchise")));
        let read = server.get(&path).by(server.north.manager()).await.send().await.ok();
        assert_eq!(read, changed);
        let reopened = send(&server, Method::PATCH, &path, &json!({"closed_on": null, "operator_kind": "competitor"}), coordinator).await.ok();
        assert_eq!((reopened.get("closed_on"), &reopened["operator_kind"], &reopened["attributes"]["format"]), (None, &json!("competitor"), &json!("kiosk")));
        let again = locations(&server, 1..2).await;
        assert_eq!(again[0], place);
        let kept = server.get(&path).by(coordinator).await.send().await.ok();
        assert_eq!(kept["opening_hours"], hours, "a file that does not say it leaves it alone");
        for (body, issue) in [
            (json!({"attributes": {"two words": "x"}}), "attributes.two words bad_name"),
            (json!({"opening_hours": {"weekly": {"mon": ["09:00-12:00", "11:00-13:00"]}}}), "opening_hours bad_hours"),
            (json!({"typical_staff_on_shift": 0}), "typical_staff_on_shift out_of_range"),
        ] {
            assert_eq!(send(&server, Method::PATCH, &path, &body, coordinator).await.issues(422), [issue]);
        }
        let unreadable = send(&server, Method::PATCH, &path, &json!({"opening_hours": {"weekly": {"mon": ["9-18"]}}}), coordinator).await;
        assert_eq!(unreadable.problem(400), "invalid_request");
    }

    async fn changes_of_one_location_at_once_all_stay(server) {
        let place = locations(&server, 1..2).await.remove(0);
        let (server, coordinator) = (&server, server.north.coordinator());
        let path = &format!("/v1/locations/{place}");
        let import = &format!("/v1/client-organisations/{}/locations/import", server.north.client);
        for round in 0..12 {
            let (hours, format) = (format!("{round:02}:00-20:00"), format!("format {round}"));
            let opening = json!({"opening_hours": {"weekly": {"mon": [hours]}}});
            let attributes = json!({"attributes": {"format": format}});
            let row = format!("{HEADING}T1,Toimipiste {round},Katu {round},00100,Helsinki,FI,Europe/Helsinki,franchise\n");
            let file = server.request(Method::POST, import).body("text/csv", row).by(coordinator).await.send();
            let (opened, named, imported) = tokio::join!(
                send(server, Method::PATCH, path, &opening, coordinator),
                send(server, Method::PATCH, path, &attributes, coordinator),
                file,
            );
            let _ = (opened.ok(), named.ok(), imported.ok());
            let now = server.get(path).by(coordinator).await.send().await.ok();
            assert_eq!(now["opening_hours"]["weekly"]["mon"], json!([hours]));
            assert_eq!(now["attributes"]["format"], json!(format));
            assert_eq!(now["name"], json!(format!("Toimipiste {round}")));
        }
    }

    async fn a_unit_is_renamed_while_it_moves(server) {
        let tree = hierarchy(&server, "Piirit").await;
        let (north, south) = (unit(&server, &tree, "Pohjoinen", None).await, unit(&server, &tree, "Etelä", None).await);
        let town = unit(&server, &tree, "Oulu", Some(&north)).await;
        let (server, coordinator) = (&server, server.north.coordinator());
        let path = &format!("/v1/units/{town}");
        for round in 0..12 {
            let parent = if round % 2 == 0 { &south } else { &north };
            let name = format!("Oulu {round}");
            let (moved, renamed) = (json!({"parent": parent, "from": "2026-02-01"}), json!({"name": name}));
            let (moved, renamed) = tokio::join!(
                send(server, Method::PATCH, path, &moved, coordinator),
                send(server, Method::PATCH, path, &renamed, coordinator),
            );
            let _ = (moved.ok(), renamed.ok());
            let listed = server.get(&format!("/v1/hierarchies/{tree}/units?on=2026-12-01")).by(coordinator).await.send().await.ok();
            let items = listed["items"].as_array().expect("items");
            let unit = items.iter().find(|unit| unit["id"] == town.as_str()).expect("the unit");
            assert_eq!((&unit["name"], &unit["parent"]), (&json!(name), &json!(parent)));
        }
    }
}
