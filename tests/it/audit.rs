//! Reading the audit trail.

use axum::http::Method;
use haamu_domain::{Actor, AgencyId, AuditEvent, AuditId, Role, Timestamp, UserId, Verb};
use haamu_store::repo::audit;
use haamu_store::{Db, Reach, StoreError, Tx};
use haamu_sync::Incarnation;
use haamu_tests::{TestServer, both_dbs};
use serde_json::{Value, json};
use uuid::Uuid;

const MINUTE: i64 = 60_000;

/// The store beside the server's, to write into.
async fn open(server: &TestServer) -> Db {
    let incarnation = Incarnation::from_bytes([7; 16]);
    let db = Db::open(&server.database.settings(), incarnation, 0).await;
    db.expect("a database")
}

/// So many entries about as many visits, one each minute, the last of them now.
async fn fill(server: &TestServer, agency: AgencyId, count: i64) {
    let (db, now) = (open(server).await, server.clock.millis());
    let reviewer = UserId::from_uuid(server.north.reviewer().id);
    let actor = &Actor::person(reviewer, agency, Role::Reviewer, None);
    db.write(Reach::Agency(agency), |tx: Tx| async move {
        for number in 0..count {
            let at = Timestamp::from_millis(now - (count - 1 - number) * MINUTE);
            let millis = u64::try_from(at.millis()).expect("after 1970");
            let id = uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
            let event =
                AuditEvent::of(Verb::ReturnEvaluation, "visit", number).with(json!({"cycle": number}));
            audit::insert(&tx, AuditId::from_uuid(id), agency, Some(actor), &event, at).await?;
        }
        Ok::<(), StoreError>(())
    })
    .await
    .expect("entries");
}

async fn page(server: &TestServer, query: &str) -> Value {
    let path = format!("/v1/audit{query}");
    server.read(&path, server.north.person(Role::Administrator)).await
}

async fn targets(server: &TestServer, query: &str) -> Vec<String> {
    let page = page(server, query).await;
    let items = page["items"].as_array().expect("items").iter();
    items
        .map(|one| one["target"]["id"].as_str().expect("an id").to_owned())
        .collect()
}

both_dbs! {
    async fn entries_are_paged_the_newest_first(server) {
        fill(&server, server.north.id, 120).await;
        let query = "?action=evaluation.return";
        let first = page(&server, query).await;
        let items = first["items"].as_array().expect("items");
        assert_eq!((items.len(), &items[0]["target"], &items[99]["target"]["id"]), (100, &json!({"kind": "visit", "id": "119"}), &json!("20")));
        assert_eq!((&items[0]["at"], &items[0]["detail"]), (&json!("2026-11-20T12:00:00Z"), &json!({"cycle": 119})));
        let reviewer = server.north.reviewer();
        assert_eq!(items[0]["actor"], json!({"id": reviewer.id, "display_name": "reviewer Virtasaari", "role": "reviewer"}));
        let next = first["next"].as_str().expect("more");
        let second = page(&server, &format!("{query}&before={next}")).await;
        assert_eq!((second["items"].as_array().map(Vec::len), &second["next"]), (Some(20), &Value::Null));
    }

    async fn entries_are_found_by_who_what_which_and_when(server) {
        fill(&server, server.north.id, 10).await;
        let reviewer = server.north.reviewer().id;
        let mine = format!("?actor={reviewer}&action=evaluation.return");
        assert_eq!(targets(&server, &mine).await.len(), 10);
        assert_eq!(targets(&server, &format!("?actor={}", Uuid::nil())).await, Vec::<String>::new());
        assert_eq!(targets(&server, "?target_kind=visit&target_id=4").await, ["4"]);
        // The start belongs to it, the end does not.
        let between = "?from=2026-11-20T11:53:00Z&to=2026-11-20T11:56:00Z";
        assert_eq!(targets(&server, between).await, ["4", "3", "2"]);
        assert_eq!(targets(&server, &format!("{between}&actor={reviewer}&target_kind=visit&target_id=3")).await, ["3"]);
        let administrator = server.north.person(Role::Administrator);
        for (query, issue) in [
            ("?target_kind=visit", "target_id required"),
            ("?target_id=4", "target_kind required"),
            ("?from=yesterday", "from bad_moment"),
            ("?from=2026-11-20T12:00:00Z&to=2026-11-20T11:00:00Z", "to out_of_range"),
            ("?action=", "action required"),
        ] {
            let refused = server.get(&format!("/v1/audit{query}")).by(administrator).await.send().await;
            assert_eq!(refused.issues(422), [issue], "{query}");
        }
    }

    async fn what_integrations_and_the_server_do_is_told_from_what_people_do(server) {
        let administrator = server.north.person(Role::Administrator);
        let token = json!({"name": "Tuonti", "role": "coordinator", "scopes": ["client_organisation.create"], "good_for_days": 1});
        let token = server.post("/v1/service-tokens", token).by(administrator).await.send().await.created();
        let call = server.post("/v1/client-organisations", json!({"name": "Uusi ketju"}));
        let _ = call.bearer(token["token"].as_str().expect("a token")).send().await.created();
        let made = page(&server, "?action=client_organisation.create").await;
        let service = &token["service_token"];
        assert_eq!(made["items"][0]["actor"], json!({"id": service["user"], "display_name": "Tuonti",
            "role": "coordinator", "service_token": service["id"]}));
        let night = AuditEvent::named("plan.apply", "proposal", "1");
        let (north, db) = (server.north.id, open(&server).await);
        let (id, now) = (AuditId::from_uuid(Uuid::from_u128(1)), Timestamp::from_millis(server.clock.millis()));
        let night = &night;
        db.write(Reach::Agency(north), |tx: Tx| async move { audit::insert(&tx, id, north, None, night, now).await })
            .await
            .expect("an entry");
        let alone = page(&server, "?action=plan.apply").await;
        assert_eq!(alone["items"][0].get("actor"), None);
        assert_eq!(alone["items"][0].get("detail"), None);
    }

    async fn the_trail_of_an_agency_is_for_its_administrators(server) {
        fill(&server, server.south.id, 3).await;
        assert_eq!(targets(&server, "?action=evaluation.return").await, Vec::<String>::new());
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Administrator) {
            let answer = server.request(Method::GET, "/v1/audit").by(server.north.person(role)).await.send().await;
            assert_eq!(answer.problem(403), "forbidden", "{role:?}");
        }
    }
}
