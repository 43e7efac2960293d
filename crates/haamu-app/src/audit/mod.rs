//! The audit trail, for administrators.

use std::collections::BTreeMap;

use haamu_domain::{Actor, Role, Verb};
use haamu_store::Tx;
use haamu_store::repo::audit::{self, AuditFilter, AuditRow};
use haamu_store::repo::identity;
use serde_json::Value;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

/// The longest name of an action, a kind or an id.
const LONGEST: usize = 200;

/// An entry of the audit trail.
#[derive(Clone, Debug)]
pub struct AuditView {
    /// The entry.
    pub row: AuditRow,
    /// What else is known of it.
    pub detail: Value,
    /// What whoever did it was then.
    pub role: Option<Role>,
    /// The name of whoever did it, as it is now.
    pub actor_name: Option<String>,
}

impl App {
    /// Entries of the agency's audit trail, the newest first.
    ///
    /// # Errors
    /// The role may not do this, or what is asked for is out of range.
    pub async fn list_audit(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        before: Option<Uuid>,
    ) -> Result<Page<AuditView>, Error> {
        require_in_agency(actor, Verb::ReadAudit)?;
        check(filter)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (rows, has_more) = audit::page(tx, actor.agency, filter, before, PAGE_SIZE).await?;
            let mut people: Vec<Uuid> = rows.iter().filter_map(|row| row.actor).collect();
            people.sort_unstable();
            people.dedup();
            let names: BTreeMap<Uuid, String> = identity::list_names(tx, people).await?.into_iter().collect();
            let entries: Vec<AuditView> = rows.into_iter().map(|row| view(row, &names)).collect();
            Ok(Page::new(entries, has_more, |entry: &AuditView| {
                entry.row.id.uuid()
            }))
        })
        .await
    }
}

fn check(filter: &AuditFilter) -> Result<(), Error> {
    let mut checks = Checks::default();
    if let Some(action) = &filter.action {
        checks.text("action", action, LONGEST);
    }
    if let Some((kind, id)) = &filter.target {
        checks.text("target_kind", kind, LONGEST);
        checks.text("target_id", id, LONGEST);
    }
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && to < from
    {
        checks.issue("to", "out_of_range", "the end is not before the start");
    }
    checks.finish()
}

fn view(row: AuditRow, names: &BTreeMap<Uuid, String>) -> AuditView {
    AuditView {
        detail: serde_json::from_str(&row.detail).unwrap_or_default(),
        role: row.actor_role.as_deref().and_then(Role::from_name),
        actor_name: row.actor.and_then(|actor| names.get(&actor).cloned()),
        row,
    }
}
