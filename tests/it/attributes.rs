//! Checklists that know something of the location: who is told what, and when it is settled.

use axum::http::Method;
use haamu_domain::AssignmentBrief;
use haamu_form::trace::TraceOutput;
use haamu_form::{Checklist, ContentHash, Decisions, ScoreOutput, parse_answers_file, score, trace};
use haamu_tests::agency::{Scene, small_answers, small_checklist};
use haamu_tests::golden::{assert_golden, golden};
use haamu_tests::{TestDevice, TestServer, both_dbs};
use serde_json::{Value, json};

/// [`small_checklist`] with a section for places that have a drive-in, and a question for large ones.
fn checklist() -> Value {
    let text = |fi: &str, en: &str| json!({"fi": fi, "en": en});
    let mut document = small_checklist();
    document["format_minor"] = json!(2);
    document["location_attributes"] = json!([
        {"id": "drive_in", "type": "yes_no", "label": text("Autokaista", "Drive-in")},
        {"id": "tills", "type": "number", "label": text("Kassoja", "Tills")},
        {"id": "format", "type": "choice", "options": ["kiosk", "supermarket"], "label": text("Muoto", "Format")}]);
    let asks = |name: &str, op: &str, value: Value| json!({"context": format!("location.{name}"), "op": op, "value": value});
    let yes_no = |id: &str, condition: Value| {
        json!({"id": id, "type": "yes_no", "perspective": "environment", "touchpoint": "door", "points": "10",
            "required": true, "show_if": condition, "text": text("Oliko kunnossa?", "Was it in order?")})
    };
    let sections = document["sections"].as_array_mut().expect("sections");
    let questions = sections[0]["questions"].as_array_mut().expect("questions");
    questions.push(yes_no("lane", asks("drive_in", "equals", json!("yes"))));
    questions.push(yes_no("queues", asks("tills", "gte", json!(8))));
    questions.push(yes_no(
        "shelves",
        json!({"not": asks("format", "equals", json!("kiosk"))}),
    ));
    document
}

async fn describe(server: &TestServer, location: &str, attributes: Value) {
    let path = format!("/v1/locations/{location}");
    let patch = server
        .request(Method::PATCH, &path)
        .json(&json!({"attributes": attributes}));
    let _ = patch.by(server.north.coordinator()).await.send().await.ok();
}

