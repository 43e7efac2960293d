//! What is promised with an offer: the scenario, the part of the day and the fees, as they were when it was made.

use axum::http::Method;
use haamu_domain::AssignmentBrief;
use haamu_tests::agency::Person;
use haamu_tests::golden::golden;
use haamu_tests::{TestDevice, both_dbs};
use serde_json::{Value, json};

use crate::filling::{Field, text};

impl Field<'_> {
    /// A scenario that is ready for use.
    async fn scenario(&self, name: &str) -> String {
        let body = json!({"name": name, "scenario": {"persona": "Setä", "script": format!("Kysy: {name}."),
            "difficulty": 2, "purchase_cents": 1500}});
        let path = format!("/v1/programmes/{}/scenarios", self.programme);
        let id = text(&self.post(&path, body).await.created()["id"]);
        self.tick(&id, json!({})).await;
        id
    }

    /// Changes a scenario, and ticks it anew.
    async fn tick(&self, scenario: &str, change: Value) {
        let mut body = change;
        body["ethics"] = json!({"realistic": true, "reliable": true, "ethical": true, "practical": true,
            "safe": true, "objective": true, "lawful": true});
        let path = format!("/v1/scenarios/{scenario}");
        let coordinator = self.server.north.coordinator();
        let _ = self.send(Method::PATCH, &path, &body, coordinator).await.ok();
    }

    async fn pay(&self, fee_cents: u32) {
        let path = format!("/v1/programmes/{}/fees", self.programme);
        let fees = json!({"currency": "EUR", "fee_cents": fee_cents, "reimbursement_cap_cents": 1500, "minutes": 45});
        let coordinator = self.server.north.coordinator();
        let _ = self.send(Method::PUT, &path, &fees, coordinator).await.ok();
    }

    async fn replan(&self, visit: &str, plan: Value) {
        let path = format!("/v1/visits/{visit}/plan");
        let coordinator = self.server.north.coordinator();
        let _ = self.send(Method::PATCH, &path, &plan, coordinator).await.ok();
    }
}

fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

async fn brief_on(device: &mut TestDevice) -> AssignmentBrief {
    device.sync().await;
    device.visit().brief
}

fn script(brief: &AssignmentBrief) -> (&str, &str) {
    let scenario = brief.scenario.as_ref().expect("a scenario");
    (&scenario.name, &scenario.script)
}

