//! Released visit reports, as clients read them.

use std::collections::BTreeSet;

use haamu_domain::binding::Capture;
use haamu_domain::retention::PurgeClass;
use haamu_domain::{Actor, LocalDate, Redactor, Target, Timestamp, UnitId, Verb, VisitId};
use haamu_form::{
    Answer, AnswerState, Decisions, Language, QuestionKind, Score, ScoreOutput, Slot, score::QuestionStatus,
    trace,
};
use haamu_report::{PhotoSource, ReportContext, ReportInput, VisitReport, render_html};
use haamu_store::Tx;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::visits::{self, Visit, VisitEra, VisitFilter};
use haamu_store::repo::{
    agencies, blobs, clients, hierarchies, identity, programmes, purge_files, rounds, scores,
};
use haamu_sync::BlobHash;
use uuid::Uuid;

use crate::clients::{UnitReach, reach as clients_reach, unit_reach};
use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::evaluation::{self, Evaluation};
use crate::programmes::home_zone;
use crate::retention::deleted;
use crate::review::{ACCEPTED_INCOMPLETE, submission_of};
use crate::visits::VisitView;
use crate::{App, Error};

/// Where fewer people than this are usually on shift, even the week would tell who served.
const SMALL_SHIFT: u32 = 5;

/// Everything that a report needs, loaded in one transaction.
struct Loaded {
    context: ReportContext,
    evaluation: Evaluation,
    score: Score,
    redactor: Redactor,
    photos: Vec<(BlobHash, PhotoSource)>,
    /// What was deleted because its time was over.
    purged: BTreeSet<PurgeClass>,
}

impl App {
    /// Released visits that the actor may read. With a unit, only those of its part of the
    /// tree: as it was at each visit, or as it is now.
    ///
    /// # Errors
    /// The role may not do this, or there is no such unit within reach.
    pub async fn list_reports(
        &self,
        actor: &Actor,
        query: &ReportQuery,
        after: Option<Uuid>,
    ) -> Result<Page<VisitView>, Error> {
        require_in_agency(actor, Verb::ReadReport)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let filter = self.report_filter(tx, actor, query).await?;
            let (found, has_more) = visits::list(tx, actor.agency, &filter, after, PAGE_SIZE).await?;
            let items = self.visit_views(tx, actor, found).await?;
            Ok(Page::new(items, has_more, |item: &VisitView| {
                item.visit.id.uuid()
            }))
        })
        .await
    }

    /// The report of a released visit, as JSON.
    ///
    /// # Errors
    /// There is no such released visit within reach.
    pub async fn visit_report_json(
        &self,
        actor: &Actor,
        id: VisitId,
        language: Language,
    ) -> Result<String, Error> {
        let loaded = self.load_report(actor, id).await?;
        serde_json::to_string(&build(&loaded, language))
            .map_err(|error| Error::internal("write a report", error))
    }

    /// The report of a released visit, as a self-contained page.
    ///
    /// # Errors
    /// There is no such released visit within reach.
    pub async fn visit_report_html(
        &self,
        actor: &Actor,
        id: VisitId,
        language: Language,
    ) -> Result<String, Error> {
        let loaded = self.load_report(actor, id).await?;
        let mut jpegs = Vec::with_capacity(loaded.photos.len());
        for (hash, _) in &loaded.photos {
            jpegs.push(
                self.inner
                    .files
                    .read_rendition(actor.agency, *hash)
                    .await?
                    .to_vec(),
            );
        }
        let report = build(&loaded, language);
        render_html(&report, language, &jpegs).map_err(|error| Error::internal("render a report", error))
    }

    /// A photo of a released visit, by its number in the report.
    ///
    /// # Errors
    /// There is no such photo of a released visit within reach.
    pub async fn visit_report_photo(
        &self,
        actor: &Actor,
        id: VisitId,
        number: usize,
    ) -> Result<Vec<u8>, Error> {
        let loaded = self.load_report(actor, id).await?;
        let photo = number.checked_sub(1).and_then(|index| loaded.photos.get(index));
        let missing = || match loaded.purged.contains(&PurgeClass::Photo) {
            true => deleted("The photos of the visit were deleted."),
            false => Error::not_found("photo"),
        };
        let (hash, _) = photo.ok_or_else(missing)?;
        Ok(self
            .inner
            .files
            .read_rendition(actor.agency, *hash)
            .await?
            .to_vec())
    }

    async fn load_report(&self, actor: &Actor, id: VisitId) -> Result<Loaded, Error> {
        require_in_agency(actor, Verb::ReadReport)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::find(tx, actor.agency, id)
                .await?
                .ok_or_else(|| Error::not_found("report"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::ReadReport, &target, "report")?;
            let only = clients_reach(tx, actor, self.today()).await?;
            let is_out_of_reach = only.is_some_and(|only| !only.contains(&visit.location));
            if is_out_of_reach || !visit.state.is_visible_to_client() {
                return Err(Error::not_found("report"));
            }
            load(tx, actor, &visit).await
        })
        .await
    }
}

