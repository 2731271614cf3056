//! The table of URLs: what each is to the guard, at save and at send.

use std::net::IpAddr;
use std::sync::Arc;
use std::{fmt, io};

use eval_server::{Outbound, OutboundError, Resolver};

/// What has to become of a URL.
#[derive(Debug, PartialEq)]
enum Fate {
    Asked,
    BadUrl,
    NotPublic,
    Unresolved,
}
use Fate::{Asked, BadUrl, NotPublic, Unresolved};

const TABLE: [(&str, Fate); 96] = [
    // Public ones, in odd spellings too.
    ("https://hooks.example.com/services/T0/B0/x", Asked),
    ("http://hooks.example.com:8080/", Asked),
    ("HTTPS://HOOKS.EXAMPLE.COM/", Asked),
    ("http://8.8.8.8/", Asked),
    ("http://[2606:4700::1111]/", Asked),
    ("https://b%C3%BCcher.example/", Asked),
    ("https://bücher.example/", Asked),
    ("https://hooks.example.com./", Asked),
    ("https://hooks.example.com\\@127.0.0.1/", Asked), // a path to the parser, and so to the client
    ("https://hooks.example.com/?next=http://127.0.0.1/", Asked),
    ("https://hooks.example.com/#@127.0.0.1", Asked),
    ("https://hooks.example.com/%2e%2e/%2e%2e/x", Asked),
    // Loopback in every form that parsers know.
    ("http://127.0.0.1/", NotPublic),
    ("http://127.0.0.1:22/", NotPublic),
    ("http://127.255.255.254/", NotPublic),
    ("http://127.1/", NotPublic),
    ("http://127.0.1/", NotPublic),
    ("http://2130706433/", NotPublic),
    ("http://017700000001/", NotPublic),
    ("http://0177.0.0.1/", NotPublic),
    ("http://0177.0.0.01/", NotPublic),
    ("http://0x7f000001/", NotPublic),
    ("http://0x7f.0.0.1/", NotPublic),
    ("http://0x7f.1/", NotPublic),
    ("http://0X7F.0x0.0x0.0x1/", NotPublic),
    ("http://127.0.0.1./", NotPublic),
    ("http://127%2e0%2e0%2e1/", NotPublic),
    ("http://%31%32%37.0.0.1/", NotPublic),
    ("http://127。0。0。1/", NotPublic),
    ("http://①②⑦.⓪.⓪.①/", NotPublic),
    ("http://127.0.0.1\\@hooks.example.com/", NotPublic),
    ("http:\\\\127.0.0.1\\", NotPublic),
    ("http:127.0.0.1", NotPublic),
    ("http:////127.0.0.1/", NotPublic),
    ("  http://127.0.0.1/\n", NotPublic),
    ("http://127.0\t.0.1/", NotPublic),
    ("http://localhost/", NotPublic),
    ("http://LOCALHOST./", NotPublic),
    ("http://ⓛocalhost/", NotPublic),
    // Other ranges of IPv4 that are nobody's outside.
    ("http://0/", NotPublic),
    ("http://0.0.0.0/", NotPublic),
    ("http://0.1.2.3/", NotPublic),
    ("http://10.0.0.1/", NotPublic),
    ("http://10.255.255.255/", NotPublic),
    ("http://012.0.0.1/", NotPublic),
    ("http://167772161/", NotPublic),
    ("http://100.64.0.1/", NotPublic),
    ("http://100.127.255.255/", NotPublic),
    ("http://169.254.169.254/latest/meta-data/", NotPublic),
    ("http://2852039166/", NotPublic),
    ("http://0xa9fea9fe/", NotPublic),
    ("http://0xa9.0xfe.0xa9.0xfe/", NotPublic),
    ("http://0251.0376.0251.0376/", NotPublic),
    ("http://172.16.0.1/", NotPublic),
    ("http://172.31.255.255/", NotPublic),
    ("http://192.0.0.1/", NotPublic),
    ("http://192.0.0.192/", NotPublic),
    ("http://192.0.2.1/", NotPublic),
    ("http://192.168.0.1/", NotPublic),
    ("http://192.168.257/", NotPublic),
    ("http://198.18.0.1/", NotPublic),
    ("http://198.19.255.255/", NotPublic),
    ("http://224.0.0.1/", NotPublic),
    ("http://239.255.255.250:1900/", NotPublic),
    ("http://240.0.0.1/", NotPublic),
    ("http://255.255.255.255/", NotPublic),
    // IPv6, and IPv4 inside of it.
    ("http://[::1]/", NotPublic),
    ("http://[0:0:0:0:0:0:0:1]/", NotPublic),
    ("http://[::]/", NotPublic),
    ("http://[::ffff:127.0.0.1]/", NotPublic),
    ("http://[::ffff:8.8.8.8]/", NotPublic),
    ("http://[::ffff:a9fe:a9fe]/", NotPublic),
    ("http://[::127.0.0.1]/", NotPublic),
    ("http://[64:ff9b::7f00:1]/", NotPublic),
    ("http://[64:ff9b::a9fe:a9fe]/", NotPublic),
    ("http://[2002:7f00:1::]/", NotPublic),
    ("http://[2001::1]/", NotPublic),
    ("http://[2001:db8::1]/", NotPublic),
    ("http://[fc00::1]/", NotPublic),
    ("http://[fd00:ec2::254]/", NotPublic),
    ("http://[fe80::1]/", NotPublic),
    ("http://[ff02::1]/", NotPublic),
    // Names that lead inside, in part or as a whole, or nowhere.
    ("http://inside.example.com/", NotPublic),
    ("http://partly.example.com/", NotPublic),
    ("http://inside6.example.com./", NotPublic),
    ("http://nowhere.example.com/", Unresolved),
    ("http://empty.example.com/", Unresolved),
    // No URL of a receiver.
    ("ftp://hooks.example.com/", BadUrl),
    ("file:///etc/passwd", BadUrl),
    ("gopher://127.0.0.1:6379/_FLUSHALL", BadUrl),
    ("//hooks.example.com/", BadUrl),
    ("http://user@hooks.example.com/", BadUrl),
    ("http://hooks.example.com:80@127.0.0.1/", BadUrl),
    ("http://[fe80::1%25eth0]/", BadUrl),
    ("http://256.256.256.256/", BadUrl),
    ("http://hooks.example.com:0/", BadUrl),
];

