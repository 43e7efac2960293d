//! One visit, and what a coordinator, a reviewer and two shoppers do with it.

use std::collections::BTreeMap;

use axum::http::Method;
use haamu_domain::{AssignmentEvent as A, AssignmentState, VisitEvent as V, VisitState};
use haamu_tests::agency::{Person, ProgrammeOptions, Scene, small_answers};
use haamu_tests::{Answer as Response, TestDevice, TestServer};
use proptest::prelude::*;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use super::{CASES, STEPS, assert_refused, block_on, everything, reach, start, texts};

macro_rules! steps {
    ($($step:ident,)*) => {
        /// What somebody does with the visit. Whoever it is, is drawn apart.
        #[derive(Clone, Copy, Debug)]
        enum Step {
            $($step,)*
        }

        const ALL_STEPS: &[Step] = &[$(Step::$step,)*];
    };
}

steps! {
    Assign,
    AssignOther,
    Withdraw,
    Cancel,
    Reopen,
    Board,
    Apply,
    TakeBackApplication,
    Take,
    Accept,
    Decline,
    GiveBack,
    ReportObstacle,
    Answer,
    SubmitEvaluation,
    Sync,
    Approve,
    Return,
    Release,
    Expire,
}

use Step::*;

/// A step, by whom, and whether it is done twice.
type Draw = (Step, usize, bool);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    // What moves a visit on is drawn more often than what takes it back.
    let onward = prop::sample::select(vec![
        Assign,
        Accept,
        Answer,
        SubmitEvaluation,
        Sync,
        Approve,
        Return,
        Release,
    ]);
    let step = prop_oneof![2 => onward, 1 => prop::sample::select(ALL_STEPS)];
    prop::collection::vec((step, 0_usize..8, any::<bool>()), 1..=STEPS)
}

impl Step {
    /// The events that may come of it, with those of a background job that was due.
    fn events(self) -> (&'static [V], &'static [A]) {
        match self {
            Assign | AssignOther => (&[V::FallBack], &[A::Open, A::Apply, A::Assign, A::Cancel]),
            Withdraw | Cancel => (&[V::FallBack], &[A::Cancel]),
            Reopen | Board => (&[], &[]),
            Apply => (&[], &[A::Open, A::Apply]),
            TakeBackApplication => (&[], &[A::Cancel]),
            Take => (&[V::Accept], &[A::Assign, A::Accept, A::Cancel]),
            Accept => (&[V::Accept], &[A::Accept]),
            Decline => (&[], &[A::Decline]),
            GiveBack | ReportObstacle => (&[V::FallBack], &[A::Cancel]),
            Answer | SubmitEvaluation | Sync => {
                (&[V::Accept, V::Start, V::Submit, V::BeginReview], &[A::Accept])
            }
            Approve => (&[V::BeginReview, V::Approve], &[]),
            Return => (&[V::BeginReview, V::Return], &[]),
            Release => (&[V::Release], &[]),
            Expire => (&[V::BeginReview], &[A::Expire]),
        }
    }
}

/// The visit and all its assignments, by their states.
type States = (VisitState, BTreeMap<String, AssignmentState>);

/// One visit, and everybody who has to do with it.
struct Stage<'a> {
    server: &'a TestServer,
    connection: DatabaseConnection,
    scene: Scene,
    devices: [TestDevice; 2],
}

impl<'a> Stage<'a> {
    async fn set(server: &'a TestServer) -> Self {
        let scene = server.plan(&server.north, ProgrammeOptions::default()).await;
        let devices = [
            server.device(server.north.shopper()).await,
            server.device(&server.north.other_shopper).await,
        ];
        for person in [server.north.coordinator(), server.north.reviewer()] {
            let _ = server.token(person).await;
        }
        let connection = server.database.connect().await;
        Self {
            server,
            connection,
            scene,
            devices,
        }
    }

