//! For tests: an object store in memory that can be copied, as by a backup, and that fails when it is told to;
//! and the connections of the database, for statements that no repository has.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use sea_orm::ConnectionTrait;

use crate::{Db, Files, Tx};

impl Tx {
    /// The connection, prepared for what the transaction reaches.
    #[must_use]
    pub fn raw(&self) -> &impl ConnectionTrait {
        self.connection()
    }
}

impl Db {
    /// The connections, outside of any transaction.
    #[must_use]
    pub const fn raw(&self) -> &impl ConnectionTrait {
        self.connection()
    }
}

/// The name of this store in its errors.
const NAME: &str = "test objects";

/// An object store in memory. Its copies by `clone` are the same store, those by [`TestObjects::fork`] are not.
#[derive(Clone, Debug)]
pub struct TestObjects {
    objects: Arc<InMemory>,
    /// So many writes and deletions fail from now on.
    failures: Arc<AtomicU32>,
}

impl Default for TestObjects {
    fn default() -> Self {
        Self {
            objects: Arc::new(InMemory::new()),
            failures: Arc::default(),
        }
    }
}

impl TestObjects {
    /// Another store with the same content, which does not fail.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            objects: Arc::new(self.objects.fork()),
            failures: Arc::default(),
        }
    }

    /// Lets so many writes and deletions fail from now on: one before it is done, the next one after it was
    /// done, as a store whose answer is lost.
    pub fn fail(&self, count: u32) {
        self.failures.store(count, Ordering::SeqCst);
    }

    /// Whether there are failures to come.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failures.load(Ordering::SeqCst) > 0
    }

    /// The files in it.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::over(Arc::new(self.clone()))
    }

    /// The paths of all objects whose paths begin so.
    ///
    /// # Errors
    /// Memory does not fail.
    pub async fn paths(&self, prefix: &str) -> Result<Vec<String>> {
        let objects = self.objects.list(None).try_collect::<Vec<_>>().await?;
        let paths = objects.into_iter().map(|object| object.location.to_string());
        Ok(paths.filter(|path| path.starts_with(prefix)).collect())
    }

    /// The bytes of an object, if it is there.
    ///
    /// # Errors
    /// Memory does not fail.
    pub async fn read(&self, path: &str) -> Result<Option<Bytes>> {
        match self.objects.get(&Path::from(path)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is to happen to the next write or deletion.
    fn next(&self) -> Outcome {
        let left = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Err(_) => Outcome::Done,
            Ok(left) if left.is_multiple_of(2) => Outcome::FailedBefore,
            Ok(_) => Outcome::FailedAfter,
        }
    }
}

/// How a write ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    FailedBefore,
    FailedAfter,
}

fn failure() -> object_store::Error {
    object_store::Error::Generic {
        store: NAME,
        source: "503 Slow Down".into(),
    }
}

impl fmt::Display for TestObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

#[async_trait]
impl ObjectStore for TestObjects {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let outcome = self.next();
        if outcome == Outcome::FailedBefore {
            return Err(failure());
        }
        let written = self.objects.put_opts(path, payload, options).await?;
        if outcome == Outcome::FailedAfter {
            return Err(failure());
        }
        Ok(written)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.objects.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |path: Path| {
            let store = store.clone();
            async move {
                let outcome = store.next();
                if outcome == Outcome::FailedBefore {
                    return Err(failure());
                }
                store.objects.delete(&path).await?;
                if outcome == Outcome::FailedAfter {
                    return Err(failure());
                }
                Ok(path)
            }
        };
        paths.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