#[derive(Debug)]
struct Zone;

#[eval_core::async_trait]
impl Resolver for Zone {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses: &[&str] = match host.trim_end_matches('.') {
            "hooks.example.com" | "xn--bcher-kva.example" => &["93.184.216.34", "2606:2800:220:1::1"],
            "localhost" => &["127.0.0.1", "::1"],
            "inside.example.com" => &["10.1.2.3"],
            "inside6.example.com" => &["fd00::1"],
            "partly.example.com" => &["93.184.216.34", "192.168.1.1"],
            "empty.example.com" => &[],
            _ => return Err(io::Error::other("no such name")),
        };
        Ok(addresses.iter().map(|address| address.parse().expect("an address")).collect())
    }
}

fn fate<T: fmt::Debug>(result: Result<T, OutboundError>) -> Fate {
    match result {
        Ok(_) => Asked,
        Err(OutboundError::Url { .. }) => BadUrl,
        Err(OutboundError::NotPublic { .. }) => NotPublic,
        Err(OutboundError::Unresolved { .. }) => Unresolved,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn s04_the_table_of_urls() {
    let outbound = Outbound::builder().resolver(Arc::new(Zone)).build().expect("a client");
    for (url, expected) in &TABLE {
        assert_eq!(fate(outbound.check(url).await), *expected, "saved: {url}");
        // What may be asked is out in the world, where no test goes.
        if *expected != Asked {
            let sent = outbound.post(url, Default::default(), b"{}".to_vec()).await;
            assert_eq!(fate(sent), *expected, "sent: {url}");
        }
    }
}

#[tokio::test]
async fn s04_an_allowed_receiver_is_one_host_with_one_port_in_one_spelling() {
    let allowed = ["inside.example.com:8080", "10.0.0.7:80", "[fd00::7]:9000"];
    let outbound = Outbound::builder().resolver(Arc::new(Zone)).allow(allowed).build().expect("a client");
    for (url, expected) in [
        ("http://inside.example.com:8080/x", Asked),
        ("https://INSIDE.example.com:8080/x", Asked),
        ("http://10.0.0.7/", Asked),
        ("http://0xa.7/", Asked), // the same address
        ("http://[fd00:0::7]:9000/", Asked),
        ("http://inside.example.com/", NotPublic),
        ("http://inside.example.com.:8080/", NotPublic),
        ("http://inside6.example.com:8080/", NotPublic),
        ("https://10.0.0.7/", NotPublic),
        ("http://10.0.0.8/", NotPublic),
        ("http://user@10.0.0.7/", BadUrl),
    ] {
        assert_eq!(fate(outbound.check(url).await), expected, "{url}");
    }
}

#[test]
fn s04_an_entry_that_is_no_host_with_a_port_is_refused_at_the_start() {
    for entry in ["inside", "*.example.com:80", "http://inside:80", "inside:80/path", "user@inside:80", ""] {
        let refused = Outbound::builder().allow([entry]).build().expect_err(entry);
        assert!(matches!(refused, OutboundError::Allowed { .. }), "{entry}: {refused}");
    }
}

#[tokio::test]
async fn s04_an_error_never_repeats_what_the_url_says_beside_the_host() {
    let outbound = Outbound::builder().resolver(Arc::new(Zone)).build().expect("a client");
    for (url, _) in TABLE.iter().filter(|(_, fate)| *fate != Asked) {
        let url = format!("{}/s3cr3t?t=s3cr3t", url.trim().trim_end_matches(['/', '\\']));
        let refused = outbound.post(&url, Default::default(), Vec::new()).await.expect_err("a refusal");
        assert!(!format!("{refused:?} {}", eval_core::error_chain(&refused)).contains("s3cr3t"), "{refused:?}");
    }
}
