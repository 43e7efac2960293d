//! The way to other servers, such as identity providers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use haamu_app::{PortFuture, WebAnswer, WebFailure, WebPort, WebRequest};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Response, redirect};
use url::{Host, Url};

/// No answer is waited for longer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer: configurations and keys are much shorter.
const MAX_ANSWER: usize = 1024 * 1024;

/// HTTP by reqwest.
#[derive(Debug)]
pub struct Web {
    client: Client,
    is_public_only: bool,
}

impl Web {
    /// A client that asks any address. It follows no redirects, for they could lead anywhere.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self {
            client: client().build()?,
            is_public_only: false,
        })
    }

    /// A client that asks addresses of the public internet alone. Administrators of agencies choose whom the server
    /// asks, and must not reach through it what stands in the operator's own network.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn public_only() -> Result<Self, reqwest::Error> {
        Self::public_only_of(client())
    }

    fn public_only_of(builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        // A proxy, such as variables of the process name one, would find the addresses of names itself.
        let builder = builder.no_proxy().dns_resolver(Arc::new(PublicNames));
        Ok(Self {
            client: builder.build()?,
            is_public_only: true,
        })
    }
}

fn client() -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .user_agent(concat!("haamu/", env!("CARGO_PKG_VERSION")))
}

/// Finds the public addresses of names. What was found is what is connected to: a name that leads elsewhere the next
/// moment gains nothing.
struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The address is none of the public internet.
#[derive(Debug, thiserror::Error)]
#[error("the address is not public")]
struct NotPublic;

/// Whether the host of a URL is an address that is not public. A name is looked up later.
fn is_inward(url: &str) -> bool {
    let url = Url::parse(url);
    match url.as_ref().ok().and_then(Url::host) {
        Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Whether an address is one of the public internet (RFC 6890 and what followed it).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let is_special = match address.octets() {
        // This network, shared behind providers, protocol assignments, benchmarks, and what is reserved.
        [0, ..] | [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..] => true,
        [100, second, ..] => (64..128).contains(&second),
        _ => false,
    };
    !is_special
        && !address.is_private()
        && !address.is_loopback()
        && !address.is_link_local()
        && !address.is_documentation()
        && !address.is_multicast()
}

fn is_public_6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Addresses of version 4, as translators write them.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // Protocol assignments and tunnels that begin with Teredo, documentation, and 6to4.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x2002, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn failure(error: &reqwest::Error) -> WebFailure {
    WebFailure(haamu_app::error_chain(error))
}

impl WebPort for Web {
    fn send(&self, request: WebRequest) -> PortFuture<'_, Result<WebAnswer, WebFailure>> {
        Box::pin(async move {
            let odd = |what: &str| WebFailure(format!("the request has an odd {what}"));
            if self.is_public_only && is_inward(&request.url) {
                return Err(WebFailure(NotPublic.to_string()));
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ones_own_network_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().expect(text)), "{text}");
        }
        for text in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2001:4860:4860::8888",
            "2a00:1450::1",
        ] {
            assert!(is_public(text.parse().expect(text)), "{text}");
        }
    }

    #[tokio::test]
    async fn no_proxy_finds_the_addresses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        let proxy = reqwest::Proxy::all(proxy).expect("a proxy");
        let web = Web::public_only_of(client().proxy(proxy)).expect("a client");
        let request = WebRequest {
            method: "GET".to_owned(),
            url: "http://localhost/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        // Whoever asks the proxy waits for an answer that it never gives.
        tokio::select! {
            answer = web.send(request) => {
                let failure = answer.expect_err("no answer");
                assert!(failure.0.contains("the address is not public"), "{failure}");
            }
            _ = listener.accept() => panic!("the proxy was asked"),
        }
    }

    #[tokio::test]
    async fn nothing_of_ones_own_network_is_asked() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let web = Web::public_only().expect("a client");
        for host in [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "2130706433",
            "0x7f.1",
        ] {
            let request = WebRequest {
                method: "GET".to_owned(),
                url: format!("http://{host}:{port}/"),
                headers: Vec::new(),
                body: Vec::new(),
            };
            let failure = web.send(request).await.expect_err(host);
            assert!(
                failure.0.contains("the address is not public"),
                "{host}: {failure}"
            );
        }
    }
}
