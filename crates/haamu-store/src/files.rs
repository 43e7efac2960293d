//! The object store: photos and other files, and the server's own secrets.
//!
//! A verified file is `blobs/{agency}/{sha256}` and is never overwritten.
//! While it arrives, each part is an object `staging/…/{offset}` of its own, so
//! that any server process can take the next part. What readers see is
//! `renditions/{agency}/{sha256}.jpg`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future, stream};
use haamu_domain::{AgencyId, SubmissionId};
use haamu_sync::BlobHash;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use url::Url;

use crate::StoreError;

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSettings {
    /// A folder of this machine.
    Folder(PathBuf),
    /// `s3://bucket/prefix`; keys and endpoint come from the usual `AWS_…` variables.
    S3(String),
}

/// So many files are looked for at a time.
const LOOKS_AT_ONCE: usize = 16;

/// The object store.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Files({})", self.store)
    }
}

/// A part of a file that is still arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagedPart {
    /// Where the part starts in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

impl Files {
    /// Opens the object store, and makes sure that it refuses to overwrite.
    ///
    /// # Errors
    /// It cannot be reached, or [`StoreError::UnsafeObjectStore`].
    pub async fn open(settings: &FileSettings, probe: &str) -> Result<Self, StoreError> {
        let store: Arc<dyn ObjectStore> = match settings {
            FileSettings::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| StoreError::Setting {
                    setting: "object_store",
                    reason: format!("the folder cannot be made: {error}"),
                })?;
                Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
            }
            FileSettings::S3(url) => s3(url)?,
        };
        let files = Self { store };
        files.refuse_unsafe_store(probe).await?;
        Ok(files)
    }

    /// Files in any object store.
    #[cfg(feature = "testing")]
    pub(crate) fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// Some S3-compatible stores accept a conditional write and overwrite all the same.
    async fn refuse_unsafe_store(&self, probe: &str) -> Result<(), StoreError> {
        let path = Path::from(format!("probe/{probe}"));
        self.create(&path, Bytes::from_static(b"first")).await?;
        let is_refused = !self.create(&path, Bytes::from_static(b"second")).await?;
        self.store.delete(&path).await?;
        if is_refused {
            Ok(())
        } else {
            Err(StoreError::UnsafeObjectStore)
        }
    }

    /// Writes an object that is not there yet. Returns false if it is there.
    async fn create(&self, path: &Path, bytes: Bytes) -> Result<bool, StoreError> {
        match self
            .store
            .put_opts(path, PutPayload::from(bytes), PutMode::Create.into())
            .await
        {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn read(&self, path: &Path) -> Result<Option<Bytes>, StoreError> {
        match self.store.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A secret of the server; `fresh` is kept and returned if there is none yet.
    /// Processes that start together agree: the first one wins.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn secret(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
        let path = Path::from(format!("secrets/{name}"));
        if let Some(found) = self.read(&path).await? {
            return Ok(found.to_vec());
        }
        if self.create(&path, Bytes::copy_from_slice(fresh)).await? {
            return Ok(fresh.to_vec());
        }
        let found = self.read(&path).await?;
        found
            .map(|bytes| bytes.to_vec())
            .ok_or(StoreError::Missing("secret"))
    }

    /// A secret of the server, if it is there.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn find_secret(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.read(&Path::from(format!("secrets/{name}"))).await?;
        Ok(found.map(|bytes| bytes.to_vec()))
    }

    /// Keeps a secret of the server. Returns false if there is one of this name; that one stays.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn create_secret(&self, name: &str, secret: &[u8]) -> Result<bool, StoreError> {
        let path = Path::from(format!("secrets/{name}"));
        self.create(&path, Bytes::copy_from_slice(secret)).await
    }

    /// The secrets in a folder, by name.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn list_secrets(&self, folder: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let named = self.list_named_secrets(folder).await?;
        Ok(named.into_iter().map(|(_, secret)| secret).collect())
    }

    /// The secrets in a folder with their names, by name.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn list_named_secrets(&self, folder: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let prefix = Path::from(format!("secrets/{folder}"));
        let found: Vec<_> = self.store.list(Some(&prefix)).try_collect().await?;
        let mut paths: Vec<Path> = found.into_iter().map(|object| object.location).collect();
        paths.sort_unstable();
        let mut secrets = Vec::with_capacity(paths.len());
        for path in paths {
            let secret = self.read(&path).await?;
            let secret = secret.ok_or(StoreError::Missing("secret"))?.to_vec();
            secrets.push((path.filename().unwrap_or_default().to_owned(), secret));
        }
        Ok(secrets)
    }

    /// Keeps a part of a file that is arriving. Returns false if a part begins there already; that one stays.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn put_part(&self, of: &Staging, offset: u64, bytes: Bytes) -> Result<bool, StoreError> {
        self.create(&of.part(offset), bytes).await
    }

    /// The parts that have arrived, by offset.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn list_parts(&self, of: &Staging) -> Result<Vec<StagedPart>, StoreError> {
        let prefix = of.prefix();
        let found: Vec<_> = self.store.list(Some(&prefix)).try_collect().await?;
        let part = |object: object_store::ObjectMeta| {
            let offset = object.location.filename()?.parse().ok()?;
            Some(StagedPart {
                offset,
                length: object.size,
            })
        };
        let mut parts: Vec<StagedPart> = found.into_iter().filter_map(part).collect();
        parts.sort_unstable_by_key(|part| part.offset);
        Ok(parts)
    }

    /// The bytes of one part.
    ///
    /// # Errors
    /// It is not there, or the object store failed.
    pub async fn read_part(&self, of: &Staging, offset: u64) -> Result<Bytes, StoreError> {
        self.read(&of.part(offset))
            .await?
            .ok_or(StoreError::Missing("staged part"))
    }

    /// Forgets all parts of a file.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn drop_parts(&self, of: &Staging) -> Result<(), StoreError> {
        for part in self.list_parts(of).await? {
            match self.store.delete(&of.part(part.offset)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Keeps a verified file. One that is there already stays as it is.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn put_blob(&self, agency: AgencyId, sha256: BlobHash, bytes: Bytes) -> Result<(), StoreError> {
        self.create(&blob_path(agency, sha256), bytes).await?;
        Ok(())
    }

    /// The bytes of a verified file.
    ///
    /// # Errors
    /// It is not there, or the object store failed.
    pub async fn read_blob(&self, agency: AgencyId, sha256: BlobHash) -> Result<Bytes, StoreError> {
        self.read(&blob_path(agency, sha256))
            .await?
            .ok_or(StoreError::Missing("file"))
    }

    /// Whether the bytes of a verified file are there.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn has_blob(&self, agency: AgencyId, sha256: BlobHash) -> Result<bool, StoreError> {
        match self.store.head(&blob_path(agency, sha256)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Those of verified files whose bytes are not there. Several are looked for at a time.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn list_missing(
        &self,
        agency: AgencyId,
        of: impl IntoIterator<Item = BlobHash>,
    ) -> Result<BTreeSet<BlobHash>, StoreError> {
        let look = |sha256| async move { Ok((sha256, self.has_blob(agency, sha256).await?)) };
        stream::iter(of.into_iter().map(look))
            .buffer_unordered(LOOKS_AT_ONCE)
            .try_filter_map(|(sha256, is_there)| future::ok((!is_there).then_some(sha256)))
            .try_collect()
            .await
    }

    /// Deletes a verified file, and what readers see of it. One that is not there is deleted already.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn delete_blob(&self, agency: AgencyId, sha256: BlobHash) -> Result<(), StoreError> {
        for path in [rendition_path(agency, sha256), blob_path(agency, sha256)] {
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Keeps what readers see of a photo.
    ///
    /// # Errors
    /// The object store failed.
    pub async fn put_rendition(
        &self,
        agency: AgencyId,
        sha256: BlobHash,
        bytes: Bytes,
    ) -> Result<(), StoreError> {
        self.store
            .put(&rendition_path(agency, sha256), PutPayload::from(bytes))
            .await?;
        Ok(())
    }

    /// What readers see of a photo.
    ///
    /// # Errors
    /// It is not there, or the object store failed.
    pub async fn read_rendition(&self, agency: AgencyId, sha256: BlobHash) -> Result<Bytes, StoreError> {
        self.read(&rendition_path(agency, sha256))
            .await?
            .ok_or(StoreError::Missing("rendition"))
    }
}

/// The place of a file that is arriving.
#[derive(Clone, Copy, Debug)]
pub struct Staging {
    /// Whose file it is.
    pub agency: AgencyId,
    /// The submission that it is sent for.
    pub submission: SubmissionId,
    /// Its name.
    pub sha256: BlobHash,
}

impl Staging {
    fn prefix(&self) -> Path {
        Path::from(format!(
            "staging/{}/{}/{}",
            self.agency, self.submission, self.sha256
        ))
    }

    fn part(&self, offset: u64) -> Path {
        self.prefix().join(offset.to_string())
    }
}

fn blob_path(agency: AgencyId, sha256: BlobHash) -> Path {
    Path::from(format!("blobs/{agency}/{sha256}"))
}

fn rendition_path(agency: AgencyId, sha256: BlobHash) -> Path {
    Path::from(format!("renditions/{agency}/{sha256}.jpg"))
}

fn s3(url: &str) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let unusable = |reason: String| StoreError::Setting {
        setting: "object_store",
        reason,
    };
    let parsed = Url::parse(url).map_err(|error| unusable(error.to_string()))?;
    let bucket = parsed.host_str().filter(|_| parsed.scheme() == "s3");
    let bucket = bucket.ok_or_else(|| unusable("not an address such as s3://bucket/prefix".to_owned()))?;
    let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build()?;
    let prefix = parsed.path().trim_matches('/');
    Ok(if prefix.is_empty() {
        Arc::new(store)
    } else {
        Arc::new(PrefixStore::new(store, prefix))
    })
}
