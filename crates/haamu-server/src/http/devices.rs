//! Devices of shoppers.

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use haamu_app::record::Device;
use haamu_app::{App, DeviceInput};
use haamu_domain::Code;
use haamu_wire::sync::DeviceId;
use haamu_wire::{DeviceIn, DeviceOut, DevicesOut, EnrolledOut, Secret};

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;

/// Enrol a device, and bind the session to it. Enrolling once more changes nothing.
#[utoipa::path(post, path = "/v1/devices", tag = "devices", request_body = DeviceIn,
    responses((status = 200, description = "Enrolled.", body = EnrolledOut)))]
pub(super) async fn enrol_device(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<DeviceIn>,
) -> Result<(StatusCode, axum::Json<EnrolledOut>), Failure> {
    let device = device_id("device", &input.device)?;
    let public_key = URL_SAFE_NO_PAD.decode(&input.public_key);
    let public_key = public_key.map_err(|_| Failure::issue("public_key", "bad_key", "not base64url"))?;
    let cloned_from = input
        .cloned_from
        .as_deref()
        .map(|text| device_id("cloned_from", text))
        .transpose()?;
    let input = DeviceInput {
        device,
        public_key,
        platform: input.platform,
        build: input.build,
        cloned_from,
    };
    let access_token = app.enrol_device(&bearer, &input).await?;
    let enrolled = EnrolledOut {
        device: device.to_string(),
        access_token: Secret::new(access_token),
        expires_in: app.settings().access_token.as_secs(),
    };
    Ok((StatusCode::OK, axum::Json(enrolled)))
}

/// List one's own devices.
#[utoipa::path(get, path = "/v1/devices", tag = "devices",
    responses((status = 200, description = "The devices.", body = DevicesOut)))]
pub(super) async fn list_devices(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<DevicesOut>, Failure> {
    let devices = app.list_devices(&bearer.actor).await?;
    Ok(axum::Json(DevicesOut {
        items: devices.into_iter().map(device_out).collect(),
    }))
}

/// Shut a device out, such as one that was lost. It cannot sync any more; what is on it can still be deposited.
#[utoipa::path(post, path = "/v1/devices/{device}/revoke", tag = "devices",
    params(("device" = String, Path, description = "The device's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, description = "Shut out.", body = DeviceOut)))]
pub(super) async fn revoke_device(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(device): Path<String>,
) -> Result<axum::Json<DeviceOut>, Failure> {
    let id = device.parse().map_err(|_| Failure::refused(Code::NotFound))?;
    let device = app.revoke_device(&bearer.actor, id).await?;
    Ok(axum::Json(device_out(device)))
}

fn device_id(path: &str, text: &str) -> Result<DeviceId, Failure> {
    text.parse()
        .map_err(|_| Failure::issue(path, "bad_id", "16 bytes as base64url without padding"))
}

pub(super) fn device_out(device: Device) -> DeviceOut {
    DeviceOut {
        device: device.id.to_string(),
        platform: device.platform,
        build: device.build,
        enrolled_at: device.enrolled_at.to_rfc3339(),
        operations: device.head.seq,
        revoked_at: device.revoked_at.map(haamu_domain::Timestamp::to_rfc3339),
    }
}
