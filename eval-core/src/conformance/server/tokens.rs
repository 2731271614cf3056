//! Tokens.

use crate::Timestamp;
use crate::conformance::{fixtures, must};
use crate::server::{Refusal, Scope, Secret, Token, TokenId, Tokens};

async fn issued(store: &impl Tokens, name: &str, scope: Scope, seconds: i64) -> (Token, Secret) {
    let (mut token, secret) = match Token::issue(name, scope) {
        Ok(issued) => issued,
        Err(error) => panic!("a token is made: {error}"),
    };
    token.created = fixtures::time(seconds);
    must(store.put_token(&token).await, "a token is taken");
    (token, secret)
}

async fn read(store: &impl Tokens, id: &TokenId) -> Token {
    must(store.token(id).await, "a token is read").unwrap_or_else(|| panic!("token {id} is gone"))
}

/// A token is read as it was written, and its secret opens it.
pub(super) async fn kept(store: &impl Tokens) {
    let (second, secret) = issued(store, fixtures::TEXTS[6], Scope::Admin, 20).await;
    let (first, other) = issued(store, "first", Scope::Read, 10).await;
    must(store.put_token(&first).await, "to repeat a call changes nothing");
    assert_eq!(must(store.tokens().await, "tokens are read"), [first, second.clone()], "oldest first");
    let found = read(store, &second.id).await;
    assert_eq!(found, second);
    assert_eq!(found.admits(&secret, fixtures::time(30)), Ok(Scope::Admin));
    assert_eq!(found.admits(&other, fixtures::time(30)), Err(Refusal::Wrong));
    assert_eq!(must(store.token(other.id()).await, "a token is read").map(|token| token.scope), Some(Scope::Read));
}

/// A token is used, expires, and is revoked for good.
pub(super) async fn ended(store: &impl Tokens) {
    let (token, secret) = issued(store, "t", Scope::Run, 0).await;
    for seconds in [20, 10] {
        must(store.used(&token.id, fixtures::time(seconds)).await, "a use is taken");
    }
    assert_eq!(read(store, &token.id).await.last_used, Some(fixtures::time(20)), "the latest use");
    for seconds in [30, 40] {
        assert!(must(store.revoke(&token.id, fixtures::time(seconds)).await, "a token is revoked"));
    }
    let found = read(store, &token.id).await;
    assert_eq!(found.revoked, Some(fixtures::time(30)), "the first time stands");
    assert_eq!(found.admits(&secret, fixtures::time(31)), Err(Refusal::Revoked));

    let (fading, secret) = fading(store).await;
    let found = read(store, &fading.id).await;
    assert_eq!(found, fading);
    assert_eq!(found.admits(&secret, fixtures::time(49)), Ok(Scope::Run));
    assert_eq!(found.admits(&secret, fixtures::time(50)), Err(Refusal::Expired));
    let (stranger, _) = (Token::issue("never stored", Scope::Read)).unwrap_or_else(|error| panic!("{error}"));
    assert!(!must(store.revoke(&stranger.id, Timestamp::UNIX_EPOCH).await, "a token is revoked"));
    must(store.used(&stranger.id, Timestamp::UNIX_EPOCH).await, "a use is taken");
    assert_eq!(must(store.token(&stranger.id).await, "a token is read"), None);
}

async fn fading(store: &impl Tokens) -> (Token, Secret) {
    let (token, secret) = Token::issue("fading", Scope::Run).unwrap_or_else(|error| panic!("{error}"));
    let token = token.expires(fixtures::time(50));
    must(store.put_token(&token).await, "a token is taken");
    (token, secret)
}
