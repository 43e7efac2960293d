//! Tasks of coordinators: what was set aside, whose it is, and what it says.

use std::collections::BTreeMap;

use haamu_domain::binding::TAG_JSON;
use haamu_domain::{
    Actor, AgencyId, LocationId, SetAsideId, SubmissionId, Target, Timestamp, UserId, Verb, VisitId,
    VisitState, deals_with,
};
use haamu_store::Tx;
use haamu_store::repo::set_aside::{self, Decision, SetAside, SetAsideFilter, SetAsideOp, Subject};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, devices, identity};
use haamu_sync::{Action, DeviceId, Disposition, OpId, codec};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::{App, Error};

/// Where work is put that did not take effect.
const ASIDE: [Disposition; 4] = [
    Disposition::Late,
    Disposition::Orphaned,
    Disposition::UnknownForm,
    Disposition::Unparseable,
];

/// Which tasks are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetAsideQuery {
    /// Put in this place.
    pub disposition: Option<Disposition>,
    /// About this visit.
    pub visit: Option<VisitId>,
    /// Also those about which all is decided.
    pub with_decided: bool,
    /// After this one.
    pub after: Option<Uuid>,
}

/// A task, with what belongs to it.
#[derive(Clone, Debug)]
pub struct SetAsideView {
    /// The task.
    pub task: SetAside,
    /// The visit, where it is known.
    pub visit: Option<SetAsideVisit>,
    /// The submission, where it is known.
    pub submission: Option<SubmissionId>,
    /// The device, where no submission is known.
    pub device: Option<DeviceId>,
    /// Whose submission or device it is.
    pub shopper: UserId,
    /// Their name.
    pub shopper_name: String,
}

/// The visit of a task.
#[derive(Clone, Debug)]
pub struct SetAsideVisit {
    /// Its id.
    pub id: VisitId,
    /// Where it is in its life.
    pub state: VisitState,
    /// Where it takes place.
    pub location: LocationId,
    /// The name of that location.
    pub location_name: String,
}

/// Operations of a task, in the order of their arrival.
#[derive(Clone, Debug)]
pub struct OperationPage {
    /// The task.
    pub view: SetAsideView,
    /// The operations.
    pub operations: Vec<OperationView>,
    /// How many to skip for the next page; none on the last one.
    pub next: Option<u64>,
}

/// An operation that was set aside.
#[derive(Clone, Debug)]
pub struct OperationView {
    /// Its name.
    pub id: OpId,
    /// The device that sent it.
    pub device: DeviceId,
    /// Its number there.
    pub number: u64,
    /// When it was written, by its effective stamp.
    pub written_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What it says, where it can be read.
    pub content: Option<ContentView>,
    /// What was decided about it.
    pub decision: Option<Decision>,
}

/// What an operation says.
#[derive(Clone, Debug)]
pub struct ContentView {
    /// What it does: `set`, `clear`, `attach` and so on.
    pub action: &'static str,
    /// Which part of the submission, such as `answer/greeting`.
    pub register: String,
    /// The instances of repeated sections that it lies in, outermost first.
    pub instance: Vec<OpId>,
    /// The value, where there is one that can be read.
    pub value: Option<Value>,
    /// Who wrote it.
    pub author: UserId,
}

