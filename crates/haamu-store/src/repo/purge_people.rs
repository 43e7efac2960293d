//! Shoppers who have had nothing to do with an agency for long.

use haamu_domain::{AgencyId, AssignmentState, Role, Timestamp, UserId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::access::{account_secret, known_network, oidc_identity, passkey, recovery_code, totp};
use crate::entity::filling::{companion, shopper_profile, tie, trainee};
use crate::entity::identity::{membership, session, user_account};
use crate::entity::programmes::assignment;
use crate::entity::submissions::submission;
use crate::{StoreError, Tx};

use super::purge_content::held;

/// Where a list of shoppers goes on: after the one who became a member then, with this id.
pub type After = (i64, Uuid);

/// Shoppers who are still known by name although their last activity lies before `kept_from`: no session that
/// was used since, no visit that was offered since or is still theirs. Nobody with a visit that is held is among them.
///
/// # Errors
/// The database failed.
pub async fn list_inactive(
    tx: &Tx,
    agency: AgencyId,
    kept_from: Timestamp,
    after: Option<After>,
    limit: u64,
) -> Result<Vec<(After, UserId)>, StoreError> {
    let kept_from = kept_from.millis();
    let person = || Expr::col((membership::Entity, membership::Column::UserId));
    let used = Query::select()
        .expr(Expr::val(1))
        .from(session::Entity)
        .and_where(session::Column::AgencyId.eq(agency.uuid()))
        .and_where(Expr::col((session::Entity, session::Column::UserId)).eq(person()))
        .cond_where(
            Cond::any()
                .add(session::Column::CreatedAt.gte(kept_from))
                .add(session::Column::LastUsedAt.gte(kept_from)),
        )
        .to_owned();
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    let offered = Query::select()
        .expr(Expr::val(1))
        .from(assignment::Entity)
        .and_where(assignment::Column::AgencyId.eq(agency.uuid()))
        .and_where(Expr::col((assignment::Entity, assignment::Column::ShopperId)).eq(person()))
        .cond_where(
            Cond::any().add(assignment::Column::CreatedAt.gte(kept_from)).add(
                Cond::all()
                    .add(assignment::Column::State.is_in(live.map(|state| state.as_str())))
                    .add(assignment::Column::VisitId.in_subquery(unfinished(agency))),
            ),
        )
        .to_owned();
    let is_held = Query::select()
        .expr(Expr::val(1))
        .from(submission::Entity)
        .and_where(Expr::col((submission::Entity, submission::Column::ShopperId)).eq(person()))
        .and_where(submission::Column::AgencyId.eq(agency.uuid()))
        .and_where(submission::Column::VisitId.in_subquery(held(agency)))
        .to_owned();
    let mut select = membership::Entity::find()
        .filter(membership::Column::AgencyId.eq(agency.uuid()))
        .filter(membership::Column::Role.eq(Role::Shopper.as_str()))
        .filter(membership::Column::AnonymisedAt.is_null())
        .filter(membership::Column::CreatedAt.lt(kept_from))
        .filter(
            Cond::any()
                .add(membership::Column::ActiveAt.is_null())
                .add(membership::Column::ActiveAt.lt(kept_from)),
        )
        .filter(Expr::exists(used).not())
        .filter(Expr::exists(offered).not())
        .filter(Expr::exists(is_held).not())
        .order_by_asc(membership::Column::CreatedAt)
        .order_by_asc(membership::Column::UserId)
        .limit(limit);
    if let Some((created_at, id)) = after {
        let later = Cond::any().add(membership::Column::CreatedAt.gt(created_at)).add(
            Cond::all()
                .add(membership::Column::CreatedAt.eq(created_at))
                .add(membership::Column::UserId.gt(id)),
        );
        select = select
            .filter(membership::Column::CreatedAt.gte(created_at))
            .filter(later);
    }
    let rows = select.all(tx.connection()).await?;
    let person = |row: membership::Model| ((row.created_at, row.user_id), UserId::from_uuid(row.user_id));
    Ok(rows.into_iter().map(person).collect())
}

/// Visits that nobody has handed in or settled yet.
fn unfinished(agency: AgencyId) -> sea_orm::sea_query::SelectStatement {
    use crate::entity::programmes::visit;
    let open = haamu_domain::VisitState::ALL
        .iter()
        .filter(|state| !state.is_settled());
    Query::select()
        .column(visit::Column::Id)
        .from(visit::Entity)
        .and_where(visit::Column::AgencyId.eq(agency.uuid()))
        .and_where(
            Expr::col((visit::Entity, visit::Column::Id))
                .eq(Expr::col((assignment::Entity, assignment::Column::VisitId))),
        )
        .and_where(visit::Column::State.is_in(open.map(|state| state.as_str())))
        .to_owned()
}

/// Forgets who a shopper of an agency is. Their work stays, and nobody's. If no other agency knows the person,
/// the account goes as well. Returns false if that was done before.
///
/// # Errors
/// The transaction does not reach all agencies, or the database failed.
pub async fn anonymise(tx: &Tx, agency: AgencyId, user: UserId, now: Timestamp) -> Result<bool, StoreError> {
    tx.require_all_agencies("memberships")?;
    let done = membership::Entity::update_many()
        .col_expr(membership::Column::AnonymisedAt, Expr::value(now.millis()))
        .col_expr(membership::Column::DisabledAt, Expr::value(now.millis()))
        .filter(membership::Column::AgencyId.eq(agency.uuid()))
        .filter(membership::Column::UserId.eq(user.uuid()))
        .filter(membership::Column::AnonymisedAt.is_null())
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Ok(false);
    }
    let nothing = || Expr::value(Option::<String>::None);
    shopper_profile::Entity::update_many()
        .col_expr(shopper_profile::Column::IsActive, Expr::value(false))
        .col_expr(shopper_profile::Column::BornOn, nothing())
        .col_expr(shopper_profile::Column::ExternalId, nothing())
        .col_expr(
            shopper_profile::Column::RatingTenths,
            Expr::value(Option::<i32>::None),
        )
        .col_expr(shopper_profile::Column::Languages, Expr::value("[]"))
        .col_expr(shopper_profile::Column::Qualifications, Expr::value("[]"))
        .col_expr(shopper_profile::Column::QualificationEnds, nothing())
        .col_expr(shopper_profile::Column::Places, Expr::value("[]"))
        .filter(shopper_profile::Column::AgencyId.eq(agency.uuid()))
        .filter(shopper_profile::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    companion::Entity::update_many()
        .col_expr(companion::Column::Name, Expr::value(""))
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::ShopperId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    trainee::Entity::delete_many()
        .filter(trainee::Column::AgencyId.eq(agency.uuid()))
        .filter(trainee::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    tie::Entity::update_many()
        .col_expr(tie::Column::Reason, Expr::value(""))
        .filter(tie::Column::AgencyId.eq(agency.uuid()))
        .filter(tie::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    session::Entity::update_many()
        .col_expr(session::Column::UserAgent, nothing())
        .filter(session::Column::AgencyId.eq(agency.uuid()))
        .filter(session::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    oidc_identity::Entity::delete_many()
        .filter(oidc_identity::Column::AgencyId.eq(agency.uuid()))
        .filter(oidc_identity::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    let others = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user.uuid()))
        .filter(membership::Column::AnonymisedAt.is_null());
    if !super::exists(tx, others).await? {
        forget_account(tx, user, now).await?;
    }
    Ok(true)
}

/// Forgets a person whom no agency knows any more, and what they signed in with.
async fn forget_account(tx: &Tx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    user_account::Entity::update_many()
        .col_expr(
            user_account::Column::Email,
            Expr::value(format!("deleted-{user}@invalid")),
        )
        .col_expr(user_account::Column::DisplayName, Expr::value("\u{2014}"))
        .col_expr(user_account::Column::PasswordHash, Expr::value(""))
        .col_expr(user_account::Column::DisabledAt, Expr::value(now.millis()))
        .col_expr(
            user_account::Column::EmailVerifiedAt,
            Expr::value(Option::<i64>::None),
        )
        .col_expr(
            user_account::Column::Language,
            Expr::value(Option::<String>::None),
        )
        .filter(user_account::Column::Id.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    let id = user.uuid();
    let connection = tx.connection();
    totp::Entity::delete_many()
        .filter(totp::Column::UserId.eq(id))
        .exec(connection)
        .await?;
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::UserId.eq(id))
        .exec(connection)
        .await?;
    passkey::Entity::delete_many()
        .filter(passkey::Column::UserId.eq(id))
        .exec(connection)
        .await?;
    account_secret::Entity::delete_many()
        .filter(account_secret::Column::UserId.eq(id))
        .exec(connection)
        .await?;
    known_network::Entity::delete_many()
        .filter(known_network::Column::UserId.eq(id))
        .exec(connection)
        .await?;
    Ok(())
}
