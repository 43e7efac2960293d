//! One programme, and what is done with it by those who may and those who may not.

use axum::http::Method;
use haamu_domain::{ProgrammeEvent, ProgrammeState};
use haamu_tests::agency::{Person, small_checklist};
use haamu_tests::{Answer, TestServer};
use proptest::prelude::*;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use super::{CASES, STEPS, block_on, everything, start, texts};

/// What somebody does with the programme.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Notice,
    Activate,
    Close,
    Finish,
    OpenRound,
    PlanVisit,
    CallOff,
}

/// What is known of a programme beside its state.
#[derive(Clone, Debug, Default)]
struct Around {
    is_announced: bool,
    rounds: Vec<String>,
    /// Visits that somebody was offered.
    open: Vec<String>,
}

struct Programme<'a> {
    server: &'a TestServer,
    connection: DatabaseConnection,
    id: String,
    version: String,
    location: String,
    around: Around,
}

impl<'a> Programme<'a> {
    async fn set(server: &'a TestServer) -> Self {
        let location = server.import_location(&server.north, 8).await;
        let version = server.publish(&server.north, &small_checklist()).await;
        let body = json!({"client_organisation": server.north.client.uuid(), "name": "Ohjelma",
            "purpose": "develop_service", "release_delay_hours": 0});
        let created = server
            .post("/v1/programmes", body)
            .by(server.north.coordinator())
            .await
            .send()
            .await
            .created();
        for person in [server.north.shopper(), server.north.reviewer()] {
            let _ = server.token(person).await;
        }
        let id = created["id"].as_str().expect("an id").to_owned();
        let rules = json!({"rotation_days": 0, "location_visits_per_day": 1000, "respond_hours": 1000});
        let rules = server
            .request(Method::PUT, &format!("/v1/programmes/{id}/field-rules"))
            .json(&rules);
        let _ = rules.by(server.north.coordinator()).await.send().await.ok();
        let connection = server.database.connect().await;
        Self {
            server,
            connection,
            id,
            version,
            location,
            around: Around::default(),
        }
    }

    async fn state(&self) -> ProgrammeState {
        let state = texts(&self.connection, "SELECT state FROM programme")
            .await
            .concat()
            .remove(0);
        ProgrammeState::from_name(&state).expect("a state of the diagram")
    }

    /// Its state after a deed; none if it is refused.
    fn expected(&self, deed: Deed, state: ProgrammeState) -> Option<ProgrammeState> {
        let Around {
            is_announced,
            rounds,
            open,
        } = &self.around;
        match deed {
            Deed::Notice => Some(state),
            Deed::Activate => state
                .after(ProgrammeEvent::Activate)
                .ok()
                .filter(|_| *is_announced),
            Deed::Close => state.after(ProgrammeEvent::Close).ok(),
            Deed::Finish => state
                .after(ProgrammeEvent::Finish)
                .ok()
                .filter(|_| open.is_empty()),
            Deed::OpenRound => state.takes_rounds().then_some(state),
            Deed::PlanVisit => (state.takes_visits() && !rounds.is_empty()).then_some(state),
            Deed::CallOff => (!open.is_empty()).then_some(state),
        }
    }

    async fn send(&self, deed: Deed, by: &Person) -> Answer {
        let path = format!("/v1/programmes/{}", self.id);
        let nobody = "00000000-0000-7000-8000-000000000000".to_owned();
        let (path, body) = match deed {
            Deed::Notice => {
                let body = json!({"informed_on": "2026-10-01", "audience": "kaikki", "channel": "tiedote", "text": "Arvioidaan."});
                (format!("{path}/staff-notices"), body)
            }
            Deed::Activate => (format!("{path}/activate"), Value::Null),
            Deed::Close => (format!("{path}/close"), Value::Null),
            Deed::Finish => (format!("{path}/finish"), Value::Null),
            Deed::OpenRound => {
                let body = json!({"name": "Kierros", "checklist_version": self.version, "starts_on": "2026-11-16",
                    "visit_by": "2026-11-29", "report_by": "2026-12-01", "counts_in": "2026-11-30"});
                (format!("{path}/rounds"), body)
            }
            Deed::PlanVisit => {
                let round = self.around.rounds.first().unwrap_or(&nobody);
                let visit = json!({"location": self.location, "shopper": self.server.north.shopper().id});
                (format!("/v1/rounds/{round}/visits"), json!({"visits": [visit]}))
            }
            Deed::CallOff => {
                let visit = self.around.open.first().unwrap_or(&nobody);
                (
                    format!("/v1/visits/{visit}/cancel"),
                    json!({"reason": "Ei tarvita"}),
                )
            }
        };
        self.server.post(&path, body).by(by).await.send().await
    }

    fn note(&mut self, deed: Deed, answer: &Value) {
        let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        match deed {
            Deed::Notice => self.around.is_announced = true,
            Deed::OpenRound => self.around.rounds.push(id(answer)),
            Deed::PlanVisit => self.around.open.push(id(&answer["items"][0])),
            Deed::CallOff => drop(self.around.open.remove(0)),
            Deed::Activate | Deed::Close | Deed::Finish => {}
        }
    }

    /// How a deed is refused that is not possible.
    fn status(&self, deed: Deed, who: usize) -> u16 {
        let is_of_nothing = match deed {
            Deed::PlanVisit => self.around.rounds.is_empty(),
            Deed::CallOff => self.around.open.is_empty(),
            _ => false,
        };
        match (who > 1, is_of_nothing) {
            (false, _) => 403,
            (true, true) => 404,
            (true, false) => 409,
        }
    }

    async fn check(&mut self, deed: Deed, who: usize) {
        let north = &self.server.north;
        let by = match who {
            0 => north.shopper(),
            1 => north.reviewer(),
            _ => north.coordinator(),
        };
        let before = (self.state().await, everything(&self.connection).await);
        let expected = self.expected(deed, before.0).filter(|_| who > 1);
        let answer = self.send(deed, by).await;
        match expected {
            Some(state) => {
                assert!(
                    answer.status.is_success(),
                    "{deed:?} in {}: {}",
                    before.0,
                    answer.text()
                );
                assert_eq!(self.state().await, state, "{deed:?}");
                let answer = if answer.body.is_empty() {
                    Value::Null
                } else {
                    answer.json()
                };
                self.note(deed, &answer);
            }
            None => {
                let code = answer.problem(self.status(deed, who));
                assert!(
                    [
                        "forbidden",
                        "not_found",
                        "not_possible_in_state",
                        "staff_notice_missing"
                    ]
                    .contains(&code.as_str()),
                    "{code}"
                );
                assert_eq!(
                    everything(&self.connection).await,
                    before.1,
                    "{deed:?} was refused"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_a_programme_stays_within_its_diagram(
        deeds in prop::collection::vec((prop::sample::select(vec![Deed::Notice, Deed::Activate, Deed::Close, Deed::Finish,
            Deed::OpenRound, Deed::PlanVisit, Deed::CallOff]), 0_usize..9), 1..=STEPS)) {
        block_on(async {
            let server = start().await;
            let mut programme = Programme::set(&server).await;
            for (deed, who) in deeds {
                programme.check(deed, who).await;
            }
        });
    }
}