impl App {
    /// Tasks of the agency, those with the latest work first.
    ///
    /// # Errors
    /// The role may not do this, or there is no such visit or task to go on from.
    pub async fn list_set_aside(
        &self,
        actor: &Actor,
        query: SetAsideQuery,
    ) -> Result<Page<SetAsideView>, Error> {
        require_in_agency(actor, Verb::ReadSetAside)?;
        let dispositions = &dispositions(actor, query.disposition);
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let submissions = match query.visit {
                Some(visit) => Some(submissions_of_visit(tx, actor, visit).await?),
                None => None,
            };
            let after = match query.after {
                Some(id) => Some(load(tx, actor, SetAsideId::from_uuid(id)).await?),
                None => None,
            };
            let filter = SetAsideFilter {
                dispositions,
                submissions: submissions.as_deref(),
                with_decided: query.with_decided,
            };
            let (tasks, has_more) =
                set_aside::list(tx, actor.agency, filter, after.as_ref(), PAGE_SIZE).await?;
            let items = views(tx, actor.agency, tasks).await?;
            Ok(Page::new(items, has_more, |item: &SetAsideView| {
                item.task.id.uuid()
            }))
        })
        .await
    }

    /// How many tasks wait for the actor, and how many operations there are in them.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn count_set_aside(&self, actor: &Actor) -> Result<(u64, u64), Error> {
        require_in_agency(actor, Verb::ReadSetAside)?;
        let dispositions = &dispositions(actor, None);
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let filter = SetAsideFilter {
                dispositions,
                submissions: None,
                with_decided: false,
            };
            Ok(set_aside::count(tx, actor.agency, filter).await?)
        })
        .await
    }

    /// One task with its operations after the first `skip`.
    ///
    /// # Errors
    /// There is no such task for the actor.
    pub async fn read_set_aside(
        &self,
        actor: &Actor,
        id: SetAsideId,
        skip: u64,
    ) -> Result<OperationPage, Error> {
        require_in_agency(actor, Verb::ReadSetAside)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let task = load(tx, actor, id).await?;
            let view = authorised(tx, actor, Verb::ReadSetAside, task).await?;
            let ops = set_aside::list_ops(tx, actor.agency, id, skip, PAGE_SIZE).await?;
            let end = skip.saturating_add(ops.len() as u64);
            Ok(OperationPage {
                next: (end < u64::from(view.task.operations) && !ops.is_empty()).then_some(end),
                operations: ops.into_iter().map(operation).collect(),
                view,
            })
        })
        .await
    }
}

/// The places that the actor has to do with.
fn dispositions(actor: &Actor, wanted: Option<Disposition>) -> Vec<Disposition> {
    let is_meant =
        |one: &Disposition| deals_with(actor.role, *one) && wanted.is_none_or(|wanted| wanted == *one);
    ASIDE.into_iter().filter(is_meant).collect()
}

/// A task that the actor has to do with.
pub(super) async fn load(tx: &Tx, actor: &Actor, id: SetAsideId) -> Result<SetAside, Error> {
    let task = set_aside::find(tx, actor.agency, id).await?;
    task.filter(|task| deals_with(actor.role, task.disposition))
        .ok_or_else(|| Error::not_found("task"))
}

/// The view of a task on whose visit the actor may do `verb`.
pub(super) async fn authorised(
    tx: &Tx,
    actor: &Actor,
    verb: Verb,
    task: SetAside,
) -> Result<SetAsideView, Error> {
    if let Subject::Submission(submission) = task.subject
        && let Some(submission) = submissions::find(tx, actor.agency, submission).await?
        && let Some(visit) = visits::find(tx, actor.agency, submission.visit).await?
    {
        let target = Target::of_client(actor.agency, visit.client_organisation);
        require(actor, verb, &target, "task")?;
    }
    let mut views = views(tx, actor.agency, vec![task]).await?;
    views.pop().ok_or_else(|| Error::not_found("task"))
}

async fn submissions_of_visit(tx: &Tx, actor: &Actor, id: VisitId) -> Result<Vec<SubmissionId>, Error> {
    let visit = visits::find(tx, actor.agency, id).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    let target = Target::of_client(actor.agency, visit.client_organisation);
    require(actor, Verb::ReadSetAside, &target, "visit")?;
    let submissions = submissions::list_of_visits(tx, actor.agency, &[id]).await?;
    Ok(submissions.into_iter().map(|submission| submission.id).collect())
}

/// How many operations about a visit are set aside and undecided, whoever has to decide.
pub(crate) async fn count_of_visit(tx: &Tx, agency: AgencyId, id: VisitId) -> Result<u64, Error> {
    let submissions = submissions::list_of_visits(tx, agency, &[id]).await?;
    let ids: Vec<SubmissionId> = submissions.into_iter().map(|submission| submission.id).collect();
    let filter = SetAsideFilter {
        dispositions: &ASIDE,
        submissions: Some(&ids),
        with_decided: false,
    };
    Ok(set_aside::count(tx, agency, filter).await?.1)
}

