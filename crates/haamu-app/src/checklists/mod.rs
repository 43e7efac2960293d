//! Checklists: adding, publishing and reading their versions.

use haamu_domain::attribute::publish_warnings;
use haamu_domain::{
    Actor, AgencyId, AuditEvent, ChecklistEvent, ChecklistId, ChecklistState, ChecklistVersionId, Code, Verb,
};
use haamu_form::{Checklist, ContentHash, Finding, canonical_document};
use haamu_store::Tx;
use haamu_store::repo::checklists::{self, ChecklistVersion};
use haamu_store::repo::clients;
use haamu_sync::FormVersion;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::unsound;
use crate::{App, Error};

/// A checklist version with the key of its checklist.
#[derive(Clone, Debug)]
pub struct ChecklistView {
    /// The version.
    pub version: ChecklistVersion,
    /// The id in the document.
    pub key: String,
    /// Warnings of the publish check.
    pub warnings: Vec<Finding>,
}

impl App {
    /// Adds a checklist version as a draft.
    ///
    /// # Errors
    /// [`Code::ChecklistUnsound`] with all errors, or the version number or the content exists already.
    pub async fn create_checklist(&self, actor: &Actor, document: &str) -> Result<ChecklistView, Error> {
        require_in_agency(actor, Verb::CreateChecklist)?;
        let checklist =
            Checklist::parse(document).map_err(|findings| unsound(Code::ChecklistUnsound, findings))?;
        let findings = haamu_form::compile::check(&checklist);
        if findings.iter().any(Finding::is_error) {
            let errors = findings
                .into_iter()
                .filter(Finding::is_error)
                .map(Into::into)
                .collect();
            return Err(Error::with_issues(Code::ChecklistUnsound, errors));
        }
        let not_canonical =
            |finding: Finding| Error::with_issues(Code::ChecklistUnsound, vec![finding.into()]);
        let canonical = canonical_document(document).map_err(not_canonical)?;
        let hash = ContentHash::of(document).map_err(not_canonical)?;
        // The publish check has made sure that there are an id and a version.
        let header = checklist.header();
        let key = header.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let title = header
            .title
            .best(checklist.default_language(), "en")
            .map(|title| title.text.to_owned());
        let (key, canonical, title, findings) = (&key, &canonical, &title, &findings);
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let now = self.now();
            let new_id = ChecklistId::from_uuid(self.fresh_uuid());
            let id = checklists::find_or_insert(tx, actor.agency, key, new_id, now).await?;
            let version = ChecklistVersion {
                id: ChecklistVersionId::from_uuid(self.fresh_uuid()),
                checklist: id,
                version: header.version.unwrap_or_default(),
                state: ChecklistState::Draft,
                form: FormVersion::from_bytes(*hash.as_bytes()),
                document: canonical.clone(),
                title: title.clone().unwrap_or_default(),
            };
            checklists::insert_version(tx, actor.agency, &version, now).await?;
            let event = AuditEvent::of(Verb::CreateChecklist, "checklist_version", version.id);
            Ok((
                ChecklistView {
                    version,
                    key: key.clone(),
                    warnings: findings.clone(),
                },
                event,
            ))
        })
        .await
    }

    /// Publishes a draft: from now on it can be used and never changes.
    ///
    /// # Errors
    /// There is no such version, or it is not a draft.
    pub async fn publish_checklist(
        &self,
        actor: &Actor,
        id: ChecklistVersionId,
    ) -> Result<ChecklistView, Error> {
        self.move_checklist(actor, id, ChecklistEvent::Publish).await
    }

    /// Withdraws a published version: it is not offered for new rounds, and goes on in those that have it.
    ///
    /// # Errors
    /// There is no such version, or it is not published.
    pub async fn withdraw_checklist(
        &self,
        actor: &Actor,
        id: ChecklistVersionId,
    ) -> Result<ChecklistView, Error> {
        self.move_checklist(actor, id, ChecklistEvent::Withdraw).await
    }

    async fn move_checklist(
        &self,
        actor: &Actor,
        id: ChecklistVersionId,
        event: ChecklistEvent,
    ) -> Result<ChecklistView, Error> {
        require_in_agency(actor, Verb::PublishChecklist)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let version = checklists::lock_version(tx, actor.agency, id).await?;
            let mut version = version.ok_or_else(|| Error::not_found("checklist version"))?;
            let to = version.state.after(event)?;
            let published_at = (to == ChecklistState::Published).then(|| self.now());
            checklists::set_state(tx, id, to, published_at).await?;
            version.state = to;
            let warnings = match to {
                ChecklistState::Published => location_warnings(tx, actor.agency, &version).await?,
                _ => Vec::new(),
            };
            let detail = serde_json::json!({"state": to.as_str()});
            let event = AuditEvent::of(Verb::PublishChecklist, "checklist_version", id).with(detail);
            let view = ChecklistView {
                warnings,
                ..view(tx, actor.agency, version).await?
            };
            Ok((view, event))
        })
        .await
    }

    /// Checklist versions of the agency.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_checklists(
        &self,
        actor: &Actor,
        after: Option<Uuid>,
    ) -> Result<Page<ChecklistView>, Error> {
        require_in_agency(actor, Verb::ReadChecklists)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (versions, has_more) = checklists::list_versions(tx, actor.agency, after, PAGE_SIZE).await?;
            let ids = versions.iter().map(|version| version.checklist).collect();
            let keys = checklists::list_keys(tx, actor.agency, ids).await?;
            let with_key = |version: ChecklistVersion| {
                let key = keys.get(&version.checklist).cloned().unwrap_or_default();
                ChecklistView {
                    version,
                    key,
                    warnings: Vec::new(),
                }
            };
            let items = versions.into_iter().map(with_key).collect();
            Ok(Page::new(items, has_more, |item: &ChecklistView| {
                item.version.id.uuid()
            }))
        })
        .await
    }

    /// The canonical document of a version.
    ///
    /// # Errors
    /// There is no such version.
    pub async fn read_checklist(
        &self,
        actor: &Actor,
        id: ChecklistVersionId,
    ) -> Result<ChecklistView, Error> {
        require_in_agency(actor, Verb::ReadChecklists)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let version = checklists::find_version(tx, actor.agency, id).await?;
            view(
                tx,
                actor.agency,
                version.ok_or_else(|| Error::not_found("checklist version"))?,
            )
            .await
        })
        .await
    }
}

async fn view(tx: &Tx, agency: AgencyId, version: ChecklistVersion) -> Result<ChecklistView, Error> {
    let mut keys = checklists::list_keys(tx, agency, vec![version.checklist]).await?;
    let key = keys.remove(&version.checklist).unwrap_or_default();
    Ok(ChecklistView {
        version,
        key,
        warnings: Vec::new(),
    })
}

/// What the agency's locations say of the attributes that a checklist asks for.
async fn location_warnings(
    tx: &Tx,
    agency: AgencyId,
    version: &ChecklistVersion,
) -> Result<Vec<Finding>, Error> {
    let checklist = parse_stored(version)?;
    if checklist.location_attributes().is_empty() {
        return Ok(Vec::new());
    }
    let locations = clients::list_attributes(tx, agency).await?;
    Ok(publish_warnings(&checklist, &locations))
}

/// The checklist of a stored version, which was sound when it was added.
pub(crate) fn parse_stored(version: &ChecklistVersion) -> Result<Checklist, Error> {
    Checklist::parse(&version.document)
        .map_err(|findings| Error::internal("read a stored checklist", findings))
}
