//! HTTP by reqwest, and the clocks and randomness of the machine.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use haamu_sync::engine::{Enrolment, Failure, Upload, UploadFailure};
use haamu_sync::{ClockReading, Frame, Millis, PROTO_HEADER, SyncRequest, SyncResponse};
use haamu_wire::{DeviceIn, EnrolledOut, Problem, RefreshIn, Secret, SessionOut, SignInIn};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use url::Url;

use crate::ports::{Platform, PortError, Transport};
use crate::session::{Credentials, Session};

const CBOR: &str = "application/cbor";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);
/// Smaller bodies do not get smaller by compression.
const COMPRESS_FROM: usize = 1_000;

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
    answer
        .text()
        .await
        .map_err(|error| PortError::new("read from the web", error))
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

    async fn exchange<T: DeserializeOwned>(
        &self,
        path: &str,
        session: Option<&Session>,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let response = send(self.request(Method::POST, path, session)?.json(body)).await?;
        let response = accepted(response).await?;
        response.json().await.map_err(|_| Failure::NotOurServer)
    }
}

impl Transport for HttpTransport {
    async fn sign_in(&mut self, credentials: &Credentials) -> Result<SessionOut, Failure> {
        let body = SignInIn {
            email: credentials.email.clone(),
            password: Secret::new(&credentials.password),
            agency: None,
        };
        self.exchange("v1/sessions", None, &body).await
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
        let bytes = response.bytes().await.map_err(|_| Failure::Network)?;
        SyncResponse::from_cbor(&bytes).map_err(|_| Failure::NotOurServer)
    }

    async fn upload(
        &mut self,
        session: &Session,
        upload: &Upload,
        part: &[u8],
    ) -> Result<u64, UploadFailure> {
        let is_last = upload.offset + upload.length == upload.total;
        let method = match upload.is_question() {
            true => Method::HEAD,
            false => Method::PATCH,
        };
        let request = self
            .request(method, &upload.url, Some(session))
            .map_err(UploadFailure::Request)?
            .header("upload-draft-interop-version", "8");
        // No digest of the part: the server keeps what arrives of one that breaks off, and could not check it.
        // The address has the digest of the whole.
        let request = match upload.is_question() {
            true => request,
            false => request
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
            return offset.ok_or(UploadFailure::Request(Failure::NotOurServer));
        }
        let failure = accepted(response).await.err().unwrap_or(Failure::Server);
        Err(match (status, offset) {
            (StatusCode::CONFLICT, Some(offset)) => UploadFailure::WrongOffset(offset),
            (StatusCode::UNPROCESSABLE_ENTITY, _) => UploadFailure::DigestMismatch,
            (StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::CONFLICT, _) => {
                UploadFailure::Refused
            }
            _ => UploadFailure::Request(failure),
        })
    }
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let response = request.send().await.map_err(|_| Failure::Network)?;
    // Whoever does not say that it speaks our protocol is somebody else, whatever the status.
    if response.headers().contains_key(PROTO_HEADER) {
        Ok(response)
    } else {
        Err(Failure::NotOurServer)
    }
}

/// The response, if it is a success; else what its problem means for the engine.
async fn accepted(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let code = response
        .json::<Problem>()
        .await
        .map(|problem| problem.code)
        .unwrap_or_default();
    Err(match status {
        StatusCode::UNAUTHORIZED => Failure::Unauthorised,
        StatusCode::FORBIDDEN if code == "device_not_enrolled" => Failure::NotEnrolled,
        StatusCode::FORBIDDEN => Failure::Forbidden,
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        StatusCode::UPGRADE_REQUIRED => Failure::UpgradeRequired,
        StatusCode::BAD_REQUEST if code == "sync_frame" => Failure::FrameRefused,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Failure::Busy(retry_after.unwrap_or(1).saturating_mul(1_000))
        }
        _ => Failure::Server,
    })
}

fn compressed(frame: &[u8]) -> Option<Vec<u8>> {
    if frame.len() < COMPRESS_FROM {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(frame).ok()?;
    encoder.finish().ok()
}

/// The machine's clocks and randomness.
#[derive(Clone, Copy, Debug)]
pub struct NativePlatform {
    started: Instant,
    /// Which boot it is; 0 where the system does not tell.
    boot: u64,
}

impl Default for NativePlatform {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            boot: boot_id(),
        }
    }
}

impl Platform for NativePlatform {
    fn now(&self) -> ClockReading {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(millis)
            .unwrap_or_default();
        let monotonic = match self.boot {
            0 => millis(self.started.elapsed()),
            _ => uptime().unwrap_or_else(|| millis(self.started.elapsed())),
        };
        ClockReading {
            wall,
            monotonic,
            boot: self.boot,
        }
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        bytes
    }

    async fn sleep_until(&self, monotonic: Millis) {
        let left = monotonic.saturating_sub(self.now().monotonic);
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// Milliseconds since the boot, across processes; known on Linux.
fn uptime() -> Option<Millis> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    Some(seconds.parse::<Millis>().ok()? * 1_000 + hundredths.parse::<Millis>().ok()? * 10)
}

/// A number that names this boot; known on Linux.
fn boot_id() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
        return 0;
    };
    let digest = Sha256::digest(text.trim().as_bytes());
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