/// Adds what belongs to tasks, with a fixed number of queries.
async fn views(tx: &Tx, agency: AgencyId, tasks: Vec<SetAside>) -> Result<Vec<SetAsideView>, Error> {
    let (mut of_submissions, mut of_devices) = (Vec::new(), Vec::new());
    for task in &tasks {
        match task.subject {
            Subject::Submission(id) => of_submissions.push(id),
            Subject::Device(id) => of_devices.push(id),
        }
    }
    let found = submissions::list_by_ids(tx, agency, &of_submissions).await?;
    let submissions: BTreeMap<SubmissionId, Submission> =
        found.into_iter().map(|one| (one.id, one)).collect();
    let ids: Vec<VisitId> = submissions.values().map(|one| one.visit).collect();
    let found = visits::list_by_ids(tx, agency, &ids).await?;
    let visits: BTreeMap<VisitId, Visit> = found.into_iter().map(|one| (one.id, one)).collect();
    let locations = visits.values().map(|one| one.location).collect();
    let locations = clients::list_location_names(tx, agency, locations).await?;
    let found = devices::list_by_ids(tx, agency, &of_devices).await?;
    let devices: BTreeMap<DeviceId, UserId> = found.into_iter().map(|one| (one.id, one.user)).collect();
    let shoppers = submissions.values().map(|one| one.shopper);
    let people = shoppers.chain(devices.values().copied()).map(UserId::uuid);
    let names: BTreeMap<Uuid, String> = identity::list_names(tx, people.collect())
        .await?
        .into_iter()
        .collect();
    let view = |task: SetAside| {
        let (submission, device, shopper) = match task.subject {
            Subject::Submission(id) => {
                let submission = submissions.get(&id)?;
                (Some(submission), None, submission.shopper)
            }
            Subject::Device(id) => (None, Some(id), *devices.get(&id)?),
        };
        let visit = submission.and_then(|submission| visits.get(&submission.visit));
        Some(SetAsideView {
            visit: visit.map(|visit| SetAsideVisit {
                id: visit.id,
                state: visit.state,
                location: visit.location,
                location_name: locations.get(&visit.location).cloned().unwrap_or_default(),
            }),
            submission: submission.map(|submission| submission.id),
            device,
            shopper,
            shopper_name: names.get(&shopper.uuid()).cloned().unwrap_or_default(),
            task,
        })
    };
    Ok(tasks.into_iter().filter_map(view).collect())
}

fn operation(op: SetAsideOp) -> OperationView {
    let millis = i64::try_from(op.effective.millis()).unwrap_or(i64::MAX);
    let read = codec::decode(&op.raw, op.device, op.seq).ok();
    OperationView {
        id: op.id,
        device: op.device,
        number: op.seq,
        written_at: Timestamp::from_millis(millis),
        received_at: op.received_at,
        content: read.map(|read| {
            let (action, value) = said(&read.action);
            ContentView {
                action,
                register: read.register.into(),
                instance: read.instance.into_vec(),
                value,
                author: UserId::from_author(read.author),
            }
        }),
        decision: op.decision,
    }
}

/// What an action does, in a word, and its value as JSON.
fn said(action: &Action) -> (&'static str, Option<Value>) {
    let json = |value: &haamu_sync::Value| {
        let bytes = (value.tag == TAG_JSON).then_some(&value.bytes.0);
        bytes.and_then(|bytes| serde_json::from_slice(bytes).ok())
    };
    match action {
        Action::Set(value) => ("set", json(value)),
        Action::Clear => ("clear", None),
        Action::AddInstance(value) => ("add_instance", json(value)),
        Action::RemoveInstance(_) => ("remove_instance", None),
        Action::Attach(file) => {
            let file = json!({"sha256": file.sha256.to_string(), "length": file.length,
                "media_type": file.media_type});
            ("attach", Some(file))
        }
        Action::Detach(_) => ("detach", None),
        Action::Submit(submit) => (
            "submit",
            Some(json!({"stage": submit.stage, "cycle": submit.cycle})),
        ),
        Action::Note(_) => ("note", None),
    }
}
