//! Rows of the device's database.

use haamu_sync::cbor::{self, Cbor};
use haamu_sync::engine::{Snapshot, StoredOp, WriteBatch};
use haamu_sync::{Bytes, Disposition};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::seal::Seal;

/// The name of a row, to which its content is bound.
fn place(table: &str, key: impl std::fmt::Display) -> String {
    format!("{table}/{key}")
}

fn entity_place(kind: &str, id: &str) -> String {
    format!("entity/{kind}/{id}")
}

fn blob_place(sha256: &[u8], document: &[u8]) -> String {
    format!("blob/{sha256:02x?}/{document:02x?}")
}

pub(crate) fn load(connection: &Connection, seal: &Seal) -> Result<Snapshot, rusqlite::Error> {
    let open = |place: &str, stored: Vec<u8>| seal.read(place, stored).map_err(unreadable);
    let device = connection
        .query_row("SELECT state FROM device", [], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    let mut ops = connection.prepare("SELECT seq, raw, set_aside FROM op ORDER BY seq")?;
    let ops = ops.query_map([], |row| {
        let seq: i64 = row.get(0)?;
        let set_aside: Option<Vec<u8>> = row.get(2)?;
        Ok(StoredOp {
            seq: seq.cast_unsigned(),
            raw: Bytes::from(open(&place("op", seq), row.get(1)?)?),
            set_aside: set_aside.map(|bytes| decode::<Disposition>(&bytes)).transpose()?,
        })
    })?;
    let mut entities = connection.prepare("SELECT kind, id, state FROM entity ORDER BY kind, id")?;
    let entities = entities.query_map([], |row| {
        let (kind, id): (String, String) = (row.get(0)?, row.get(1)?);
        decode(&open(&entity_place(&kind, &id), row.get(2)?)?)
    })?;
    let mut blobs =
        connection.prepare("SELECT sha256, document, state FROM blob ORDER BY sha256, document")?;
    let blobs = blobs.query_map([], |row| {
        let (sha256, document): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        decode(&open(&blob_place(&sha256, &document), row.get(2)?)?)
    })?;
    Ok(Snapshot {
        device: device
            .map(|stored| decode(&open("device", stored)?))
            .transpose()?,
        ops: ops.collect::<Result<_, _>>()?,
        entities: entities.collect::<Result<_, _>>()?,
        blobs: blobs.collect::<Result<_, _>>()?,
    })
}

pub(crate) fn apply(
    transaction: &Transaction<'_>,
    batch: &WriteBatch,
    seal: &Seal,
) -> Result<(), rusqlite::Error> {
    if let Some(device) = &batch.device {
        transaction.execute(
            "INSERT INTO device (id, state) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            [seal.write("device", cbor::to_vec(device))],
        )?;
    }
    if batch.replace_log {
        transaction.execute("DELETE FROM op", [])?;
    }
    transaction.execute(
        "DELETE FROM op WHERE seq <= ?1",
        [batch.forget_ops_upto.cast_signed()],
    )?;
    for op in &batch.put_ops {
        transaction.execute(
            "INSERT INTO op (seq, raw, set_aside) VALUES (?1, ?2, ?3)
             ON CONFLICT (seq) DO UPDATE SET raw = excluded.raw, set_aside = excluded.set_aside",
            params![
                op.seq.cast_signed(),
                seal.write(&place("op", op.seq.cast_signed()), op.raw.0.to_vec()),
                op.set_aside.map(|place| cbor::to_vec(&place))
            ],
        )?;
    }
    for entity in &batch.put_entities {
        transaction.execute(
            "INSERT INTO entity (kind, id, state) VALUES (?1, ?2, ?3)
             ON CONFLICT (kind, id) DO UPDATE SET state = excluded.state",
            params![
                entity.entity.kind,
                entity.entity.id,
                seal.write(
                    &entity_place(&entity.entity.kind, &entity.entity.id),
                    cbor::to_vec(entity)
                )
            ],
        )?;
    }
    for entity in &batch.drop_entities {
        transaction.execute(
            "DELETE FROM entity WHERE kind = ?1 AND id = ?2",
            params![entity.kind, entity.id],
        )?;
    }
    for blob in &batch.put_blobs {
        transaction.execute(
            "INSERT INTO blob (sha256, document, state) VALUES (?1, ?2, ?3)
             ON CONFLICT (sha256, document) DO UPDATE SET state = excluded.state",
            params![
                blob.sha256.as_bytes(),
                blob.document.as_bytes(),
                seal.write(
                    &blob_place(blob.sha256.as_bytes(), blob.document.as_bytes()),
                    cbor::to_vec(blob)
                )
            ],
        )?;
    }
    Ok(())
}

fn unreadable(error: crate::seal::Unopened) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, error.into())
}

fn decode<T: Cbor>(bytes: &[u8]) -> Result<T, rusqlite::Error> {
    cbor::from_slice(bytes).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, error.into())
    })
}
