//! Extractors whose refusals are problem documents too.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use haamu_app::{Bearer, TableFile};
use haamu_domain::Code;
use haamu_form::Language;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::problem::Failure;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match axum::Json::<Object<T>>::from_request(request, state).await {
            Ok(axum::Json(Object(value))) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Failure::because(
                Code::UnsupportedMediaType,
                "The body must be application/json.",
            )),
            Err(JsonRejection::BytesRejection(error)) => Err(body_failure(&error)),
            Err(error) => Err(Failure::because(Code::InvalidRequest, error.body_text())),
        }
    }
}

/// A JSON body that may be left away.
#[derive(Debug)]
pub(super) struct OptionalJson<T>(pub(super) Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|error| body_failure(&error))?;
        if matches!(bytes.trim_ascii(), b"" | b"null") {
            return Ok(Self(None));
        }
        let Json(value) = Json::from_request(Request::from_parts(parts, bytes.into()), state).await?;
        Ok(Self(Some(value)))
    }
}

/// A JSON object. Left to itself, a struct would be read from a list of its fields too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

/// A body of bytes.
#[derive(Debug)]
pub(super) struct Body(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|error| body_failure(&error))
    }
}

/// A table, and what its sender calls it.
#[derive(Debug)]
pub(super) struct TableBody(pub(super) TableFile);

impl<S: Send + Sync> FromRequest<S> for TableBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let Body(bytes) = Body::from_request(request, state).await?;
        Ok(Self(TableFile { bytes, media_type }))
    }
}

fn body_failure(error: &BytesRejection) -> Failure {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Failure::refused(Code::PayloadTooLarge)
    } else {
        Failure::because(Code::InvalidRequest, error.body_text())
    }
}

/// Parameters in the path. One that cannot be read names nothing that exists.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_: PathRejection| Failure::refused(Code::NotFound))
    }
}

/// Parameters in the query.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|error: QueryRejection| Failure::because(Code::InvalidRequest, error.body_text()))
    }
}

/// Who signed in; put there by the guard of the route.
#[derive(Debug)]
pub(super) struct SignedIn(pub(super) Bearer);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let bearer = parts.extensions.get::<Bearer>().copied();
        bearer
            .map(Self)
            .ok_or_else(|| Failure::refused(Code::Unauthenticated))
    }
}

/// The start of a page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The `next` of the page before.
    pub(super) after: Option<uuid::Uuid>,
}

/// The start of a page of what is listed backwards.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BeforeQuery {
    /// The `next` of the page before.
    pub(super) before: Option<uuid::Uuid>,
}

/// The language of a mail, if one is named.
pub(super) fn language(tag: Option<&str>) -> Result<Option<Language>, Failure> {
    let Some(tag) = tag else { return Ok(None) };
    let language = Language::from_tag(tag);
    let unknown = || Failure::issue("language", "unknown_value", "one of fi, sv, en");
    language.map(Some).ok_or_else(unknown)
}

/// The language of a report.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LanguageQuery {
    /// `fi`, `sv` or `en`; else what `Accept-Language` prefers, else `en`.
    pub(super) lang: Option<String>,
}

impl LanguageQuery {
    pub(super) fn choose(&self, headers: &HeaderMap) -> Result<Language, Failure> {
        if let Some(tag) = &self.lang {
            let language = Language::from_tag(tag);
            return language.ok_or_else(|| Failure::issue("lang", "unknown_value", "one of fi, sv, en"));
        }
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let tags = accepted
            .unwrap_or_default()
            .split(',')
            .map(|part| part.split(';').next().unwrap_or_default());
        Ok(tags
            .map(str::trim)
            .find_map(Language::from_tag)
            .unwrap_or_default())
    }
}