    async fn states(&self) -> States {
        // Its agency has no other visit.
        let visit = texts(&self.connection, "SELECT state FROM visit")
            .await
            .concat()
            .remove(0);
        let rows = texts(&self.connection, "SELECT hex(id), state FROM assignment").await;
        let assignments = rows.iter().map(|row| {
            let state = AssignmentState::from_name(&row[1]).expect("a state of the diagram");
            (row[0].clone(), state)
        });
        let visit = VisitState::from_name(&visit).expect("a state of the diagram");
        (visit, assignments.collect())
    }

    /// The assignment that a shopper's step is about: the newest of whoever does it, or any.
    async fn assignment(&self, by: &Person) -> String {
        let sql = format!(
            "SELECT hex(id) FROM assignment ORDER BY hex(shopper_id) = '{:X}' DESC, id DESC LIMIT 1",
            by.id.as_simple()
        );
        let id = texts(&self.connection, &sql).await.concat().remove(0);
        uuid::Uuid::parse_str(&id).expect("an id").to_string()
    }

    /// The assignment by which somebody has the visit, if anybody has.
    async fn holder(&self) -> Option<String> {
        let sql = "SELECT hex(id) FROM assignment WHERE state IN ('assigned', 'accepted')";
        let id = texts(&self.connection, sql).await.concat().pop()?;
        Some(uuid::Uuid::parse_str(&id).expect("an id").to_string())
    }

    /// Mostly who may do it, now and then somebody else.
    fn person(&self, step: Step, draw: usize) -> &'a Person {
        let north = &self.server.north;
        let (shopper, other) = (north.shopper(), &north.other_shopper);
        let usual = match step {
            Assign | AssignOther | Withdraw | Cancel | Reopen | Board => {
                [north.coordinator(), north.coordinator()]
            }
            Approve | Return | Release => [north.reviewer(), north.reviewer()],
            _ => [shopper, other],
        };
        match draw {
            0 => north.coordinator(),
            1 => north.reviewer(),
            2 => shopper,
            3 => other,
            even => usual[even % 2],
        }
    }

    /// What the step sends to the server; none where a device or the server itself does something.
    async fn request(&self, step: Step, by: &Person) -> Option<(Method, String, Value)> {
        let Scene { visit, round, .. } = &self.scene;
        let visit = format!("/v1/visits/{visit}");
        let job = format!("/v1/jobs/{}", self.scene.visit);
        let assignment = format!("/v1/assignments/{}", self.assignment(by).await);
        let north = &self.server.north;
        let reason = json!({"reason": "Sairastapaus"});
        let independent = json!({"independent": true});
        let (method, path, body) = match step {
            Assign => (
                Method::POST,
                format!("{visit}/assignments"),
                json!({"shopper": north.shopper().id}),
            ),
            AssignOther => (
                Method::POST,
                format!("{visit}/assignments"),
                json!({"shopper": north.other_shopper.id, "replaces": self.holder().await}),
            ),
            Withdraw => (Method::POST, format!("{visit}/withdraw"), reason),
            Cancel => (Method::POST, format!("{visit}/cancel"), reason),
            Reopen => (Method::POST, format!("{visit}/reopen"), Value::Null),
            Board => (
                Method::POST,
                format!("/v1/rounds/{round}/board"),
                json!({"board": "self_assign"}),
            ),
            Apply => (Method::PUT, format!("{job}/application"), independent),
            TakeBackApplication => (Method::DELETE, format!("{job}/application"), Value::Null),
            Take => (Method::POST, format!("{job}/take"), independent),
            Accept => (Method::POST, format!("{assignment}/accept"), independent),
            Decline => (Method::POST, format!("{assignment}/decline"), reason),
            GiveBack => (Method::POST, format!("{assignment}/give-back"), reason),
            ReportObstacle => {
                let body = json!({"obstacle": "cannot_do", "reason": "Ovi oli kiinni."});
                (Method::POST, format!("{assignment}/obstacle"), body)
            }
            Approve => (Method::POST, format!("{visit}/approve"), json!({})),
            Return => (
                Method::POST,
                format!("{visit}/return"),
                json!({"reason": "Tarkenna."}),
            ),
            Release => (Method::POST, format!("{visit}/release"), Value::Null),
            Answer | SubmitEvaluation | Sync | Expire => return None,
        };
        Some((method, path, body))
    }

    async fn send(&self, (method, path, body): &(Method, String, Value), by: &Person) -> Response {
        let call = self.server.request(method.clone(), path);
        call.json(body).by(by).await.send().await
    }

    /// What happens on a device or in the server. What a device refuses itself, it refuses.
    async fn happen(&mut self, step: Step, draw: usize) {
        let device = &mut self.devices[draw % 2];
        match step {
            Answer | SubmitEvaluation => {
                for visit in device.client.visits() {
                    let Ok(open) = device.client.open_visit(&visit) else {
                        continue;
                    };
                    for (question, answer) in small_answers() {
                        let _ = device.client.answer(&open, question, answer).await;
                    }
                    if let Ok(open) = device.client.open_visit(&visit)
                        && matches!(step, SubmitEvaluation)
                    {
                        let _ = device.client.submit(&open, "main", false).await;
                    }
                }
                let _ = device.client.sync(|_| {}).await.expect("storage works");
            }
            Sync => {
                let _ = device.client.sync(|_| {}).await.expect("storage works");
                self.server.run_jobs().await;
            }
            _ => {
                self.server.clock.advance_seconds(1_001 * 3_600);
                self.server.run_jobs().await;
                self.server.clock.advance_seconds(-1_001 * 3_600);
            }
        }
    }

    /// Does a step, and says whether anything may have come of it.
    async fn play(&mut self, (step, draw, _): Draw) {
        let by = self.person(step, draw);
        let Some(request) = self.request(step, by).await else {
            return self.happen(step, draw).await;
        };
        let _ = self.server.token(by).await;
        let before = everything(&self.connection).await;
        let answer = self.send(&request, by).await;
        if !answer.status.is_success() {
            assert_refused(answer, &format!("{step:?}"));
            let after = everything(&self.connection).await;
            for (table, rows) in before {
                assert_eq!(
                    rows, after[&table],
                    "{step:?} was refused and has changed {table}"
                );
            }
        }
    }

    async fn check(&mut self, draw: Draw) {
        let (step, _, is_twice) = draw;
        let before = self.states().await;
        self.play(draw).await;
        let after = self.states().await;
        is_reachable(step, &before, &after);
        // What a device does twice is two things.
        if is_twice && !matches!(step, Answer | SubmitEvaluation | Sync | Expire) {
            self.play(draw).await;
            let again = self.states().await;
            is_reachable(step, &after, &again);
            let is_same_for = |of: &States| (of.0, of.1.values().filter(|state| state.is_live()).count());
            assert_eq!(
                is_same_for(&again),
                is_same_for(&after),
                "{step:?} was done twice"
            );
        }
    }
}