impl App {
    /// What a reader sees, and of that what they ask for.
    async fn report_filter(&self, tx: &Tx, actor: &Actor, query: &ReportQuery) -> Result<VisitFilter, Error> {
        let today = self.today();
        let only = unit_reach(tx, actor, today).await?;
        if let (Some(only), Some(unit)) = (&only, query.unit) {
            only.require_unit(unit)?;
        }
        let mut filter = VisitFilter {
            client_organisation: actor.client_organisation,
            only_visible_to_client: true,
            locations: only.map(UnitReach::into_locations),
            ..VisitFilter::default()
        };
        if query.counts_from.is_some() || query.counts_until.is_some() {
            let (from, until) = (query.counts_from, query.counts_until);
            filter.rounds = Some(rounds::list_of_period(tx, actor.agency, from, until).await?);
        }
        let Some(unit) = query.unit else {
            return Ok(filter);
        };
        let found = hierarchies::find_unit(tx, actor.agency, unit).await?;
        let found = found.ok_or_else(|| Error::not_found("unit"))?;
        let tree = hierarchies::find(tx, actor.agency, found.hierarchy).await?;
        let tree = tree.ok_or_else(|| Error::not_found("unit"))?;
        let target = Target::of_client(actor.agency, tree.client_organisation);
        require(actor, Verb::ReadReport, &target, "unit")?;
        let history = hierarchies::load_history(tx, actor.agency, tree.id).await?;
        let home = home_zone();
        let eras = match query.tree {
            TreeOf::Now => vec![VisitEra {
                from: Timestamp::from_millis(i64::MIN),
                until: None,
                locations: history.locations(unit, today),
            }],
            TreeOf::Visit => history
                .eras(unit)
                .into_iter()
                .map(|era| VisitEra {
                    from: home.start_of(era.span.from),
                    until: era.span.until.map(|date| home.start_of(date)),
                    locations: era.locations,
                })
                .collect(),
        };
        filter.eras = Some(eras);
        Ok(filter)
    }
}

/// Which reports are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportQuery {
    /// Of this unit and all below it.
    pub unit: Option<UnitId>,
    /// By which tree.
    pub tree: TreeOf,
    /// Of rounds that count in a period from this day on.
    pub counts_from: Option<LocalDate>,
    /// Of rounds that count in a period until this day, itself included.
    pub counts_until: Option<LocalDate>,
}

/// A tree changes: which one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TreeOf {
    /// The tree as it is now.
    #[default]
    Now,
    /// The tree as it was at each visit.
    Visit,
}

async fn load(tx: &Tx, actor: &Actor, visit: &Visit) -> Result<Loaded, Error> {
    let agency = actor.agency;
    let submission = submission_of(tx, actor, visit).await?;
    let evaluation = evaluation::load(tx, agency, visit, &submission).await?;
    let score = rescore(tx, actor, visit, &submission, &evaluation).await?;
    let zone = crate::jobs::load_zone(tx, agency, visit).await?;
    let location = clients::find_location(tx, agency, visit.location).await?;
    let location = location.ok_or_else(|| Error::not_found("location"))?;
    let round = programmes::find_round(tx, agency, visit.round).await?;
    let round = round.ok_or_else(|| Error::not_found("round"))?;
    let programme = programmes::find(tx, agency, round.programme).await?;
    let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
    let client = clients::find(tx, agency, visit.client_organisation).await?;
    let client = client.ok_or_else(|| Error::not_found("client organisation"))?;
    let shopper = identity::load_user(tx, submission.shopper).await?;
    let visited_at = visit.visited_at.unwrap_or_default();
    let moments = moments(&evaluation, &zone, visited_at);
    let mut received = blobs::list_received(tx, agency, submission.id, visit.approved_at).await?;
    for (file, is_given_up) in purge_files::list_owned(tx, agency, submission.id).await? {
        if is_given_up {
            received.remove(&file);
        }
    }
    Ok(Loaded {
        context: ReportContext {
            visit: visit.id,
            agency: agencies::load_name(tx, agency).await?,
            client_organisation: client.name,
            programme: programme.name,
            round: round.name,
            counts_in: round.counts_in,
            location: location.name,
            city: location.city,
            checklist_hash: evaluation.form.to_string(),
            time: zone.coarse(visited_at),
            // Where nobody has said how many are on shift, they may be few.
            is_month_only: location
                .typical_staff_on_shift
                .is_none_or(|staff| staff < SMALL_SHIFT),
        },
        redactor: Redactor::new(&shopper.display_name, &shopper.email, &moments, &zone),
        photos: photos(tx, actor, &evaluation, &score, &received).await?,
        score,
        evaluation,
        purged: submission.purged,
    })
}

