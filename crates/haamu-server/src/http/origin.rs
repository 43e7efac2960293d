//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use haamu_app::Origin;

use super::problem::Failure;

/// A network, such as `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - self.prefix;
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - self.prefix;
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address nor a network such as 10.0.0.0/8")]
pub struct BadNetwork;

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| BadNetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| BadNetwork)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return Err(BadNetwork);
        }
        Ok(Self { address, prefix })
    }
}

/// In which header a trusted proxy names the address that it serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Which proxies are believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    /// Their addresses.
    pub networks: Vec<Network>,
    /// What they write; the other header may come from anybody.
    pub header: ProxyHeader,
}

/// The address that a request came from, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) Option<IpAddr>);

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The address behind the trusted proxies. What stands before the first address that is no trusted proxy's may
    /// have been made up.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let mut named = match self.header {
            ProxyHeader::XForwardedFor => values(headers, "x-forwarded-for")
                .map(|text| text.trim().to_owned())
                .collect::<Vec<_>>(),
            ProxyHeader::Forwarded => values(headers, "forwarded")
                .filter_map(|text| forwarded_for(&text))
                .collect(),
        };
        while let Some(text) = named.pop() {
            let Some(address) = address(&text) else { break };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// The members of a list header, in order.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = String> + 'a {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::to_owned)
}

/// The `for` of one member of `Forwarded`.
fn forwarded_for(member: &str) -> Option<String> {
    member.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("for").then(|| value.to_owned())
    })
}

/// An address as proxies write it: with or without brackets and port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').split(']').next().unwrap_or_default();
    text.parse()
        .or_else(|_| bare.parse())
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Notes the address that a request came from.
pub(super) async fn note_address(proxies: TrustedProxies, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map(|ConnectInfo(peer)| proxies.client(peer.ip(), request.headers()));
    request.extensions_mut().insert(ClientAddress(client));
    next.run(request).await
}

/// Where a request comes from, for use cases that care.
#[derive(Debug)]
pub(super) struct From(pub(super) Origin);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let address = parts.extensions.get::<ClientAddress>().and_then(|known| known.0);
        let user_agent = parts.headers.get(header::USER_AGENT);
        Ok(Self(Origin {
            address,
            user_agent: user_agent
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        }))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn proxies(networks: &[&str], header: ProxyHeader) -> TrustedProxies {
        TrustedProxies {
            networks: networks.iter().map(|text| text.parse().expect(text)).collect(),
            header,
        }
    }

    fn client(of: &TrustedProxies, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        of.client(peer.parse().expect("an address"), &map).to_string()
    }

    #[test]
    fn networks_are_read_and_contain_their_addresses() {
        let contains = |network: &str, address: &str| {
            let network: Network = network.parse().expect(network);
            network.contains(address.parse().expect(address))
        };
        assert!(contains("10.0.0.0/8", "10.200.3.4") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "192.0.2.1") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("192.0.2.7", "192.0.2.7") && contains("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "2001:db9::1"));
        for bad in ["", "10.0.0.0/33", "::/129", "host", "10.0.0.0/x"] {
            assert_eq!(bad.parse::<Network>(), Err(BadNetwork), "{bad}");
        }
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        let forged = [
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=203.0.113.9"),
        ];
        assert_eq!(
            client(&TrustedProxies::default(), "192.0.2.1", &forged),
            "192.0.2.1"
        );
        let trusting = proxies(&["10.0.0.0/8"], ProxyHeader::XForwardedFor);
        assert_eq!(client(&trusting, "192.0.2.1", &forged), "192.0.2.1");
        assert_eq!(client(&trusting, "10.0.0.1", &forged), "203.0.113.9");
        // The header that the proxy does not write may come from anybody.
        assert_eq!(
            client(&trusting, "10.0.0.1", &[("forwarded", "for=203.0.113.9")]),
            "10.0.0.1"
        );
    }

    #[test]
    fn what_stands_before_the_last_unknown_address_is_not_believed() {
        let trusting = proxies(&["10.0.0.0/8"], ProxyHeader::XForwardedFor);
        let chain = [("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.0.0.2")];
        assert_eq!(client(&trusting, "10.0.0.1", &chain), "203.0.113.9");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client(&trusting, "10.0.0.1", &lines), "203.0.113.9");
        assert_eq!(
            client(&trusting, "10.0.0.1", &[("x-forwarded-for", "1.1.1.1, nonsense")]),
            "10.0.0.1"
        );
    }

    #[test]
    fn both_headers_are_read_in_all_their_forms() {
        let trusting = proxies(&["10.0.0.1"], ProxyHeader::Forwarded);
        for (value, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("For=\"203.0.113.9:4711\";proto=https;by=10.0.0.1", "203.0.113.9"),
            ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("proto=https; for=\"[2001:db8::7]\"", "2001:db8::7"),
            ("for=unknown", "10.0.0.1"),
        ] {
            assert_eq!(
                client(&trusting, "10.0.0.1", &[("forwarded", value)]),
                expected,
                "{value}"
            );
        }
        let trusting = proxies(&["10.0.0.1"], ProxyHeader::XForwardedFor);
        assert_eq!(
            client(&trusting, "10.0.0.1", &[("x-forwarded-for", "203.0.113.9:80")]),
            "203.0.113.9"
        );
        assert_eq!(
            client(&trusting, "10.0.0.1", &[("x-forwarded-for", "2001:db8::7")]),
            "2001:db8::7"
        );
    }
}
