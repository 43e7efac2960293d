//! Sections that are filled in several times, from the device to the report.

use haamu_client::FieldworkError;
use haamu_tests::agency::{ProgrammeOptions, repeated_checklist, small_answers};
use haamu_tests::both_dbs;
use serde_json::{Value, json};

both_dbs! {
    async fn each_instance_reaches_the_report(server) {
        let scene = server.plan_with(&server.north, ProgrammeOptions::default(), &repeated_checklist()).await;
        let mut device = server.device(server.north.shopper()).await;
        for (question, answer) in small_answers() {
            device.answer(question, answer).await;
        }
        let open = device.open();
        let refused = device.client.submit(&open, "main", false).await.expect_err("nobody was met");
        let FieldworkError::Incomplete(findings) = refused else { panic!("{refused}") };
        assert_eq!(findings[0].code, "too_few_instances");
        for (place, answer) in ["\"yes\"", "\"no\""].iter().enumerate() {
            let open = device.open();
            let _ = device.client.add_instance(&open, "staff").await.expect("saved");
            device.answer(&format!("staff[{place}].polite"), answer).await;
        }
        device.photo("staff[1].badge_photo", Some("Kyltti")).await;
        device.answer("wall", "\"blue\"").await;
        device.submit().await;
        device.sync().await;
        server.run_jobs().await;
        let path = format!("/v1/visits/{}", scene.visit);
        let reviewer = server.north.reviewer();
        let evaluation = server.get(&format!("{path}/evaluation")).by(reviewer).await.send().await.ok();
        assert_eq!(evaluation["state"], "in_review");
        assert_eq!(evaluation["score"]["result"]["sections"]["staff"]["raw"], "1/2");
        let polite: Vec<_> = evaluation["answers"].as_array().expect("answers").iter()
            .filter(|answer| answer["question"].as_str().is_some_and(|id| id.ends_with("polite")))
            .map(|answer| (answer["question"].clone(), answer["value"].clone())).collect();
        assert_eq!(json!(polite), json!([["staff[0].polite", "yes"], ["staff[1].polite", "no"]]));
        for verb in ["approve", "release"] {
            let _ = server.post(&format!("{path}/{verb}"), json!({})).by(reviewer).await.send().await.ok();
        }
        let report = server.get(&format!("/v1/visit-reports/{}?lang=en", scene.visit));
        let report = report.by(server.north.manager()).await.send().await.ok();
        let lines: Vec<_> = report["answers"].as_array().expect("answers").iter()
            .map(|answer| format!("{}: {}", answer["text"]["text"].as_str().unwrap_or(""), answer["answer"]["text"].as_str().unwrap_or("")))
            .collect();
        assert!(lines.contains(&"Staff member 2: Was the staff member polite?: No".to_owned()), "{lines:?}");
        assert!(lines.contains(&"Staff members met: 2".to_owned()), "{lines:?}");
        assert_eq!(report["photos"].as_array().expect("photos").len(), 1);
        assert!(!report.to_string().contains("colour was the wall"), "integrity questions stay with the agency");
        let loss = &report["losses"].as_array().expect("losses").iter().find(|line| line["question"] == "polite").expect("a loss")["text"]["text"];
        assert_eq!(loss, "Staff member 2: Was the staff member polite?");
    }

    async fn an_instance_that_another_device_wrote_into_is_not_lost(server) {
        let scene = server.plan_with(&server.north, ProgrammeOptions::default(), &repeated_checklist()).await;
        let mut phone = server.device(server.north.shopper()).await;
        let open = phone.open();
        for _ in 0..2 {
            let _ = phone.client.add_instance(&open, "staff").await.expect("saved");
        }
        phone.answer("staff[0].polite", "\"yes\"").await;
        phone.answer("staff[1].polite", "\"yes\"").await;
        phone.sync().await;
        let mut tablet = server.device(server.north.shopper()).await;
        // Without a network, one removes both while the other writes into the first.
        let open = tablet.open();
        for _ in 0..2 {
            let _ = tablet.client.remove_instance(&open, "staff", 0).await;
            let open = tablet.open();
            let _ = tablet.client.remove_instance(&open, "staff", 0).await;
        }
        assert_eq!(tablet.open().bound.instances.len(), 0);
        phone.answer("staff[0].polite", "\"no\"").await;
        for _ in 0..2 {
            tablet.sync().await;
            phone.sync().await;
        }
        for device in [&phone, &tablet] {
            let open = device.open();
            let instances: Vec<_> = open.bound.instances.values().flatten().collect();
            assert_eq!(instances.len(), 1, "the other one nobody wrote into");
            assert!(instances[0].is_disputed);
            assert_eq!(open.bound.draft.answers().slots(&open.checklist).len(), 10);
        }
        let read = server.get(&format!("/v1/visits/{}/evaluation", scene.visit));
        let read = read.by(server.north.reviewer()).await.send().await.ok();
        let codes: Vec<&Value> = read["findings"].as_array().expect("findings").iter().map(|finding| &finding["code"]).collect();
        assert!(codes.contains(&&json!("instance_disputed")), "{codes:?}");
    }
}
