//! HTTP by reqwest, the clocks and randomness of the machine, and previews of photos.

mod failure;
mod platform;
mod preview;

use std::io::Write;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use haamu_domain::signature::{SignedParts, content_digest, sign};
use haamu_domain::{AssignmentId, SubmissionId};
use haamu_sync::engine::{Enrolment, Failure, Upload, UploadFailure};
use haamu_sync::{BlobHash, DepositResponse, DocumentId, Frame, PROTO_HEADER, SyncRequest, SyncResponse};
use haamu_wire::{
    AcceptIn, ChallengeOut, DeviceIn, EnrolledOut, Problem, RefreshIn, SecondFactorIn, Secret, SessionOut,
    SignInIn,
};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::ports::{Accepted, DeviceSigner, Pass, PortError, SignedIn, Transport, Uploaded};
use crate::session::{Credentials, Session};

pub use failure::{failure_of, upload_failure_of};
pub use platform::NativePlatform;
pub use preview::preview;

const CBOR: &str = "application/cbor";
const CONTENT_DIGEST: &str = "content-digest";
const RECEIPT: &str = "haamu-receipt";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);
/// The length of an authenticator's code; recovery codes are longer.
const TOTP_DIGITS: usize = 6;
/// Smaller bodies do not get smaller by compression.
const COMPRESS_FROM: usize = 1_000;
/// No answer of a server of ours is longer, unpacked. What is longer comes from somebody else, and is not
/// read to its end: there might be none.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Reads a public text from the web, such as a server's receipt keys.
///
/// # Errors
/// The address cannot be understood, or nothing answers there with a success.
pub async fn download(url: &str) -> Result<String, PortError> {
    let client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .build()
        .map_err(|error| PortError::new("set up HTTP", error))?;
    let answer = client.get(url).send().await;
    let answer = answer.and_then(Response::error_for_status);
    let answer = answer.map_err(|error| PortError::new("read from the web", error))?;
    let bytes = read(answer)
        .await
        .map_err(|_| PortError::new("read from the web", "the answer breaks off or is too long"))?;
    String::from_utf8(bytes).map_err(|error| PortError::new("read from the web", error))
}

/// The way to a server over HTTP.
#[derive(Debug)]
pub struct HttpTransport {
    client: Client,
    root: Url,
    platform: String,
    build: String,
}

impl HttpTransport {
    /// A transport to the server at `root`, such as `https://haamu.example`.
    ///
    /// # Errors
    /// The address cannot be understood, or TLS cannot be set up.
    pub fn new(root: &str, build: &str) -> Result<Self, PortError> {
        let mut url = Url::parse(root).map_err(|error| PortError::new("read the server's address", error))?;
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(PortError::new(
                "read the server's address",
                "it must start with http:// or https://",
            ));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            // A redirect is a captive portal's doing, not ours.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| PortError::new("set up HTTP", error))?;
        Ok(Self {
            client,
            root: url,
            platform: std::env::consts::OS.to_owned(),
            build: build.to_owned(),
        })
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        session: Option<&Session>,
    ) -> Result<RequestBuilder, Failure> {
        // Addresses in answers are below the server's root, whatever they say.
        let url = self
            .root
            .join(path.trim_start_matches('/'))
            .map_err(|_| Failure::NotOurServer)?;
        if url.host_str() != self.root.host_str()
            || url.port_or_known_default() != self.root.port_or_known_default()
        {
            return Err(Failure::NotOurServer);
        }
        let request = self.client.request(method, url);
        Ok(match session {
            Some(session) => request.bearer_auth(&session.access_token),
            None => request,
        })
    }

