//! Uploads to the deterministic address, and through tus.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use haamu_sync::BlobHash;
use sha2::{Digest, Sha256};

use crate::agency::{Person, Scene};
use crate::server::Call;
use crate::{Answer, TestServer};

/// The SHA-256 of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// One file that a shopper sends for a submission.
#[derive(Debug)]
pub struct Upload<'a> {
    server: &'a TestServer,
    /// The file's name.
    pub name: BlobHash,
    /// The deterministic address.
    pub path: String,
    /// The address through tus.
    pub tus: String,
    submission: String,
    person: Person,
}

impl<'a> Upload<'a> {
    /// A file of the scene's shopper.
    #[must_use]
    pub fn of(server: &'a TestServer, scene: &Scene, bytes: &[u8]) -> Self {
        let name = BlobHash::from_bytes(sha256(bytes));
        Self {
            server,
            name,
            path: format!("/v1/blobs/{name}?submission={}", scene.submission),
            tus: format!("/v1/tus/{}/{name}", scene.submission),
            submission: scene.submission.clone(),
            person: server.north.shopper().clone(),
        }
    }

    /// Sends a part.
    pub async fn part(&self, offset: usize, bytes: &[u8], is_last: bool) -> Answer {
        let call = self
            .server
            .request(Method::PATCH, &self.path)
            .body("application/partial-upload", bytes.to_vec());
        let complete = if is_last { "?1" } else { "?0" };
        let call = call
            .header("upload-offset", &offset.to_string())
            .header("upload-complete", complete);
        call.by(&self.person).await.send().await
    }

    /// Offset, and whether the file is complete.
    pub async fn state(&self) -> (usize, bool) {
        let call = self.server.request(Method::HEAD, &self.path);
        let answer = call.by(&self.person).await.send().await;
        state_of(&answer.expect(axum::http::StatusCode::NO_CONTENT))
    }

    /// A request of tus.
    pub async fn tus(&self, method: Method, path: &str) -> Call<'a> {
        let call = self.server.request(method, path).header("tus-resumable", "1.0.0");
        call.by(&self.person).await
    }

    /// What a tus client says about the file.
    #[must_use]
    pub fn metadata(&self) -> String {
        let pairs = [
            ("filename", "photo.jpg".to_owned()),
            ("sha256", self.name.to_string()),
            ("submission", self.submission.clone()),
        ];
        let pairs = pairs.map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
        pairs.join(",")
    }

    /// Creates the upload through tus.
    pub async fn create(&self, length: usize) -> Answer {
        let call = self.tus(Method::POST, "/v1/tus").await;
        let call = call.header("upload-length", &length.to_string());
        call.header("upload-metadata", &self.metadata()).send().await
    }

    /// Adds bytes through tus.
    pub async fn append(&self, offset: usize, bytes: &[u8]) -> Answer {
        let call = self.tus(Method::PATCH, &self.tus).await;
        let call = call.header("upload-offset", &offset.to_string());
        call.body("application/offset+octet-stream", bytes).send().await
    }
}

/// Offset, and whether the file is complete, as an answer says.
///
/// # Panics
/// If it does not say.
#[must_use]
pub fn state_of(answer: &Answer) -> (usize, bool) {
    let offset = answer.header("upload-offset").expect("an offset");
    let is_complete = answer.header("upload-complete") == Some("?1");
    (offset.parse().expect("a number"), is_complete)
}
