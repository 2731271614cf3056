//! Which addresses are public.
//!
//! IANA, *IPv4 Special-Purpose Address Registry* and *IPv6 Special-Purpose Address Registry*: what is not "globally
//! reachable" there is refused. So are the few parts of 192.0.0.0/24 and 2001::/23 that are, and whatever carries an
//! IPv4 address inside (mapped, NAT64, 6to4, Teredo): no receiver needs them, and each is a way around the rest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Address, length of the prefix, what it is for.
type Range<A> = (A, u32, &'static str);

const V4: [Range<Ipv4Addr>; 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "AS112"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// Names for what lies outside of 2000::/3, and holes in it. All else outside is refused as well.
const V6: [Range<Ipv6Addr>; 12] = [
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::UNSPECIFIED, 128, "this host"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "IPv4 inside of IPv6"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 32, "NAT64"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

const GLOBAL_V6: Range<Ipv6Addr> = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, "global unicast");

/// What an address is for when it is not public; `None` for a public one.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|range| within_v4(address, range)).map(|range| range.2),
        IpAddr::V6(address) => {
            let named = V6.iter().find(|range| within_v6(address, range)).map(|range| range.2);
            named.or_else(|| (!within_v6(address, &GLOBAL_V6)).then_some("reserved"))
        }
    }
}

fn within_v4(address: Ipv4Addr, (network, prefix, _): &Range<Ipv4Addr>) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (32 - prefix) == 0
}

fn within_v6(address: Ipv6Addr, (network, prefix, _): &Range<Ipv6Addr>) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_where_they_should() {
        for (last_inside, first_outside) in [
            ("0.255.255.255", "1.0.0.0"),
            ("10.255.255.255", "11.0.0.0"),
            ("100.127.255.255", "100.128.0.0"),
            ("172.31.255.255", "172.32.0.0"),
            ("198.19.255.255", "198.20.0.0"),
            ("127.255.255.255", "128.0.0.0"),
            ("2001:1ff:ffff::", "2001:200::"),
            ("2002:ffff:ffff::", "2003::"),
            ("3fff:fff:ffff::", "3fff:1000::"),
        ] {
            let reason = |text: &str| not_public(text.parse().unwrap());
            assert!(reason(last_inside).is_some(), "{last_inside}");
            assert_eq!(reason(first_outside), None, "{first_outside}");
        }
    }

    #[test]
    fn what_nobody_has_assigned_is_not_public() {
        for address in ["4000::1", "8000::1", "::2", "::7f00:1", "100::1", "5f00::1", "255.255.255.255"] {
            assert!(not_public(address.parse().unwrap()).is_some(), "{address}");
        }
    }
}