/// A second location of the client.
async fn second_location(server: &TestServer) -> String {
    let csv = "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone,typical_staff_on_shift\n\
        T2,Myymälä Vallila,Sturenkatu 1,00510,Helsinki,FI,60.193,24.95,Europe/Helsinki,8\n";
    let path = format!("/v1/client-organisations/{}/locations", server.north.client);
    let coordinator = server.north.coordinator();
    let import = server
        .request(Method::POST, &format!("{path}/import"))
        .body("text/csv", csv.to_owned());
    let _ = import.by(coordinator).await.send().await.ok();
    let listed = server.get(&path).by(coordinator).await.send().await.ok();
    let found = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|one| one["external_id"] == "T2");
    found.expect("the second")["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// A visit to a place with these attributes, under [`checklist`].
async fn plan(server: &TestServer, attributes: Value) -> Scene {
    let location = server.import_location(&server.north, 8).await;
    describe(server, &location, attributes).await;
    let version = server.publish(&server.north, &checklist()).await;
    let (programme, round) = server.open_round(&server.north, &version, 0).await;
    let scene = server
        .plan_visit(&server.north, location, version, programme, round)
        .await;
    server.accept(&scene).await;
    scene
}

/// The questions that a device shows of the visit at a place of its list.
fn shown(device: &TestDevice, place: usize) -> Vec<String> {
    let open = device.open_at(place);
    let shown = score::shown_questions(&open.checklist, open.bound.draft.answers());
    let questions = open.checklist.questions().iter().zip(shown);
    questions
        .filter(|(_, is_shown)| *is_shown)
        .map(|(question, _)| question.id.to_string())
        .collect()
}

fn answered(evaluation: &Value) -> Vec<&str> {
    let answers = evaluation["answers"].as_array().expect("answers").iter();
    answers
        .map(|answer| answer["question"].as_str().expect("an id"))
        .collect()
}

/// Answers everything that is shown, and hands it in; nothing is sent.
async fn fill_in(device: &mut TestDevice, place: usize) {
    let extra = ["lane", "queues", "shelves"].map(|question| (question, "\"no\""));
    let shown = shown(device, place);
    for (question, answer) in small_answers().into_iter().chain(extra) {
        if shown.iter().any(|one| one == question) {
            let open = device.open_at(place);
            let _ = device
                .client
                .answer(&open, question, answer)
                .await
                .expect("saved");
        }
    }
    let open = device.open_at(place);
    let _ = device
        .client
        .submit(&open, "main", false)
        .await
        .expect("handed in");
}

async fn decide(server: &TestServer, scene: &Scene, verb: &str) {
    let path = format!("/v1/visits/{}/{verb}", scene.visit);
    let _ = server
        .post(&path, json!({}))
        .by(server.north.reviewer())
        .await
        .send()
        .await
        .ok();
}

both_dbs! {
    async fn a_question_is_asked_where_the_place_has_what_it_is_about(server) {
        let large = json!({"drive_in": "yes", "tills": "12.0", "format": "supermarket", "rent": "9000"});
        let with = plan(&server, large).await;
        let elsewhere = second_location(&server).await;
        let Scene { version, programme, round, .. } = with.clone();
        let without = server.plan_visit(&server.north, elsewhere, version, programme, round).await;
        server.accept(&without).await;
        let mut device = server.device(server.north.shopper()).await;
        let visits = device.client.visits();
        let [place_with, place_without] = [&with, &without]
            .map(|scene| visits.iter().position(|visit| visit.brief.visit.to_string() == scene.visit).expect("a visit"));
        let brief: &AssignmentBrief = &visits[place_with].brief;
        let told: Vec<&str> = brief.location_attributes.keys().map(String::as_str).collect();
        assert_eq!(told, ["drive_in", "format", "tills"], "and nothing of the rent");
        assert!(visits[place_without].brief.location_attributes.is_empty());
        for place in [place_with, place_without] {
            fill_in(&mut device, place).await;
        }
        assert!(shown(&device, place_with).ends_with(&["story".to_owned()]));
        device.sync().await;
        server.run_jobs().await;
        let there = server.evaluation(&with).await;
        assert_eq!(there["location_attributes"], json!({"drive_in": "yes", "format": "supermarket", "tills": "12.0"}));
        assert_eq!(answered(&there)[5..8], ["lane", "queues", "shelves"]);
        // 3 + 2 of 5 + 2 points of 10 and nothing of 30 more, against 3 + 2 + 2 of 10 and nothing of 10 more.
        assert_eq!(there["score"]["result"]["display"], "17.5");
        let here = server.evaluation(&without).await;
        assert_eq!((here.get("location_attributes"), &here["findings"]), (None, &json!([])));
        assert_eq!(answered(&here)[5..7], ["shelves", "story"], "what is not known is no kiosk");
        assert_eq!(here["score"]["result"]["display"], "35.0");
        let local = device.open_at(place_with).score();
        assert_eq!(local.display.as_deref(), Some("17.5"));
        assert_eq!(device.open_at(place_without).score().display.as_deref(), Some("35.0"));
    }

    async fn what_is_changed_at_the_place_later_changes_nothing(server) {
        let scene = plan(&server, json!({"drive_in": "yes", "format": "kiosk"})).await;
        let mut device = server.device(server.north.shopper()).await;
        describe(&server, &scene.location, json!({"drive_in": "no", "tills": "20", "format": "supermarket"})).await;
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let mut second = server.device(server.north.shopper()).await;
        assert_eq!(second.visit().brief.location_attributes, device.visit().brief.location_attributes);
        let expected = ["arrived", "greeted", "helped", "insulted", "door_photo", "lane", "story"];
        assert_eq!((shown(&device, 0), shown(&second, 0)), (expected.map(str::to_owned).to_vec(), expected.map(str::to_owned).to_vec()));
        fill_in(&mut second, 0).await;
        second.sync().await;
        server.run_jobs().await;
        let handed_in = server.evaluation(&scene).await;
        assert_eq!(handed_in["location_attributes"], json!({"drive_in": "yes", "format": "kiosk"}));
        assert_eq!(handed_in["score"]["result"]["display"], "35.0");
        describe(&server, &scene.location, json!({})).await;
        decide(&server, &scene, "approve").await;
        decide(&server, &scene, "release").await;
        let path = format!("/v1/visit-reports/{}", scene.visit);
        let report = server.get(&path).by(server.north.manager()).await.send().await.ok();
        assert_eq!(report["score"]["exact"], "7/20");
    }

    async fn whoever_is_asked_next_is_told_what_is_so_then(server) {
        let scene = plan(&server, json!({"drive_in": "yes"})).await;
        let mut first = server.device(server.north.shopper()).await;
        first.answer("lane", "\"no\"").await;
        describe(&server, &scene.location, json!({"drive_in": "no"})).await;
        let path = format!("/v1/visits/{}/assignments", scene.visit);
        let body = json!({"shopper": server.north.other_shopper.id, "replaces": scene.assignment});
        let coordinator = server.north.coordinator();
        let _ = server.post(&path, body).by(coordinator).await.send().await.created();
        let mut other = server.device(&server.north.other_shopper).await;
        assert_eq!(other.visit().brief.location_attributes["drive_in"], "no");
        fill_in(&mut other, 0).await;
        other.sync().await;
        server.run_jobs().await;
        let before = server.evaluation(&scene).await;
        first.sync().await;
        let tasks = server.get("/v1/set-aside").by(coordinator).await.send().await.ok();
        let task = tasks["items"][0]["id"].as_str().expect("a task");
        let adopt = server.post(&format!("/v1/set-aside/{task}/adopt"), json!({}));
        let adopted = adopt.by(coordinator).await.send().await.ok();
        server.run_jobs().await;
        let after = server.evaluation(&scene).await;
        assert_eq!(after["location_attributes"], json!({"drive_in": "no"}), "{adopted}");
        assert_eq!(answered(&after), answered(&before), "what was said of a lane has no place where there is none");
        assert_eq!(after["score"]["result"]["display"], before["score"]["result"]["display"]);
    }

    async fn work_that_comes_late_is_measured_by_what_was_pinned(server) {
        let scene = plan(&server, json!({"drive_in": "yes", "format": "kiosk"})).await;
        let mut late = server.device(server.north.shopper()).await;
        let mut device = server.device(server.north.shopper()).await;
        fill_in(&mut device, 0).await;
        device.sync().await;
        server.run_jobs().await;
        late.answer("lane", "\"yes\"").await;
        decide(&server, &scene, "approve").await;
        describe(&server, &scene.location, json!({"drive_in": "no", "format": "supermarket"})).await;
        late.sync().await;
        let coordinator = server.north.coordinator();
        let tasks = server.get("/v1/set-aside").by(coordinator).await.send().await.ok();
        let task = tasks["items"][0]["id"].as_str().expect("a task");
        let adopt = server.post(&format!("/v1/set-aside/{task}/adopt"), json!({}));
        let adopted = adopt.by(coordinator).await.send().await.ok();
        assert_eq!(adopted["left"], json!([]), "{adopted}");
        server.run_jobs().await;
        let after = server.evaluation(&scene).await;
        assert_eq!((&after["state"], &after["location_attributes"]["drive_in"]), (&json!("in_review"), &json!("yes")));
        let lane = after["answers"].as_array().expect("answers").iter().find(|answer| answer["question"] == "lane");
        assert_eq!(lane.expect("the lane")["value"], "yes");
        assert_eq!(after["score"]["result"]["display"], "85.0");
    }

    async fn a_value_of_another_kind_is_unknown_and_said(server) {
        let scene = plan(&server, json!({"drive_in": "perhaps", "tills": "a dozen"})).await;
        let mut device = server.device(server.north.shopper()).await;
        assert!(!shown(&device, 0).iter().any(|question| question == "lane" || question == "queues"));
        fill_in(&mut device, 0).await;
        device.sync().await;
        server.run_jobs().await;
        let evaluation = server.evaluation(&scene).await;
        let findings: Vec<_> = evaluation["findings"].as_array().expect("findings").iter()
            .map(|one| (one["severity"].as_str(), one["code"].as_str(), one["path"].as_str())).collect();
        let misfit = |path| (Some("warning"), Some("attribute_not_of_kind"), Some(path));
        assert_eq!(findings, [misfit("context.location.drive_in"), misfit("context.location.tills")]);
    }

    async fn whoever_publishes_hears_what_the_places_say(server) {
        let location = server.import_location(&server.north, 8).await;
        let coordinator = server.north.coordinator();
        let mut wrong = checklist();
        wrong["sections"][0]["questions"][5]["show_if"]["value"] = json!("true");
        let refused = server.post("/v1/checklists", wrong).by(coordinator).await.send().await;
        assert_eq!(refused.issues(422), ["sections[0].questions[5].show_if condition_unknown_value"]);
        describe(&server, &location, json!({"drive_in": "joo", "tills": "4"})).await;
        let created = server.post("/v1/checklists", checklist()).by(coordinator).await.send().await.created();
        let path = format!("/v1/checklist-versions/{}/publish", created["id"].as_str().expect("an id"));
        let published = server.post(&path, Value::Null).by(coordinator).await.send().await.ok();
        let warnings: Vec<_> = published["warnings"].as_array().expect("warnings").iter()
            .map(|one| (one["code"].as_str(), one["path"].as_str())).collect();
        assert_eq!(warnings, [
            (Some("attribute_not_of_kind"), Some("location_attributes[0]")),
            (Some("attribute_nowhere"), Some("location_attributes[2]")),
        ]);
    }
}

#[test]
fn scores_where_the_place_is_known() {
    let document = checklist().to_string();
    let hash = ContentHash::of(&document).expect("a hash");
    assert_golden("checklist/v1-attributes.txt", &format!("attributes {hash}\n"));
    let checklist = Checklist::parse(&document).expect("sound");
    let answers = json!({"greeted": "yes", "helped": "some", "insulted": "no", "lane": "no", "queues": "yes", "shelves": "yes"});
    for (name, context) in [
        ("unknown", json!({})),
        (
            "kiosk",
            json!({"location.drive_in": "yes", "location.tills": "1", "location.format": "kiosk"}),
        ),
        (
            "supermarket",
            json!({"location.drive_in": "no", "location.tills": "8.0", "location.format": "supermarket"}),
        ),
        (
            "misfits",
            json!({"location.drive_in": "Yes", "location.tills": "eight", "location.format": "Kiosk"}),
        ),
    ] {
        let file = json!({"answers": answers, "context": context}).to_string();
        let (answers, _) = parse_answers_file(&checklist, &file).expect("sound");
        let scored = score(&checklist, &answers, Decisions::default());
        let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON") + "\n";
        let result = serde_json::to_value(ScoreOutput::new(&checklist, &scored)).expect("JSON");
        assert_golden(&format!("score/v1/attributes-{name}.json"), &pretty(&result));
        let traced = trace(&checklist, &answers, &scored);
        let trace = serde_json::to_value(TraceOutput::new(&checklist, &traced)).expect("JSON");
        assert_golden(&format!("trace/v1/attributes-{name}.json"), &pretty(&trace));
    }
}

#[test]
fn what_a_device_is_told_of_a_place() {
    let text = golden("assignment-brief/v1-attributes.json");
    let brief: AssignmentBrief = serde_json::from_str(&text).expect("a brief");
    assert_eq!(brief.location_attributes["drive_in"], "yes");
    assert_eq!(serde_json::to_string_pretty(&brief).expect("JSON") + "\n", text);
}