/// The score as a value, which must be the stored one: a report never shows another.
async fn rescore(
    tx: &Tx,
    actor: &Actor,
    visit: &Visit,
    submission: &Submission,
    evaluation: &Evaluation,
) -> Result<Score, Error> {
    let stored = scores::find_latest(tx, actor.agency, visit.id).await?;
    let stored = stored.filter(|stored| stored.submission == submission.id);
    let stored = stored.ok_or_else(|| Error::not_found("score"))?;
    let accepted_incomplete = stored.reason == ACCEPTED_INCOMPLETE;
    let decisions = Decisions {
        accepted_incomplete,
        ..Decisions::default()
    };
    let score = haamu_form::score(&evaluation.checklist, evaluation.bound.draft.answers(), decisions);
    let result = serde_json::to_string(&ScoreOutput::new(&evaluation.checklist, &score));
    let result = result.map_err(|error| Error::internal("write a score", error))?;
    if result == stored.result {
        return Ok(score);
    }
    // Of answers that were deleted, the stored score tells what became of them.
    if submission.purged.is_empty() {
        let message = std::io::Error::other(format!("score {} of visit {}", stored.id, visit.id));
        return Err(Error::internal("reproduce a stored score", message));
    }
    let restored = Score::restored(&evaluation.checklist, &score, &stored.result);
    restored.ok_or_else(|| deleted("The answers that the report explains were deleted."))
}

/// All moments of the visit that testimony may name.
fn moments(evaluation: &Evaluation, zone: &haamu_domain::Zone, visited_at: Timestamp) -> Vec<Timestamp> {
    let answers = evaluation.bound.draft.answers();
    let slots = answers.slots(&evaluation.checklist).into_iter();
    let answered = slots.filter_map(|slot| match answers.state_at(&evaluation.checklist, slot) {
        AnswerState::Given(Answer::DateTime(local)) => Some(zone.moment_of(*local)),
        _ => None,
    });
    answered.chain([visited_at]).collect()
}

/// The photos that a client may see: those that had arrived when the evaluation
/// was approved, of shown questions, readable, and no receipts, which show times and names.
async fn photos(
    tx: &Tx,
    actor: &Actor,
    evaluation: &Evaluation,
    score: &Score,
    received: &BTreeSet<BlobHash>,
) -> Result<Vec<(BlobHash, PhotoSource)>, Error> {
    let may_see = evaluation.checklist.client_questions();
    let is_shown = |slot: Slot| {
        let question = &evaluation.checklist.questions()[slot.question];
        let of_question = &score.questions[slot.question];
        let status = match slot.instance {
            None => of_question.status,
            Some(instance) => of_question.instances[instance].status,
        };
        status != QuestionStatus::NotShown
            && may_see[slot.question]
            && !matches!(
                question.kind,
                QuestionKind::Receipt(_) | QuestionKind::Audio | QuestionKind::Signature
            )
    };
    let files: Vec<_> = evaluation
        .files()
        .filter(|(slot, file)| is_shown(*slot) && received.contains(&file.sha256))
        .collect();
    let hashes: Vec<BlobHash> = files.iter().map(|(_, file)| file.sha256).collect();
    let renditions = blobs::list_renditions(tx, actor.agency, &hashes).await?;
    let photo = |(slot, file): (Slot, &haamu_sync::Attachment)| {
        let rendition = renditions
            .iter()
            .find(|rendition| rendition.sha256 == file.sha256)?;
        rendition.is_readable.then(|| {
            let caption = Capture::from_bytes(&file.capture).caption;
            let source = PhotoSource {
                slot,
                caption,
                width: rendition.width,
                height: rendition.height,
            };
            (file.sha256, source)
        })
    };
    Ok(files.into_iter().filter_map(photo).collect())
}

fn build(loaded: &Loaded, language: Language) -> VisitReport {
    let Loaded {
        context,
        evaluation,
        score,
        redactor,
        photos,
        purged,
    } = loaded;
    let draft = &evaluation.bound.draft;
    let sources: Vec<PhotoSource> = photos.iter().map(|(_, source)| source.clone()).collect();
    VisitReport::build(&ReportInput {
        context: context.clone(),
        checklist: &evaluation.checklist,
        evaluation: draft,
        score,
        trace: &trace(&evaluation.checklist, draft.answers(), score),
        redactor,
        photos: &sources,
        purged,
        language,
    })
}
