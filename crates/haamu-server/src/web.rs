//! The way to other servers, such as identity providers.

use std::time::Duration;

use haamu_app::{PortFuture, WebAnswer, WebFailure, WebPort, WebRequest};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, redirect};

/// No answer is waited for longer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer: configurations and keys are much shorter.
const MAX_ANSWER: usize = 1024 * 1024;

/// HTTP by reqwest.
#[derive(Debug)]
pub struct Web {
    client: Client,
}

impl Web {
    /// A client that follows no redirects, for they could lead anywhere.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("haamu/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }
}

fn failure(error: &reqwest::Error) -> WebFailure {
    WebFailure(haamu_app::error_chain(error))
}

impl WebPort for Web {
    fn send(&self, request: WebRequest) -> PortFuture<'_, Result<WebAnswer, WebFailure>> {
        Box::pin(async move {
            let odd = |what: &str| WebFailure(format!("the request has an odd {what}"));
            let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| odd("method"))?;
            let mut call = self.client.request(method, &request.url).body(request.body);
            for (name, value) in &request.headers {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| odd("header"))?;
                let value = HeaderValue::from_bytes(value).map_err(|_| odd("header"))?;
                call = call.header(name, value);
            }
            let response = call.send().await.map_err(|error| failure(&error))?;
            let status = response.status().as_u16();
            let headers = response.headers().iter();
            let headers = headers
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect();
            let body = bounded(response).await?;
            Ok(WebAnswer {
                status,
                headers,
                body,
            })
        })
    }
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, WebFailure> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + part.len() > MAX_ANSWER {
            return Err(WebFailure("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