    /// A request under the device's own key. `@path` and `@query` are those below the server's root.
    fn signed(
        &self,
        signer: &DeviceSigner,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<RequestBuilder, Failure> {
        let digest = content_digest(body);
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let parts = SignedParts {
            method: method.as_str(),
            path: &format!("/{}", place.trim_start_matches('/')),
            query,
            content_digest: &digest,
        };
        let fields = sign(&signer.key, signer.device, parts);
        let request = self.request(method, path, None)?;
        Ok(request
            .header(CONTENT_DIGEST, digest.as_str())
            .header("signature-input", fields.input)
            .header("signature", fields.signature))
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        path: &str,
        session: Option<&Session>,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let response = send(self.request(Method::POST, path, session)?.json(body)).await?;
        let bytes = read(accepted(response).await?).await?;
        serde_json::from_slice(&bytes).map_err(|_| Failure::NotOurServer)
    }
}

impl Transport for HttpTransport {
    async fn sign_in(&mut self, credentials: &Credentials, code: Option<&str>) -> Result<SignedIn, Failure> {
        let body = SignInIn {
            email: credentials.email.clone(),
            password: Secret::new(&credentials.password),
            agency: None,
        };
        let request = self.request(Method::POST, "v1/sessions", None)?.json(&body);
        let response = accepted(send(request).await?).await?;
        if response.status() != StatusCode::ACCEPTED {
            return session(response).await;
        }
        let Some(code) = code else {
            return Ok(SignedIn::CodeNeeded);
        };
        let challenge: ChallengeOut = response.json().await.map_err(|_| Failure::NotOurServer)?;
        // Apps show their codes in two groups.
        let is_totp = code.chars().filter(|c| !c.is_whitespace()).count() == TOTP_DIGITS;
        let secret = Some(Secret::new(code.trim()));
        let body = SecondFactorIn {
            challenge: challenge.challenge,
            totp: secret.clone().filter(|_| is_totp),
            recovery_code: secret.filter(|_| !is_totp),
            passkey: None,
        };
        let request = self.request(Method::POST, "v1/sessions/second-factor", None)?;
        let response = send(request.json(&body)).await?;
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            return Ok(SignedIn::CodeWrong);
        }
        session(accepted(response).await?).await
    }

    async fn refresh(&mut self, session: &Session) -> Result<SessionOut, Failure> {
        let body = RefreshIn {
            refresh_token: Secret::new(&session.refresh_token),
        };
        self.exchange("v1/sessions/refresh", None, &body).await
    }

    async fn enrol(
        &mut self,
        session: &Session,
        enrolment: &Enrolment,
        public_key: &[u8; 32],
    ) -> Result<String, Failure> {
        let body = DeviceIn {
            device: enrolment.device.to_string(),
            public_key: URL_SAFE_NO_PAD.encode(public_key),
            platform: self.platform.clone(),
            build: self.build.clone(),
            cloned_from: enrolment.cloned_from.map(|device| device.to_string()),
        };
        let enrolled: EnrolledOut = self.exchange("v1/devices", Some(session), &body).await?;
        Ok(enrolled.access_token.expose().to_owned())
    }

    async fn sync(&mut self, session: &Session, request: &SyncRequest) -> Result<SyncResponse, Failure> {
        let frame = request.to_cbor();
        let builder = self
            .request(Method::POST, "v1/sync", Some(session))?
            .header(CONTENT_TYPE, CBOR);
        let builder = match compressed(&frame) {
            Some(smaller) => builder.header(CONTENT_ENCODING, "gzip").body(smaller),
            None => builder.body(frame),
        };
        let response = accepted(send(builder).await?).await?;
        let bytes = read(response).await?;
        SyncResponse::from_cbor(&bytes).map_err(|_| Failure::NotOurServer)
    }

