//! Rows that nobody needs any more, a bounded number at a time.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, LocalDate, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::entity::access::{
    account_secret, invitation, known_network, mail, oidc_sign_in, passkey_ceremony, password_reset_request,
    sign_in_attempt, sign_in_challenge,
};
use crate::entity::identity::{membership, refresh_token, session};
use crate::entity::operations::{audit, job};
use crate::entity::retention::purge_log;
use crate::{StoreError, Tx};

use super::in_list;

/// What rows are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldRows {
    /// Jobs that are done.
    FinishedJobs,
    /// Jobs that were given up.
    FailedJobs,
    /// Mails that were sent or given up.
    Mails,
    /// Refresh tokens that ran out.
    RefreshTokens,
    /// Sessions without a refresh token.
    Sessions,
    /// Invitations that ran out, whatever became of them.
    Invitations,
    /// Requests for a new password.
    ResetRequests,
    /// Sign-ins that wait for a second factor.
    Challenges,
    /// Sign-ins that wait for an identity provider.
    ProviderSignIns,
    /// Passkeys that were about to be made; they are of no agency.
    Ceremonies,
    /// Links that were mailed to a person; they are of no agency.
    AccountSecrets,
    /// Entries of the audit trail.
    Audit,
}

/// Deletes at most `limit` rows that are older than `before`; returns how many there were.
///
/// # Errors
/// The database failed.
pub async fn delete(
    tx: &Tx,
    agency: AgencyId,
    what: OldRows,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    macro_rules! delete_ids {
        ($table:ident, $select:expr) => {{
            let ids: Vec<Uuid> = $select
                .select_only()
                .column($table::Column::Id)
                .limit(limit)
                .into_tuple()
                .all(tx.connection())
                .await?;
            if ids.is_empty() {
                return Ok(0);
            }
            let done = $table::Entity::delete_many()
                .filter($table::Column::Id.is_in(in_list(ids)))
                .exec(tx.connection())
                .await?;
            Ok(done.rows_affected)
        }};
    }
    match what {
        OldRows::FinishedJobs => delete_ids!(job, finished_jobs(agency, before)),
        OldRows::FailedJobs => delete_ids!(job, failed_jobs(agency, before)),
        OldRows::Mails => delete_ids!(mail, mails(agency, before)),
        OldRows::RefreshTokens => delete_ids!(refresh_token, refresh_tokens(agency, before)),
        OldRows::Sessions => delete_sessions(tx, agency, before, limit).await,
        OldRows::Invitations => delete_ids!(invitation, invitations(agency, before)),
        OldRows::ResetRequests => delete_ids!(password_reset_request, reset_requests(agency, before)),
        OldRows::Challenges => delete_ids!(sign_in_challenge, challenges(agency, before)),
        OldRows::ProviderSignIns => delete_ids!(oidc_sign_in, provider_sign_ins(agency, before)),
        OldRows::Ceremonies => delete_ids!(passkey_ceremony, ceremonies(before)),
        OldRows::AccountSecrets => delete_ids!(account_secret, account_secrets(before)),
        OldRows::Audit => delete_ids!(audit, audits(agency, before)),
    }
}

