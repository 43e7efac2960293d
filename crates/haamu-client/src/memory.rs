//! Stores in memory, for tests and for trying things out. Nothing is durable.

use std::collections::BTreeMap;

use haamu_sync::BlobHash;
use haamu_sync::engine::{Snapshot, WriteBatch};

use crate::ports::{FileStore, LocalStore, PortError};

/// A local store in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    snapshot: Snapshot,
    values: BTreeMap<String, Vec<u8>>,
}

impl LocalStore for MemoryStore {
    async fn load(&mut self) -> Result<Snapshot, PortError> {
        Ok(self.snapshot.clone())
    }

    async fn commit(&mut self, batch: &WriteBatch) -> Result<(), PortError> {
        let Snapshot {
            device,
            ops,
            entities,
            blobs,
        } = &mut self.snapshot;
        if let Some(row) = &batch.device {
            *device = Some(row.clone());
        }
        if batch.replace_log {
            ops.clear();
        }
        ops.retain(|op| op.seq > batch.forget_ops_upto);
        for op in &batch.put_ops {
            ops.retain(|other| other.seq != op.seq);
            ops.push(op.clone());
        }
        ops.sort_by_key(|op| op.seq);
        for entity in &batch.put_entities {
            entities.retain(|other| other.entity != entity.entity);
            entities.push(entity.clone());
        }
        entities.retain(|entity| !batch.drop_entities.contains(&entity.entity));
        entities.sort_by(|a, b| a.entity.cmp(&b.entity));
        for blob in &batch.put_blobs {
            blobs.retain(|other| other.key() != blob.key());
            blobs.push(blob.clone());
        }
        blobs.sort_by_key(haamu_sync::engine::StoredBlob::key);
        Ok(())
    }

    async fn read_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.values.get(name).cloned())
    }

    async fn write_value(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), PortError> {
        match value {
            Some(value) => self.values.insert(name.to_owned(), value.to_vec()),
            None => self.values.remove(name),
        };
        Ok(())
    }

    async fn erase(&mut self) -> Result<(), PortError> {
        *self = Self::default();
        Ok(())
    }
}

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<BlobHash, Vec<u8>>,
}

impl FileStore for MemoryFiles {
    async fn put(&mut self, sha256: BlobHash, bytes: &[u8]) -> Result<(), PortError> {
        self.files.insert(sha256, bytes.to_vec());
        Ok(())
    }

    async fn read(&mut self, sha256: BlobHash) -> Result<Option<Vec<u8>>, PortError> {
        Ok(self.files.get(&sha256).cloned())
    }

    async fn delete(&mut self, sha256: BlobHash) -> Result<(), PortError> {
        self.files.remove(&sha256);
        Ok(())
    }
}
