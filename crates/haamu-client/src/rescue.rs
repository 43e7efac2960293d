//! Carrying work from one device to another, or to the agency, in a file.
//!
//! The file is a ZIP archive, so that its photos can be looked at anywhere:
//! `rescue.json` says whose work it is and where it comes from,
//! `operations.jsonl` has one line for each operation, and `files/` the photos
//! under their hashes. It holds testimony in the clear.

use std::io::{Read, Seek, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use haamu_sync::engine::{BlobKind, BlobState, Engine, Event, Import, Notice, StoredBlob, StoredOp};
use haamu_sync::{Action, AuthorId, BlobHash, Bytes, DeviceId, DocumentId, Op, codec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::driver::{ClientError, Device};
use crate::ports::{FileStore, LocalStore, Platform, PortError, Transport};

const FORMAT: &str = "haamu-rescue/1";
const HEAD: &str = "rescue.json";
const OPERATIONS: &str = "operations.jsonl";
/// No device has more operations, nor longer files, than this; whoever claims so is lying.
const MAX_OPERATIONS_BYTES: u64 = 1 << 30;
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Whose work an export holds.
#[derive(Debug, Deserialize, Serialize)]
struct Head {
    format: String,
    device: DeviceId,
    author: AuthorId,
    /// The number of the first operation.
    first_seq: u64,
    files: Vec<FileEntry>,
}

/// A file of an export. One that two submissions refer to stands here twice, and in the archive once.
#[derive(Debug, Deserialize, Serialize)]
struct FileEntry {
    sha256: BlobHash,
    length: u64,
    document: DocumentId,
    kind: BlobKind,
}

/// A line of `operations.jsonl`. Only `raw` is read again; the rest is for people.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    seq: u64,
    raw: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<DocumentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    register: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// That a device's work was exported, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    device: DeviceId,
    last_seq: u64,
    /// Operations in the export.
    pub operations: usize,
    /// Files in the export.
    pub files: usize,
    /// Files whose bytes are damaged or not on this device any more.
    pub missing_files: usize,
}

impl Exported {
    /// Whether nothing was recorded since.
    pub(crate) fn is_of(&self, engine: &Engine) -> bool {
        self.device == engine.device().device && self.last_seq == engine.last_seq() && self.missing_files == 0
    }
}

/// What was taken over from an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Operations that were not here.
    pub operations: usize,
    /// Files that were not here.
    pub files: usize,
    /// Operations that are somebody else's or that cannot be read, and files that are missing or damaged.
    pub left_out: usize,
}

impl<S: LocalStore, F: FileStore, T: Transport, P: Platform> Device<S, F, T, P> {
    /// Writes all work that is still on this device, sent or not, into an archive.
    ///
    /// # Errors
    /// Storage failed, or the archive cannot be written.
    pub async fn export(&mut self, archive: impl Write + Seek) -> Result<Exported, ClientError> {
        let failed = |error: std::io::Error| PortError::new("write the export", error);
        let snapshot = self.store.load().await?;
        let row = self.engine.device().clone();
        let mut writer = ZipWriter::new(archive);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let start = |writer: &mut ZipWriter<_>, name: &str| {
            let started = writer.start_file(name, options);
            started.map_err(|error| PortError::new("write the export", error))
        };
        start(&mut writer, OPERATIONS)?;
        for stored in &snapshot.ops {
            let line = serde_json::to_string(&line_of(row.device, stored));
            let line = line.map_err(|error| PortError::new("write the export", error))?;
            writeln!(writer, "{line}").map_err(failed)?;
        }
        let mut exported = Exported {
            device: row.device,
            last_seq: self.engine.last_seq(),
            operations: snapshot.ops.len(),
            files: 0,
            missing_files: 0,
        };
        let mut files: Vec<FileEntry> = Vec::new();
        for blob in &snapshot.blobs {
            let is_written = files.iter().any(|file| file.sha256 == blob.sha256);
            if !is_written {
                // What cannot be read keeps nothing else from being carried out of here.
                let bytes = self.files.read(blob.sha256).await.ok().flatten();
                let bytes = bytes.filter(|bytes| is_file(bytes, blob.sha256));
                let Some(bytes) = bytes else {
                    // What the server has is not lost.
                    let is_only_here = matches!(blob.state, BlobState::Stored | BlobState::Refused);
                    exported.missing_files += usize::from(is_only_here);
                    continue;
                };
                start(&mut writer, &format!("files/{}", blob.sha256))?;
                writer.write_all(&bytes).map_err(failed)?;
                exported.files += 1;
            }
            files.push(FileEntry {
                sha256: blob.sha256,
                length: blob.length,
                document: blob.document,
                kind: blob.kind,
            });
        }
        let head = Head {
            format: FORMAT.to_owned(),
            device: row.device,
            author: row.author,
            first_seq: row.start.seq + 1,
            files,
        };
        start(&mut writer, HEAD)?;
        let head = serde_json::to_vec_pretty(&head);
        let head = head.map_err(|error| PortError::new("write the export", error))?;
        writer.write_all(&head).map_err(failed)?;
        let finished = writer.finish();
        let mut archive = finished.map_err(|error| PortError::new("write the export", error))?;
        archive.flush().map_err(failed)?;
        Ok(exported)
    }

