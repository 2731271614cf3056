//! Addresses of every family. What the environment says about proxies is tested through the program that reads it.

use eval_chaos::Chaos;
use eval_core::Provider as _;

use super::{client, request};

#[tokio::test]
async fn f56_an_endpoint_that_has_only_an_address_of_ipv6_is_asked() {
    let Ok(chaos) = Chaos::at("[::1]:0").await else {
        eprintln!("SKIPPED: this machine has no IPv6");
        return;
    };
    assert!(chaos.url().starts_with("http://[::1]:"), "{}", chaos.url());
    let answer = client(&chaos.url()).build().expect("a client").complete(&request("good")).await;
    assert_eq!(answer.expect("an answer").text, "Paris.");
}
