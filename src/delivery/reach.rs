//! Which addresses of the network may be spoken to: the public ones, unless the configuration says otherwise (SPEC SEND-6).
//!
//! Whoever may set a dealer's CRM must not thereby reach what only this machine or its neighbours can reach. A name is looked up and its
//! addresses are judged where the connection is made, so that no second look-up may answer with others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use url::{Host, Url};

/// How far pushes may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, by https.
    Public,
    /// Any address, also by plain http: for development and tests.
    Anywhere,
    /// No address at all: for the demo.
    Nowhere,
}

/// A name none of whose addresses is public.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to no public address")]
pub(super) struct NotPublic;

impl Reach {
    /// Why `url` is not spoken to, as far as the text itself tells.
    pub(super) fn refusal(self, url: &Url) -> Option<&'static str> {
        match self {
            Self::Nowhere => return Some("pushes by HTTP are switched off here (`crm.reach`)"),
            Self::Anywhere if matches!(url.scheme(), "http" | "https") => return None,
            Self::Public if url.scheme() == "https" => {}
            Self::Anywhere | Self::Public => return Some("only https is spoken"),
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return None,
            None => return Some("it names no host"),
        };
        (!is_public(address)).then_some("it is no public address")
    }
}

/// Names that are looked up at one time: each has a thread of the process for as long as the system likes.
const LOOKUPS_MAX: usize = 64;

/// Looks names up and lets public addresses alone pass.
pub(super) struct PublicOnly {
    places: Arc<Semaphore>,
}

impl Default for PublicOnly {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let places = Arc::clone(&self.places);
        Box::pin(async move {
            let place = places.acquire_owned().await?;
            // A look-up goes on when nobody waits for it any more, and keeps its place until it ends.
            let found = tokio::spawn(async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect::<Vec<_>>);
                drop(place);
                found
            });
            let found = found.await??.into_iter();
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether the address belongs to the public Internet, by the special-purpose registries of IANA (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    /// Azure's machines find their host there, though it looks public.
    const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    let [first, second, third, _] = address.octets();
    // "This network", private, loopback, multicast, reserved and broadcast; carrier-grade NAT, link-local with the metadata of most clouds.
    let is_apart = matches!(first, 0 | 10 | 127 | 224..=255)
        || matches!((first, second), (100, 64..=127) | (169, 254) | (172, 16..=31) | (192, 168));
    // Protocol assignments, three ranges for documentation, relays to IPv6, benchmarks.
    let is_special = matches!((first, second), (198, 18 | 19))
        || matches!((first, second, third), (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99));
    !is_apart && !is_special && address != WIRE_SERVER
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // An IPv4 address in other clothes is what it is: mapped, or behind NAT64.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocols with Teredo, documentation twice, and 6to4, whose relays are gone.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Of all others, what is handed out: not loopback, unique-local, link-local, multicast and what may come.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SEND-6
    #[test]
    fn what_is_not_of_the_public_internet_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:a00:1::",
            "2002:808:808::",
            "2001::1",
            "2001:10::1",
            "2001:2::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "4000::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    // SEND-6
    #[test]
    fn a_literal_is_judged_however_it_is_written() {
        let refused = |url: &str| Reach::Public.refusal(&Url::parse(url).unwrap()).is_some();
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://127.1/",
            "https://[::ffff:a00:1]/",
            "https://１２７.0.0.1/",
            "http://8.8.8.8/",
            "ftp://8.8.8.8/",
        ] {
            assert!(refused(url), "{url}");
        }
        assert!(!refused("https://8.8.8.8/x") && !refused("https://crm.example.com:8443/x"));
        let here = Url::parse("http://127.0.0.1:1/").unwrap();
        assert_eq!(Reach::Anywhere.refusal(&here), None);
        assert!(Reach::Nowhere.refusal(&Url::parse("https://8.8.8.8/").unwrap()).is_some());
    }

    // SEND-6
    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused() {
        let refused = PublicOnly::default().resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.is::<NotPublic>(), "{refused}");
    }

    // SEND-4
    #[tokio::test]
    async fn a_look_up_waits_for_its_place_and_gives_it_back() {
        let names = PublicOnly { places: Arc::new(Semaphore::new(0)) };
        let waits = names.resolve("localhost".parse().unwrap());
        assert!(futures_util::FutureExt::now_or_never(waits).is_none());
        names.places.add_permits(1);
        for _ in 0..3 {
            assert!(names.resolve("localhost".parse().unwrap()).await.is_err());
        }
    }
}