    async fn sign_out(&mut self, session: &Session) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, "v1/sessions/current", Some(session))?;
        accepted(send(request).await?).await.map(drop)
    }

    async fn deposit(
        &mut self,
        signer: &DeviceSigner,
        request: &SyncRequest,
    ) -> Result<DepositResponse, Failure> {
        let frame = request.to_cbor();
        let builder = self.signed(signer, Method::POST, "v1/deposits", &frame)?;
        let builder = builder.header(CONTENT_TYPE, CBOR).body(frame);
        let response = accepted(send(builder).await?).await?;
        let bytes = read(response).await?;
        DepositResponse::from_cbor(&bytes).map_err(|_| Failure::NotOurServer)
    }

    async fn accept(
        &mut self,
        session: &Session,
        assignment: AssignmentId,
        said: &AcceptIn,
    ) -> Result<Accepted, Failure> {
        let path = format!("v1/assignments/{assignment}/accept");
        let request = self.request(Method::POST, &path, Some(session))?;
        let response = send(request.json(said)).await?;
        if !failure::is_refusal(response.status()) {
            return accepted(response).await.map(|_| Accepted::Yes);
        }
        let problem = serde_json::from_slice(&read(response).await?);
        let problem: Problem = problem.map_err(|_| Failure::NotOurServer)?;
        Ok(Accepted::Refused(failure::refusal(problem)))
    }

    async fn receipt(
        &mut self,
        session: &Session,
        sha256: BlobHash,
        document: DocumentId,
    ) -> Result<Vec<u8>, Failure> {
        let submission = SubmissionId::from_document(document);
        let path = format!("v1/blobs/{sha256}/receipt?submission={submission}");
        let request = self.request(Method::GET, &path, Some(session))?;
        let response = accepted(send(request).await?).await?;
        read(response).await
    }

    async fn upload(
        &mut self,
        pass: Pass<'_>,
        upload: &Upload,
        part: &[u8],
    ) -> Result<Uploaded, UploadFailure> {
        let is_last = !upload.is_question() && upload.offset + upload.length == upload.total;
        let request = match pass {
            Pass::Session(session) if upload.is_question() => {
                self.request(Method::HEAD, &upload.url, Some(session))
            }
            // No digest of the part: the server keeps what arrives of one that breaks off, and could not
            // check it. The address has the digest of the whole.
            Pass::Session(session) => self.request(Method::PATCH, &upload.url, Some(session)),
            // What is signed has a body: a question is a part without bytes.
            Pass::Device(signer) => self.signed(signer, Method::PATCH, &upload.url, part),
        };
        let request = request
            .map_err(UploadFailure::Request)?
            .header("upload-draft-interop-version", "8");
        let request = match pass {
            Pass::Session(_) if upload.is_question() => request,
            _ => request
                .header(CONTENT_TYPE, "application/partial-upload")
                .header("upload-offset", upload.offset)
                .header("upload-complete", if is_last { "?1" } else { "?0" })
                .body(part.to_vec()),
        };
        let response = send(request).await.map_err(UploadFailure::Request)?;
        let offset = response.headers().get("upload-offset");
        let offset = offset
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        let status = response.status();
        if status.is_success() {
            let offset = offset.ok_or(UploadFailure::Request(Failure::NotOurServer))?;
            let receipt = response.headers().get(RECEIPT);
            let receipt = receipt.map(|value| value.as_bytes().to_vec());
            return Ok(Uploaded { offset, receipt });
        }
        let failure = accepted(response).await.err().unwrap_or(Failure::Server);
        Err(upload_failure_of(status, offset, failure))
    }
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let response = request.send().await.map_err(|_| Failure::Network)?;
    // Whoever does not say that it speaks our protocol is somebody else, whatever the status.
    if response.headers().contains_key(PROTO_HEADER) {
        return Ok(response);
    }
    Err(match response.status() {
        // A proxy before the server: less at once may come through.
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        _ => Failure::NotOurServer,
    })
}

/// The response, if it is a success; else what its problem means for the engine.
async fn session(response: Response) -> Result<SignedIn, Failure> {
    let session = response.json().await.map_err(|_| Failure::NotOurServer)?;
    Ok(SignedIn::Session(Box::new(session)))
}

async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let problem = read(response).await.unwrap_or_default();
    let code = serde_json::from_slice::<Problem>(&problem).map(|problem| problem.code);
    Err(failure_of(status, &code.unwrap_or_default(), retry_after))
}

/// The whole body of an answer, unless it is longer than any of ours.
async fn read(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::Network)? {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::NotOurServer);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn compressed(frame: &[u8]) -> Option<Vec<u8>> {
    if frame.len() < COMPRESS_FROM {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(frame).ok()?;
    encoder.finish().ok()
}
