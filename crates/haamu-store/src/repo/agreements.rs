//! The agreement of an agency with its shoppers, and who accepted it.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, AgreementId, Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::filling::{agreement_acceptance, shopper_agreement};
use crate::{StoreError, Tx};

/// An agreement in one version and language. Its words never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// The how-manieth version it is.
    pub version: u32,
    /// Its language.
    pub language: String,
    /// Its words.
    pub body: String,
    /// The SHA-256 of its words.
    pub body_hash: Vec<u8>,
}

/// Words of an agreement without the words themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementHead {
    /// Their id.
    pub id: AgreementId,
    /// The how-manieth version they belong to.
    pub version: u32,
    /// Their language.
    pub language: String,
    /// Their SHA-256.
    pub body_hash: Vec<u8>,
    /// Who wrote them.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// That a shopper accepted an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The words.
    pub agreement: AgreementId,
    /// The how-manieth version they belong to.
    pub version: u32,
    /// Who accepted them.
    pub user: UserId,
    /// When.
    pub accepted_at: Timestamp,
}

/// Adds an agreement.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the version is there in that language.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    new: &Agreement,
    by: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = shopper_agreement::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        version: Set(new.version.cast_signed()),
        language: Set(new.language.clone()),
        body: Set(new.body.clone()),
        body_hash: Set(new.body_hash.clone()),
        created_by: Set(by.uuid()),
        created_at: Set(now.millis()),
    };
    shopper_agreement::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// All agreements of the agency, the newest version first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx, agency: AgencyId) -> Result<Vec<Agreement>, StoreError> {
    let rows = shopper_agreement::Entity::find()
        .filter(shopper_agreement::Column::AgencyId.eq(agency.uuid()))
        .order_by_desc(shopper_agreement::Column::Version)
        .order_by_asc(shopper_agreement::Column::Language)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// An agreement of the agency, in whichever version.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: AgreementId) -> Result<Option<Agreement>, StoreError> {
    let row = shopper_agreement::Entity::find_by_id(id.uuid())
        .filter(shopper_agreement::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// All words of the agency's agreements but for the words themselves, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list_heads(
    tx: &Tx,
    agency: AgencyId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<AgreementHead>, bool), StoreError> {
    type Row = (Uuid, i32, String, Vec<u8>, Uuid, i64);
    let mut select = shopper_agreement::Entity::find()
        .select_only()
        .columns([
            shopper_agreement::Column::Id,
            shopper_agreement::Column::Version,
            shopper_agreement::Column::Language,
            shopper_agreement::Column::BodyHash,
            shopper_agreement::Column::CreatedBy,
            shopper_agreement::Column::CreatedAt,
        ])
        .filter(shopper_agreement::Column::AgencyId.eq(agency.uuid()))
        .order_by_desc(shopper_agreement::Column::Id)
        .limit(limit + 1);
    if let Some(before) = before {
        select = select.filter(shopper_agreement::Column::Id.lt(before));
    }
    let mut rows: Vec<Row> = select.into_tuple().all(tx.connection()).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let head = |(id, version, language, body_hash, by, at): Row| {
        Ok(AgreementHead {
            id: AgreementId::from_uuid(id),
            version: super::unsigned(version.into(), "agreement version")?,
            language,
            body_hash,
            created_by: UserId::from_uuid(by),
            created_at: Timestamp::from_millis(at),
        })
    };
    let heads = rows.into_iter().map(head).collect::<Result<_, StoreError>>()?;
    Ok((heads, has_more))
}

fn record(row: shopper_agreement::Model) -> Result<Agreement, StoreError> {
    Ok(Agreement {
        id: AgreementId::from_uuid(row.id),
        version: super::unsigned(row.version.into(), "agreement version")?,
        language: row.language,
        body: row.body,
        body_hash: row.body_hash,
    })
}

/// Notes that a shopper accepted an agreement; the first time stands.
///
/// # Errors
/// The database failed.
pub async fn insert_acceptance(
    tx: &Tx,
    agency: AgencyId,
    of: &Agreement,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = agreement_acceptance::ActiveModel {
        agreement_id: Set(of.id.uuid()),
        user_id: Set(user.uuid()),
        agency_id: Set(agency.uuid()),
        version: Set(of.version.cast_signed()),
        body_hash: Set(of.body_hash.clone()),
        accepted_at: Set(now.millis()),
    };
    let key = [
        agreement_acceptance::Column::AgreementId,
        agreement_acceptance::Column::UserId,
    ];
    agreement_acceptance::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Who of these accepted the newest version, in whichever language; none where the agency has no agreement.
///
/// # Errors
/// The database failed.
pub async fn list_accepted(
    tx: &Tx,
    agency: AgencyId,
    users: &[UserId],
) -> Result<Option<BTreeSet<UserId>>, StoreError> {
    let newest: Option<i32> = shopper_agreement::Entity::find()
        .select_only()
        .column(shopper_agreement::Column::Version)
        .filter(shopper_agreement::Column::AgencyId.eq(agency.uuid()))
        .order_by_desc(shopper_agreement::Column::Version)
        .into_tuple()
        .one(tx.connection())
        .await?;
    let Some(newest) = newest else { return Ok(None) };
    let mut accepted = BTreeSet::new();
    for users in users.chunks(super::MAX_IDS) {
        let ids: Vec<Uuid> = agreement_acceptance::Entity::find()
            .select_only()
            .column(agreement_acceptance::Column::UserId)
            .filter(agreement_acceptance::Column::AgencyId.eq(agency.uuid()))
            .filter(agreement_acceptance::Column::Version.eq(newest))
            .filter(agreement_acceptance::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
            .into_tuple()
            .all(tx.connection())
            .await?;
        accepted.extend(ids.into_iter().map(UserId::from_uuid));
    }
    Ok(Some(accepted))
}

/// Who accepted these words, by person.
///
/// # Errors
/// The database failed.
pub async fn list_acceptances(
    tx: &Tx,
    agency: AgencyId,
    of: AgreementId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Acceptance>, bool), StoreError> {
    let select = agreement_acceptance::Entity::find()
        .filter(agreement_acceptance::Column::AgencyId.eq(agency.uuid()))
        .filter(agreement_acceptance::Column::AgreementId.eq(of.uuid()));
    let by = agreement_acceptance::Column::UserId;
    let (rows, has_more) = super::page_after(tx, select, by, after, limit).await?;
    let found = rows.iter().map(acceptance).collect::<Result<_, _>>()?;
    Ok((found, has_more))
}

/// What a shopper has accepted, by words, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list_acceptances_of(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Acceptance>, bool), StoreError> {
    let select = agreement_acceptance::Entity::find()
        .filter(agreement_acceptance::Column::AgencyId.eq(agency.uuid()))
        .filter(agreement_acceptance::Column::UserId.eq(user.uuid()));
    let by = agreement_acceptance::Column::AgreementId;
    let (rows, has_more) = super::page_before(tx, select, by, before, limit).await?;
    let found = rows.iter().map(acceptance).collect::<Result<_, _>>()?;
    Ok((found, has_more))
}

fn acceptance(row: &agreement_acceptance::Model) -> Result<Acceptance, StoreError> {
    Ok(Acceptance {
        agreement: AgreementId::from_uuid(row.agreement_id),
        version: super::unsigned(row.version.into(), "agreement version")?,
        user: UserId::from_uuid(row.user_id),
        accepted_at: Timestamp::from_millis(row.accepted_at),
    })
}
