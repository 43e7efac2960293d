//! The S3 server that the suites use honours `If-None-Match: *`: without that, two server processes could
//! overwrite each other's parts of a file. It looks and writes in two steps, so that nothing is claimed here about
//! writers at the very same moment, of which a store that is made for production lets one through.

// Its name lets it run where there is such a server.
mod postgres {
    use bytes::Bytes;
    use haamu_tests::replicas::{ACCESS_KEY, BUCKET, SECRET_KEY, s3_endpoint};
    use object_store::aws::{AmazonS3, AmazonS3Builder};
    use object_store::path::Path;
    use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};

    fn store() -> Option<AmazonS3> {
        let store = AmazonS3Builder::new()
            .with_endpoint(s3_endpoint()?)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_bucket_name(BUCKET)
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(SECRET_KEY)
            .build();
        Some(store.expect("a store"))
    }

    fn fresh_path() -> Path {
        Path::from(format!("conditional/{:016x}", rand::random::<u64>()))
    }

    /// Writes an object if it is not there; whether it was written.
    async fn create(store: &AmazonS3, path: &Path, content: String) -> bool {
        match store
            .put_opts(path, PutPayload::from(content), PutMode::Create.into())
            .await
        {
            Ok(_) => true,
            Err(Error::AlreadyExists { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn read(store: &AmazonS3, path: &Path) -> Bytes {
        let found = store.get(path).await.expect("it is there");
        found.bytes().await.expect("its bytes")
    }

    #[tokio::test]
    async fn an_object_that_is_there_is_not_overwritten() {
        let Some(store) = store() else { return };
        let path = fresh_path();
        assert!(create(&store, &path, "first".to_owned()).await);
        assert!(!create(&store, &path, "second".to_owned()).await);
        assert_eq!(read(&store, &path).await, "first");
        store.delete(&path).await.expect("deleted");
        assert!(
            create(&store, &path, "third".to_owned()).await,
            "the name is free again"
        );
        assert_eq!(read(&store, &path).await, "third");
    }
}