fn is_reachable(step: Step, before: &States, after: &States) {
    let (visit, assignment) = step.events();
    let visits = reach(before.0, visit, |state, event| state.after(event).ok());
    assert!(
        visits.contains(&after.0),
        "{step:?} made a visit that was {} {}",
        before.0,
        after.0
    );
    let is_gone = |id: &&String| !after.1.contains_key(*id);
    assert_eq!(before.1.keys().find(is_gone), None, "assignments stay");
    for (id, state) in &after.1 {
        let first = before.1.get(id).copied().unwrap_or(AssignmentState::Planned);
        let others = reach(first, assignment, |state, event| state.after(event).ok());
        assert!(
            others.contains(state),
            "{step:?} made an assignment that was {first} {state}"
        );
    }
    let live = after.1.values().filter(|state| state.is_live()).count();
    assert!(live <= 1, "a visit is one person's at a time");
    let accepted = after
        .1
        .values()
        .filter(|state| **state == AssignmentState::Accepted)
        .count();
    assert_eq!(
        accepted == 0,
        after.0 == VisitState::Planned,
        "a visit is planned until somebody accepts it"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_a_visit_stays_within_its_diagram(draws in draws()) {
        block_on(async {
            let server = start().await;
            let mut stage = Stage::set(&server).await;
            for draw in draws {
                stage.check(draw).await;
            }
        });
    }
}
