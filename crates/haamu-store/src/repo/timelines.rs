//! Timelines of the database. A position of a feed means something only together with the timeline in which it was
//! given out: a backup that is restored, or a stand-by that takes over without the last commits, gives out the same
//! positions again.

use haamu_sync::Incarnation;
use rand::RngExt;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryOrder, QuerySelect,
};

use crate::entity::submissions::incarnation;
use crate::{StoreError, Tx};

/// Which server of PostgreSQL answers, and which database and table it has. A stand-by that took over was started at
/// another time than the server before it; one that lost commits was started again; and what is restored into a
/// running server is another database or another table. Everybody may ask for all of that.
const SERVER_OF_POSTGRES: &str = "CONCAT(EXTRACT(EPOCH FROM pg_postmaster_start_time()), '/', \
    (SELECT oid FROM pg_database WHERE datname = current_database()), '/', 'incarnation'::regclass::oid)";
/// The time of the database, in milliseconds since 1970.
const NOW_OF_POSTGRES: &str = "CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)";

/// The timeline that was begun last, and the server that answers now.
#[derive(Debug, FromQueryResult)]
struct Last {
    number: i64,
    id: Vec<u8>,
    begun_on: String,
    server: String,
    now: i64,
}

/// What tells the server that answers from others, and its time. The file of SQLite is nobody else's while a process
/// has it open.
fn server(tx: &Tx) -> (Expr, Expr) {
    match tx.connection().get_database_backend() {
        DbBackend::Postgres => (Expr::cust(SERVER_OF_POSTGRES), Expr::cust(NOW_OF_POSTGRES)),
        _ => (Expr::val(""), Expr::val(0_i64)),
    }
}

async fn last(tx: &Tx) -> Result<Option<Last>, StoreError> {
    let (server, now) = server(tx);
    let last = incarnation::Entity::find()
        .expr_as(server, "server")
        .expr_as(now, "now")
        .order_by_desc(incarnation::Column::Number)
        .limit(1)
        .into_model::<Last>()
        .one(tx.connection())
        .await?;
    Ok(last)
}

/// Begins a timeline, unless another process does at the same moment; its timeline serves as well.
async fn begin(tx: &Tx, number: i64, id: Incarnation, now_ms: i64, server: String) -> Result<(), StoreError> {
    let row = incarnation::ActiveModel {
        number: Set(number),
        id: Set(id.as_bytes().to_vec()),
        started_at: Set(now_ms),
        begun_on: Set(server),
    };
    let keep = OnConflict::column(incarnation::Column::Number)
        .do_nothing()
        .to_owned();
    incarnation::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Notes that a server process has started: positions given out from now on belong to its timeline.
pub(crate) async fn start(tx: &Tx, now_ms: i64) -> Result<(), StoreError> {
    let (number, server) = match last(tx).await? {
        Some(last) => (last.number, last.server),
        None => (0, ask_server(tx).await?),
    };
    begin(tx, number + 1, tx.incarnation, now_ms, server).await
}

async fn ask_server(tx: &Tx) -> Result<String, StoreError> {
    let (server, _) = server(tx);
    let select = Query::select().expr_as(server, "server").to_owned();
    let row = tx.connection().query_one(&select).await?;
    let row = row.ok_or(StoreError::Missing("server"))?;
    Ok(row.try_get("", "server")?)
}

/// The timeline of the database: the one that was begun last.
pub(crate) async fn current(tx: &Tx) -> Result<Incarnation, StoreError> {
    id_of(last(tx).await?)
}

/// The timeline that positions are given out in at this moment. If the one that was begun last was begun on another
/// server, the database was failed over or restored while this process ran; then a new one begins.
pub(crate) async fn current_for_writing(tx: &Tx) -> Result<Incarnation, StoreError> {
    let found = last(tx).await?;
    let Some(other) = found.as_ref().filter(|last| last.begun_on != last.server) else {
        return id_of(found);
    };
    tracing::warn!("another server of the database answers, or another database: a new timeline begins");
    let id = Incarnation::from_bytes(rand::rng().random());
    begin(tx, other.number + 1, id, other.now, other.server.clone()).await?;
    current(tx).await
}

fn id_of(last: Option<Last>) -> Result<Incarnation, StoreError> {
    let last = last.ok_or(StoreError::Missing("incarnation"))?;
    Incarnation::from_slice(&last.id).ok_or(StoreError::Corrupt("incarnation"))
}
