//! `evalctl token`

use eval_core::Timestamp;
use eval_core::server::{Audit as _, AuditEntry, Token, TokenId, Tokens as _};
use serde_json::{Value, json};

use crate::args::{Global, TokenCreateArgs, TokenVerb};
use crate::command::command;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Align, Console, Table, clean, one_line};
use crate::{compose, git};

/// Makes a token, lists all, or revokes one.
pub(crate) async fn token(console: &Console, global: &Global, verb: TokenVerb) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    match verb {
        TokenVerb::Create(args) => create(console, &settings, args).await,
        TokenVerb::List => list(console, &settings).await,
        TokenVerb::Revoke { id } => revoke(console, &settings, &id).await,
    }
}

async fn create(console: &Console, settings: &Settings, args: TokenCreateArgs) -> Outcome {
    // The database is made where it is missing: a server that others reach wants a token before it starts.
    let store = compose::plain_store(settings).await?;
    let by = who();
    let (mut token, secret) = Token::issue(args.typed.or(args.name).unwrap_or_else(git::author), args.scope)
        .map_err(|error| Failure::usage(format!("no token can be made: {error}")))?;
    if let Some(lifetime) = args.expires {
        let end = Timestamp::now().checked_add(lifetime);
        token = token.expires(end.map_err(|_| Failure::usage("--expires is too far away"))?);
    }
    let entry = AuditEntry::new(by, "token.create", token.id.as_str());
    store.record(&entry.detail("name", &*token.name).detail("scope", token.scope.name())).await?;
    store.put_token(&token).await?;
    if console.is_machine() {
        let mut shown = described(&token);
        shown["secret"] = secret.reveal().into();
        console.json(&json!({"schema": "evalctl.token/1", "token": shown}))?;
        return Ok(Exit::Done);
    }
    console.print(secret.reveal())?;
    console.note(format!(
        "the token {} ({}) is shown once; keep it like a password",
        clean(&token.name),
        token.scope.name()
    ));
    console.note("use it:  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/v1/runs");
    console.note(format!("end it:  {}", command(settings, &format!("token revoke {}", token.id))));
    Ok(Exit::Done)
}

/// Who works at the database itself, for the audit log.
fn who() -> String {
    format!("evalctl:{}", git::author())
}

async fn list(console: &Console, settings: &Settings) -> Outcome {
    let tokens = compose::existing_store(settings).await?.tokens().await?;
    if console.is_machine() {
        let tokens: Vec<Value> = tokens.iter().map(described).collect();
        console.json(&json!({"schema": "evalctl.tokens/1", "tokens": tokens}))?;
        return Ok(Exit::Done);
    }
    if tokens.is_empty() {
        console.note(format!("there is no token; make one: {}", command(settings, "token create --scope read")));
        return Ok(Exit::Done);
    }
    console.print(table(&tokens).render(console.width))?;
    Ok(Exit::Done)
}

fn described(token: &Token) -> Value {
    json!({
        "id": token.id, "name": token.name, "scope": token.scope, "created": token.created, "expires": token.expires,
        "last_used": token.last_used, "revoked": token.revoked, "state": state(token),
    })
}

/// Whether a token opens anything.
fn state(token: &Token) -> &'static str {
    match (token.revoked, token.expires) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= Timestamp::now() => "expired",
        _ => "valid",
    }
}

fn table(tokens: &[Token]) -> Table {
    let heads = ["id", "name", "scope", "state", "made (UTC)", "expires", "last used"];
    let mut table = Table::new(heads.map(|head| (head, Align::Left)));
    let minute = |at: Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    for token in tokens {
        table.row([
            token.id.to_string(),
            one_line(&token.name),
            token.scope.name().to_owned(),
            state(token).to_owned(),
            minute(Some(token.created)).unwrap_or_default(),
            minute(token.expires).unwrap_or_else(|| "never".into()),
            minute(token.last_used).unwrap_or_else(|| "never".into()),
        ]);
    }
    table
}

async fn revoke(console: &Console, settings: &Settings, id: &TokenId) -> Outcome {
    let store = compose::writable_store(settings).await?;
    let unknown = || Failure::usage(format!("there is no token {id}")).hint(command(settings, "token list"));
    let token = store.token(id).await?.ok_or_else(unknown)?;
    store.record(&AuditEntry::new(who(), "token.revoke", id.as_str()).detail("name", &*token.name)).await?;
    store.revoke(id, Timestamp::now()).await?;
    if console.is_machine() {
        console.json(&json!({"schema": "evalctl.token-revoke/1", "id": id}))?;
        return Ok(Exit::Done);
    }
    console.print(format!("the token {} ({id}) opens nothing any more", clean(&token.name)))?;
    Ok(Exit::Done)
}