both_dbs! {
    async fn a_brief_says_what_is_to_be_done_when_and_for_what(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        field.pay(2_500).await;
        let scenario = field.scenario("Lahja").await;
        let visit = field.plan(0).await;
        field.replan(&visit, json!({"scenario": scenario, "daypart": "evening"})).await;
        let assignment = field.offered(&visit, shopper, None).await;
        let mut device = server.device(shopper).await;
        let brief = brief_on(&mut device).await;
        assert_eq!(script(&brief), ("Lahja", "Kysy: Lahja."));
        assert_eq!(brief.scenario.as_ref().map(|scenario| scenario.purchase_cents), Some(1_500));
        assert_eq!(brief.daypart, Some(haamu_domain::Daypart::Evening));
        let fees = brief.fees.clone().expect("fees");
        assert_eq!((fees.currency.as_str(), fees.fee_cents, fees.reimbursement_cap_cents), ("EUR", 2_500, 1_500));
        let until = brief.respond_by.expect("it is to be answered");
        assert_eq!(until.millis(), server.clock.millis() + 48 * 3_600_000);
        field.accept(&assignment, shopper).await;
        assert_eq!(brief_on(&mut device).await.respond_by, None, "it is answered");
        // The reviewer sees what was asked of the shopper.
        device.answer("greeted", "\"yes\"").await;
        device.sync().await;
        let read = field.get(&format!("/v1/visits/{visit}/evaluation"), server.north.reviewer()).await.ok();
        assert_eq!((&read["scenario"]["script"], &read["daypart"]), (&json!("Kysy: Lahja."), &json!("evening")));
    }

    async fn what_was_promised_is_kept_whatever_changes_later(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        field.pay(2_500).await;
        let scenario = field.scenario("Lahja").await;
        let visits = [field.plan(0).await, field.plan(1).await];
        for visit in &visits {
            field.replan(visit, json!({"scenario": scenario})).await;
        }
        let assignment = field.offered(&visits[0], shopper, None).await;
        let mut device = server.device(shopper).await;
        let before = brief_on(&mut device).await;
        field.pay(900).await;
        field.tick(&scenario, json!({"scenario": {"script": "Kysy jotakin muuta.", "difficulty": 3}})).await;
        field.accept(&assignment, shopper).await;
        let kept = brief_on(&mut device).await;
        assert_eq!((&kept.scenario, &kept.fees), (&before.scenario, &before.fees));
        let other = &server.north.other_shopper;
        let _ = field.offered(&visits[1], other, None).await;
        let mut device = server.device(other).await;
        let new = brief_on(&mut device).await;
        assert_eq!(script(&new), ("Lahja", "Kysy jotakin muuta."));
        assert_eq!(new.fees.as_ref().map(|fees| fees.fee_cents), Some(900));
        let revisions = [&kept, &new].map(|brief| brief.scenario.as_ref().expect("a scenario").revision);
        assert!(revisions[0] < revisions[1], "{revisions:?}");
    }

    async fn devices_learn_of_another_scenario_and_part_of_the_day(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let (gift, skis) = (field.scenario("Lahja").await, field.scenario("Sukset").await);
        let visit = field.plan(0).await;
        field.replan(&visit, json!({"scenario": gift, "daypart": "morning"})).await;
        let assignment = field.offered(&visit, shopper, None).await;
        field.accept(&assignment, shopper).await;
        let mut device = server.device(shopper).await;
        assert_eq!(script(&brief_on(&mut device).await).0, "Lahja");
        field.replan(&visit, json!({"scenario": skis, "daypart": "evening"})).await;
        let brief = brief_on(&mut device).await;
        assert_eq!((script(&brief).0, brief.daypart), ("Sukset", Some(haamu_domain::Daypart::Evening)));
        field.replan(&visit, json!({"scenario": null, "daypart": null})).await;
        let brief = brief_on(&mut device).await;
        assert_eq!((brief.scenario, brief.daypart), (None, None));
    }

    async fn the_board_and_mails_name_the_scenario_and_the_part_of_the_day(server) {
        let field = Field::open(&server, free()).await;
        let shopper: &Person = server.north.shopper();
        let scenario = field.scenario("Lahja").await;
        let visit = field.plan(0).await;
        field.replan(&visit, json!({"scenario": scenario, "daypart": "evening", "board": "apply"})).await;
        let job = &field.jobs("", shopper).await[0];
        assert_eq!(job["scenario"], json!({"name": "Lahja", "persona": "Setä", "need": "", "purchase_cents": 1500}));
        assert!(!job.to_string().contains("Kysy"), "the script is for whoever gets the visit");
        let _ = field.offered(&visit, shopper, None).await;
        server.clock.advance_seconds(3 * 60);
        server.run_jobs().await;
        let mails = server.mail.take();
        let said = &mails[0].content.text;
        assert!(said.contains("in the evening; scenario: Lahja; answer by"), "{said}");
    }
}

#[test]
fn a_promise_is_read_as_it_was_written() {
    let text = golden("assignment-brief/v1-promises.json");
    let brief: AssignmentBrief = serde_json::from_str(&text).expect("a brief");
    assert_eq!(serde_json::to_string_pretty(&brief).expect("JSON") + "\n", text);
    // A later server says more than this device knows.
    let mut later: Value = serde_json::from_str(&text).expect("JSON");
    later["scenario"]["mood"] = json!("calm");
    later["fees"]["bonus_cents"] = json!(100);
    let read: AssignmentBrief = serde_json::from_value(later).expect("a brief");
    assert_eq!(read, brief);
}