    /// Takes over what another installation of the same person exported. What is here already stays as it is.
    ///
    /// # Errors
    /// [`ClientError::NotImported`] if the archive is none of this person's exports; or storage failed.
    pub async fn import(&mut self, archive: impl Read + Seek) -> Result<Imported, ClientError> {
        let unreadable = |_| ClientError::NotImported("it is no archive of exported work");
        let mut archive = ZipArchive::new(archive).map_err(unreadable)?;
        let head = read_entry(&mut archive, HEAD, MAX_OPERATIONS_BYTES)?;
        let head: Head = serde_json::from_slice(&head)
            .map_err(|_| ClientError::NotImported("it is no archive of exported work"))?;
        if head.format != FORMAT {
            return Err(ClientError::NotImported(
                "another version of the program wrote it",
            ));
        }
        if head.author != self.engine.device().author {
            return Err(ClientError::NotImported("it is another person's work"));
        }
        let ops = read_operations(&mut archive)?;
        let mut files = Vec::new();
        let mut missing = 0;
        for entry in head.files {
            let bytes = read_entry(&mut archive, &format!("files/{}", entry.sha256), MAX_FILE_BYTES);
            let bytes = bytes
                .ok()
                .filter(|bytes| bytes.len() as u64 == entry.length && is_file(bytes, entry.sha256));
            let Some(bytes) = bytes else {
                missing += 1;
                continue;
            };
            self.files.put(entry.sha256, &bytes).await?;
            files.push(StoredBlob::new(
                entry.sha256,
                entry.length,
                entry.document,
                entry.kind,
            ));
        }
        self.handle(Event::Import(Import {
            device: head.device,
            first_seq: head.first_seq,
            ops,
            files,
        }));
        let mut outcome = Err(ClientError::NotSaved);
        self.carry_out(&mut |notice| {
            if let Notice::Imported { ops, files, left_out } = notice {
                outcome = Ok(Imported {
                    operations: *ops,
                    files: *files,
                    left_out: left_out + missing,
                });
            }
        })
        .await?;
        outcome
    }
}

fn is_file(bytes: &[u8], sha256: BlobHash) -> bool {
    BlobHash::from_bytes(Sha256::digest(bytes).into()) == sha256
}

fn line_of(device: DeviceId, stored: &StoredOp) -> Line {
    let op = codec::decode(&stored.raw.0, device, stored.seq).ok();
    let value = |op: &Op| match &op.action {
        Action::Set(value) => String::from_utf8(value.bytes.0.to_vec()).ok(),
        _ => None,
    };
    Line {
        seq: stored.seq,
        raw: URL_SAFE_NO_PAD.encode(&stored.raw.0),
        document: op.as_ref().map(|op| op.document),
        value: op.as_ref().and_then(value),
        register: op.map(|op| op.register.into()),
    }
}

fn read_operations(archive: &mut ZipArchive<impl Read + Seek>) -> Result<Vec<Bytes>, ClientError> {
    let text = read_entry(archive, OPERATIONS, MAX_OPERATIONS_BYTES)?;
    let text = String::from_utf8(text).map_err(|_| ClientError::NotImported("its operations are damaged"))?;
    let lines = text.lines().map(|line| {
        let line: Line = serde_json::from_str(line).ok()?;
        URL_SAFE_NO_PAD.decode(line.raw).ok().map(Bytes::from)
    });
    lines
        .collect::<Option<Vec<_>>>()
        .ok_or(ClientError::NotImported("its operations are damaged"))
}

/// The bytes of an entry, which has at most `limit` of them.
fn read_entry(
    archive: &mut ZipArchive<impl Read + Seek>,
    name: &str,
    limit: u64,
) -> Result<Vec<u8>, ClientError> {
    let missing = |_| ClientError::NotImported("a part of it is missing");
    let entry = archive.by_name(name).map_err(missing)?;
    let mut bytes = Vec::new();
    let read = entry.take(limit + 1).read_to_end(&mut bytes);
    match read {
        Ok(length) if length as u64 <= limit => Ok(bytes),
        Ok(_) => Err(ClientError::NotImported("a part of it is too long")),
        Err(_) => Err(ClientError::NotImported("a part of it is damaged")),
    }
}
