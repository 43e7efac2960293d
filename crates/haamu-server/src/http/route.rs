//! Routes: one declaration sets the guard and writes the API document.

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use haamu_app::App;
use haamu_domain::{Code, Verb, VerbSet};
use haamu_wire::{IssueOut, Problem};
use serde_json::json;
use utoipa::PartialSchema;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::examples;
use super::limits::{Limit, limit};
use super::problem::{Failure, status_of};

/// Who may call an operation.
#[derive(Clone, Copy)]
enum Access {
    /// Anybody, without a token, but not too often.
    Anyone(Limit),
    /// Whoever's role the policy lets do this.
    Verb(Verb),
    /// A device that signs the request; the handler verifies that, for it takes the body.
    Device,
}

/// Operations under one limit on their bodies.
#[derive(Default)]
pub(super) struct Operations(OpenApiRouter<App>);

impl Operations {
    /// Adds an operation that anybody may call, with the codes of the problems that it may answer.
    pub(super) fn open(self, codes: &[Code], route: UtoipaMethodRouter<App>) -> Self {
        self.add(Access::Anyone(Limit::Public), codes, route)
    }

    /// Adds an operation that anybody may call without end, such as what watches over the server does.
    pub(super) fn watched(self, codes: &[Code], route: UtoipaMethodRouter<App>) -> Self {
        self.add(Access::Anyone(Limit::None), codes, route)
    }

    /// Adds an operation that anybody may call, and that a secret could be guessed with.
    pub(super) fn guessable(self, codes: &[Code], route: UtoipaMethodRouter<App>) -> Self {
        self.add(Access::Anyone(Limit::Credentials), codes, route)
    }

    /// Adds an operation for whoever's role the policy lets do `verb`.
    pub(super) fn verb(self, verb: Verb, codes: &[Code], route: UtoipaMethodRouter<App>) -> Self {
        self.add(Access::Verb(verb), codes, route)
    }

    /// Adds an operation that a device signs with its own key.
    pub(super) fn device(self, codes: &[Code], route: UtoipaMethodRouter<App>) -> Self {
        self.add(Access::Device, codes, route)
    }

    /// The router, whose operations take bodies of at most so many bytes.
    pub(super) fn with_body_limit(self, bytes: usize) -> OpenApiRouter<App> {
        self.0.layer(DefaultBodyLimit::max(bytes))
    }

    fn add(self, access: Access, codes: &[Code], route: UtoipaMethodRouter<App>) -> Self {
        let (mut schemas, mut paths, mut router) = route;
        match access {
            Access::Verb(verb) => {
                router = router.layer(from_fn(move |request, next| guard(verb, request, next)));
            }
            Access::Anyone(of) if of != Limit::None => {
                router = router.layer(from_fn(move |request, next| limit(of, request, next)));
            }
            Access::Anyone(_) | Access::Device => {}
        }
        for item in paths.paths.values_mut() {
            for operation in operations(item) {
                describe(operation, access, codes);
            }
        }
        schemas.push(("Problem".to_owned(), Problem::schema()));
        schemas.push(("IssueOut".to_owned(), IssueOut::schema()));
        Self(self.0.routes((schemas, paths, router)))
    }
}

/// Lets through whoever's role may do this, with who they are noted for the handler.
async fn guard(verb: Verb, mut request: Request, next: Next) -> Response {
    let Some(app) = request.extensions().get::<App>().cloned() else {
        return Failure::refused(Code::Internal).into_response();
    };
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token else {
        return Failure::refused(Code::Unauthenticated).into_response();
    };
    let bearer = match app.authenticate(token).await {
        Ok(bearer) => bearer,
        Err(error) => return Failure::from(error).into_response(),
    };
    if let Err(error) = app.admit(&bearer, verb).await {
        return Failure::from(error).into_response();
    }
    request.extensions_mut().insert(bearer);
    next.run(request).await
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.head,
        &mut item.patch,
        &mut item.options,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn describe(operation: &mut Operation, access: Access, codes: &[Code]) {
    let mut codes = codes.to_vec();
    codes.extend([Code::Unavailable, Code::Internal]);
    match access {
        Access::Anyone(of) => {
            operation.security = Some(Vec::new());
            if of != Limit::None {
                codes.push(Code::TooManyRequests);
            }
        }
        Access::Device => {
            codes.push(Code::DeviceSignature);
            let names = Vec::<String>::new();
            operation.security = Some(vec![SecurityRequirement::new("device_signature", names)]);
            let access = [("x-haamu-access".to_owned(), json!({"device": true}))];
            operation.extensions = Some(access.into_iter().collect::<Extensions>());
        }
        Access::Verb(verb) => {
            codes.extend([Code::Unauthenticated, Code::Forbidden]);
            // What a session without its second factor may not do, and what a token may not.
            if !VerbSet::FACTORLESS.contains(verb) {
                codes.push(Code::SecondFactorRequired);
            }
            codes.push(Code::ScopeMissing);
            operation.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
            let roles: Vec<_> = verb.roles().iter().map(|role| role.as_str()).collect();
            // One extension, for several would have no fixed order in the document.
            let mut access = json!({"roles": roles, "verb": verb.as_str()});
            if verb.needs_a_person() {
                access["person"] = json!(true);
            }
            let extensions = [("x-haamu-access".to_owned(), access)];
            operation.extensions = Some(extensions.into_iter().collect::<Extensions>());
        }
    }
    if operation.request_body.is_some() {
        codes.extend([
            Code::InvalidRequest,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    let has_query = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == utoipa::openapi::path::ParameterIn::Query,
            RefOr::Ref(_) => false,
        });
    if has_query {
        codes.push(Code::InvalidRequest);
    }
    codes.sort_unstable_by_key(|code| (status_of(*code).as_u16(), code.as_str()));
    codes.dedup();
    for of_status in codes.chunk_by(|a, b| status_of(*a) == status_of(*b)) {
        let status = status_of(of_status[0]).as_u16().to_string();
        let names: Vec<_> = of_status.iter().map(|code| code.as_str()).collect();
        let lines: Vec<_> = of_status
            .iter()
            .map(|code| format!("`{}`: {}", code.as_str(), code.title()))
            .collect();
        let mut content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        content.examples = examples::of_problems(of_status);
        let mut response = ResponseBuilder::new()
            .description(lines.join("\n\n"))
            .content("application/problem+json", content)
            .build();
        response.extensions = Some([("x-haamu-codes".to_owned(), json!(names))].into_iter().collect());
        operation.responses.responses.insert(status, RefOr::T(response));
    }
}
