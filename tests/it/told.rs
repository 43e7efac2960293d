//! What shoppers are told of visits that they asked for or have, and coordinators of what shoppers do with them.

use axum::http::Method;
use haamu_domain::Role;
use haamu_tests::agency::Person;
use haamu_tests::{TestServer, both_dbs};
use serde_json::{Value, json};

use crate::filling::Field;
use crate::offers::told;

/// News for coordinators wait so long for others.
const GATHER_FOR_STAFF: i64 = 15 * 60;

/// The rules of these tests.
fn free() -> Value {
    json!({"rotation_days": 0, "location_visits_per_day": 99})
}

/// The text of the only mail to somebody, once news for coordinators have waited long enough.
async fn told_staff(server: &TestServer, who: &Person) -> Option<String> {
    server.clock.advance_seconds(GATHER_FOR_STAFF);
    server.forget_tokens();
    told(server, who).await
}

both_dbs! {
    async fn applicants_hear_what_becomes_of_their_visits(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, other) = (server.north.shopper(), &server.north.other_shopper);
        let visits = [field.plan(0).await, field.plan(1).await, field.plan(2).await];
        field.post_all(json!("apply")).await;
        for visit in &visits {
            field.apply_for(visit, "2026-11-21", other).await;
        }
        field.apply_for(&visits[0], "2026-11-22", shopper).await;
        // What they take back themselves is no news.
        let path = format!("/v1/jobs/{}/application", visits[2]);
        assert_eq!(field.send(Method::DELETE, &path, &Value::Null, other).await.status, 204);
        let assignment = field.offered(&visits[0], shopper, None).await;
        field.accept(&assignment, shopper).await;
        let path = format!("/v1/visits/{}/cancel", visits[1]);
        let _ = field.post(&path, json!({"reason": "Ei tarvita."})).await.ok();
        let said = told(&server, other).await.expect("a mail");
        let (chosen, off) = said.split_once("These visits, which you asked for, will not be made:").expect("both");
        assert!(chosen.contains("Somebody else was chosen for these visits") && chosen.contains("Paikka 0"), "{said}");
        assert!(off.contains("Paikka 1") && !said.contains("Paikka 2"), "{said}");
        assert_eq!(told(&server, other).await, None);
    }

    async fn whoever_has_a_visit_hears_of_its_new_days(server) {
        let field = Field::open(&server, free()).await;
        let shopper = server.north.shopper();
        let visit = field.plan(0).await;
        let assignment = field.offered(&visit, shopper, Some("2026-11-24")).await;
        // Whoever is told of the offer is told with it how it is by now.
        let _ = field.patch_plan(&visit, json!({"daypart": "morning"})).await.ok();
        let said = told(&server, shopper).await.expect("a mail");
        assert!(said.contains("offered to you") && !said.contains("has changed"), "{said}");
        field.accept(&assignment, shopper).await;
        let path = format!("/v1/assignments/{assignment}/extend");
        let later = json!({"visit_by": "2026-12-20", "report_by": "2026-12-22", "due_on": "2026-12-19", "reason": "Lumimyrsky."});
        let _ = field.post(&path, later).await.ok();
        let said = told(&server, shopper).await.expect("a mail");
        assert!(said.contains("You have more time for these visits"), "{said}");
        assert!(said.contains("Paikka 0, Kaupunki: visit by 2026-12-20, in the morning; your day is 2026-12-19"), "{said}");
        for part in ["midday", "evening"] {
            let _ = field.patch_plan(&visit, json!({"daypart": part})).await.ok();
        }
        let _ = field.patch_plan(&visit, json!({"external_id": "A-1"})).await.ok();
        let said = told(&server, shopper).await.expect("a mail");
        assert_eq!((said.matches("has changed").count(), said.matches("Paikka 0").count()), (1, 1), "{said}");
        // A change of a visit that is not theirs any more is none to tell.
        let _ = field.patch_plan(&visit, json!({"daypart": "morning"})).await.ok();
        let path = format!("/v1/assignments/{assignment}/give-back");
        let given = field.send(Method::POST, &path, &json!({"reason": "En ehdi."}), shopper).await;
        assert_eq!(given.status, 204);
        assert_eq!(told(&server, shopper).await, None);
    }

    async fn coordinators_hear_what_shoppers_do_with_visits(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, coordinator) = (server.north.shopper(), server.north.coordinator());
        let mut lapsing = String::new();
        for (place, how) in [(0, "decline"), (1, "give-back"), (2, "closed"), (0, "cannot"), (1, "lapse")] {
            let visit = field.plan(place).await;
            let assignment = field.offered(&visit, shopper, None).await;
            let (verb, body) = match how {
                "decline" => ("decline", json!({"reason": "Liian kaukana."})),
                "give-back" => ("give-back", json!({"reason": "Sairastuin."})),
                "closed" => ("obstacle", json!({"obstacle": "place_closed", "reason": "Ovi naulattu."})),
                "cannot" => ("obstacle", json!({"obstacle": "cannot_do", "reason": "Ei myydä enää."})),
                _ => { lapsing = visit; continue; }
            };
            if verb != "decline" {
                field.accept(&assignment, shopper).await;
            }
            let path = format!("/v1/assignments/{assignment}/{verb}");
            let ended = field.send(Method::POST, &path, &body, shopper).await;
            assert_eq!(ended.status, 204, "{}", ended.text());
        }
        assert!(told(&server, shopper).await.expect("the offer").contains("Paikka 1"));
        let said = told_staff(&server, coordinator).await.expect("a mail");
        for (intro, line) in [
            ("closed for good", "– Paikka 2, Kaupunki ("),
            ("could not be made as planned", "Ei myydä enää."),
            ("given back", "Sairastuin."),
            ("were declined", "Liian kaukana."),
        ] {
            let at = said.find(intro).unwrap_or_else(|| panic!("{intro}: {said}"));
            assert!(said[at..].contains(line), "{said}");
        }
        assert!(said.contains("Ovi naulattu.") && !said.contains("answered in time"), "{said}");
        server.clock.advance_seconds(48 * 3_600);
        server.run_jobs().await;
        assert!(told(&server, shopper).await.expect("a mail").contains("not answered in time"));
        let said = told_staff(&server, coordinator).await.expect("a mail");
        assert!(said.contains("These offers were not answered in time") && said.contains("Paikka 1"), "{said}");
        // What coordinators do themselves is no news to them.
        let _ = field.offered(&lapsing, &server.north.other_shopper, None).await;
        let path = format!("/v1/visits/{lapsing}/withdraw");
        let _ = field.post(&path, json!({"reason": "Väärä päivä."})).await.ok();
        assert_eq!(told_staff(&server, coordinator).await, None);
    }

    async fn where_there_is_no_coordinator_administrators_hear_it(server) {
        let field = Field::open(&server, free()).await;
        let (shopper, administrator) = (server.north.shopper(), server.north.person(Role::Administrator));
        let assignment = field.offered(&field.plan(0).await, shopper, None).await;
        let path = format!("/v1/users/{}/disable", server.north.coordinator().id);
        let disabled = server.post(&path, Value::Null).by(administrator).await.send().await;
        assert!(disabled.status.is_success(), "{}", disabled.text());
        let path = format!("/v1/assignments/{assignment}/decline");
        let declined = field.send(Method::POST, &path, &json!({"reason": "En ehdi."}), shopper).await;
        assert_eq!(declined.status, 204);
        assert!(told_staff(&server, administrator).await.expect("a mail").contains("En ehdi."));
    }
}
