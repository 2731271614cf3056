//! Verbs about who may use the server.

use std::time::Duration;

use clap::{Args, Subcommand};
use eval_core::server::{Scope, TokenId};

use super::retention::age;

pub(super) const TOKEN_EXAMPLES: &str = "\
Examples:
  evalctl token create --scope read                          for a dashboard: it may read everything
  evalctl token create ci --scope run --expires 90d          for a pipeline: it may start runs and stop them
  evalctl token create --scope admin > token.txt             stdout is the token alone
  evalctl token list
  evalctl token revoke 0123456789abcdef

A token is shown once: the database keeps a hash. Who makes, lists and revokes tokens has the database; that is written
into the audit log. read: all that is stored; run: read, and runs; admin: run, and what others rely on.";

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token and show it, once
    Create(TokenCreateArgs),
    /// All tokens: what each is for and may do, when it was used, whether it still opens anything
    List,
    /// Have a token open nothing any more, from now on and for good
    Revoke {
        /// Its id: the 16 digits after `evh_`
        #[arg(value_parser = id)]
        id: TokenId,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TokenCreateArgs {
    /// What it allows: read, run or admin; each includes those before it
    #[arg(long, value_parser = scope)]
    pub(crate) scope: Scope,
    /// Whom or what it is for; the audit log names its bearer by it [default: who makes it]
    #[arg(value_name = "NAME", value_parser = name)]
    pub(crate) typed: Option<String>,
    /// The same, as a flag
    #[arg(long, value_parser = name, conflicts_with = "typed")]
    pub(crate) name: Option<String>,
    /// How long it opens anything: 90d, 12w, 36h [default: until it is revoked]
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) expires: Option<Duration>,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::from_name(text).ok_or_else(|| "expected read, run or admin".to_owned())
}

fn id(text: &str) -> Result<TokenId, String> {
    // Nothing of what is given is repeated: it may be a whole token.
    text.parse().map_err(|_| "expected the 16 digits after `evh_`, as `evalctl token list` shows them".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let plain = !text.trim().is_empty() && text.chars().count() <= 100 && !text.chars().any(char::is_control);
    plain.then(|| text.trim().to_owned()).ok_or_else(|| "expected up to 100 characters on one line".to_owned())
}