/// Deletes sessions; when their people were active last stays known.
async fn delete_sessions(
    tx: &Tx,
    agency: AgencyId,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    let old = sessions(agency, before).limit(limit).all(tx.connection()).await?;
    if old.is_empty() {
        return Ok(0);
    }
    let mut last_active: BTreeMap<Uuid, i64> = BTreeMap::new();
    for session in &old {
        let used = Ord::max(session.last_used_at.unwrap_or_default(), session.created_at);
        let last = last_active.entry(session.user_id).or_default();
        *last = Ord::max(used, *last);
    }
    for (user, at) in last_active {
        let is_later = Cond::any()
            .add(membership::Column::ActiveAt.is_null())
            .add(membership::Column::ActiveAt.lt(at));
        membership::Entity::update_many()
            .col_expr(membership::Column::ActiveAt, Expr::value(at))
            .filter(membership::Column::AgencyId.eq(agency.uuid()))
            .filter(membership::Column::UserId.eq(user))
            .filter(is_later)
            .exec(tx.connection())
            .await?;
    }
    let done = session::Entity::delete_many()
        .filter(session::Column::Id.is_in(in_list(old.into_iter().map(|session| session.id))))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// How many rows are older than `before`; at most `most`, if that is given.
///
/// # Errors
/// The database failed.
pub async fn count(
    tx: &Tx,
    agency: AgencyId,
    what: OldRows,
    before: Timestamp,
    most: Option<u64>,
) -> Result<u64, StoreError> {
    macro_rules! count {
        ($select:expr) => {
            $select.limit(most).count(tx.connection()).await?
        };
    }
    Ok(match what {
        OldRows::FinishedJobs => count!(finished_jobs(agency, before)),
        OldRows::FailedJobs => count!(failed_jobs(agency, before)),
        OldRows::Mails => count!(mails(agency, before)),
        OldRows::RefreshTokens => count!(refresh_tokens(agency, before)),
        OldRows::Sessions => count!(sessions(agency, before)),
        OldRows::Invitations => count!(invitations(agency, before)),
        OldRows::ResetRequests => count!(reset_requests(agency, before)),
        OldRows::Challenges => count!(challenges(agency, before)),
        OldRows::ProviderSignIns => count!(provider_sign_ins(agency, before)),
        OldRows::Ceremonies => count!(ceremonies(before)),
        OldRows::AccountSecrets => count!(account_secrets(before)),
        OldRows::Audit => count!(audits(agency, before)),
    })
}

/// Deletes what is remembered of attempts to sign in before a moment: failed ones, which are of no agency, and from
/// where people of the agency came. It is little.
///
/// # Errors
/// The database failed.
pub async fn delete_attempts(tx: &Tx, agency: AgencyId, before: Timestamp) -> Result<u64, StoreError> {
    let done = sign_in_attempt::Entity::delete_many()
        .filter(sign_in_attempt::Column::LastAt.lt(before.millis()))
        .exec(tx.connection())
        .await?;
    // The few that are old are looked at one by one, rather than everybody of the agency.
    let is_of_agency = Query::select()
        .column(membership::Column::UserId)
        .from(membership::Entity)
        .and_where(membership::Column::AgencyId.eq(agency.uuid()))
        .and_where(
            Expr::col((membership::Entity, membership::Column::UserId))
                .equals((known_network::Entity, known_network::Column::UserId)),
        )
        .to_owned();
    let networks = known_network::Entity::delete_many()
        .filter(Expr::exists(is_of_agency))
        .filter(known_network::Column::LastUsedAt.lt(before.millis()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected + networks.rows_affected)
}

/// Deletes entries of the purge log of the nights before a date: a few for each night.
///
/// # Errors
/// The database failed.
pub async fn delete_purges(tx: &Tx, agency: AgencyId, before: LocalDate) -> Result<u64, StoreError> {
    let done = purge_log::Entity::delete_many()
        .filter(purge_log::Column::AgencyId.eq(agency.uuid()))
        .filter(purge_log::Column::Day.lt(before.to_string()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

fn finished_jobs(agency: AgencyId, before: Timestamp) -> Select<job::Entity> {
    job::Entity::find()
        .filter(job::Column::AgencyId.eq(agency.uuid()))
        .filter(job::Column::FinishedAt.is_not_null())
        .filter(job::Column::FinishedAt.lt(before.millis()))
}

fn failed_jobs(agency: AgencyId, before: Timestamp) -> Select<job::Entity> {
    job::Entity::find()
        .filter(job::Column::AgencyId.eq(agency.uuid()))
        .filter(job::Column::FailedAt.is_not_null())
        .filter(job::Column::FailedAt.lt(before.millis()))
}

fn mails(agency: AgencyId, before: Timestamp) -> Select<mail::Entity> {
    mail::Entity::find()
        .filter(mail::Column::AgencyId.eq(agency.uuid()))
        .filter(mail::Column::EndedAt.is_not_null())
        .filter(mail::Column::EndedAt.lt(before.millis()))
}

fn refresh_tokens(agency: AgencyId, before: Timestamp) -> Select<refresh_token::Entity> {
    refresh_token::Entity::find()
        .filter(refresh_token::Column::AgencyId.eq(agency.uuid()))
        .filter(refresh_token::Column::ExpiresAt.lt(before.millis()))
}

/// A session whose refresh tokens are gone can never be used again; what ended young ends here as well.
fn sessions(agency: AgencyId, before: Timestamp) -> Select<session::Entity> {
    let of_session = Query::select()
        .expr(Expr::val(1))
        .from(refresh_token::Entity)
        .and_where(
            Expr::col((refresh_token::Entity, refresh_token::Column::SessionId))
                .eq(Expr::col((session::Entity, session::Column::Id))),
        )
        .to_owned();
    session::Entity::find()
        .filter(session::Column::AgencyId.eq(agency.uuid()))
        .filter(session::Column::CreatedAt.lt(before.millis()))
        .filter(Cond::all().not().add(Expr::exists(of_session)))
}

fn invitations(agency: AgencyId, before: Timestamp) -> Select<invitation::Entity> {
    invitation::Entity::find()
        .filter(invitation::Column::AgencyId.eq(agency.uuid()))
        .filter(invitation::Column::ExpiresAt.lt(before.millis()))
}

fn reset_requests(agency: AgencyId, before: Timestamp) -> Select<password_reset_request::Entity> {
    password_reset_request::Entity::find()
        .filter(password_reset_request::Column::AgencyId.eq(agency.uuid()))
        .filter(password_reset_request::Column::CreatedAt.lt(before.millis()))
}

fn challenges(agency: AgencyId, before: Timestamp) -> Select<sign_in_challenge::Entity> {
    sign_in_challenge::Entity::find()
        .filter(sign_in_challenge::Column::AgencyId.eq(agency.uuid()))
        .filter(sign_in_challenge::Column::ExpiresAt.lt(before.millis()))
}

fn provider_sign_ins(agency: AgencyId, before: Timestamp) -> Select<oidc_sign_in::Entity> {
    oidc_sign_in::Entity::find()
        .filter(oidc_sign_in::Column::AgencyId.eq(agency.uuid()))
        .filter(oidc_sign_in::Column::ExpiresAt.lt(before.millis()))
}

fn ceremonies(before: Timestamp) -> Select<passkey_ceremony::Entity> {
    passkey_ceremony::Entity::find().filter(passkey_ceremony::Column::ExpiresAt.lt(before.millis()))
}

fn account_secrets(before: Timestamp) -> Select<account_secret::Entity> {
    account_secret::Entity::find().filter(account_secret::Column::ExpiresAt.lt(before.millis()))
}

fn audits(agency: AgencyId, before: Timestamp) -> Select<audit::Entity> {
    audit::Entity::find()
        .filter(audit::Column::AgencyId.eq(agency.uuid()))
        .filter(audit::Column::At.lt(before.millis()))
}
