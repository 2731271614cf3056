//! The table `tokens`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use eval_core::server::{Scope, Token, TokenId, Tokens};
use eval_core::{StoreError, Timestamp, async_trait};

use super::{from_column, to_column};
use crate::database::connection::{Connection, on};
use crate::database::error::Failure;
use crate::database::rows::{Text, time, word};
use crate::database::schema::tokens;
use crate::database::store::DieselStore;

#[derive(Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = tokens, treat_none_as_default_value = false)]
struct TokenRow<'a> {
    id: Text<'a>,
    name: Text<'a>,
    scope: Text<'a>,
    secret_hash: Text<'a>,
    created_at: NaiveDateTime,
    expires_at: Option<NaiveDateTime>,
    last_used_at: Option<NaiveDateTime>,
    revoked_at: Option<NaiveDateTime>,
}

impl<'a> TokenRow<'a> {
    fn new(token: &'a Token) -> Self {
        Self {
            id: token.id.as_str().into(),
            name: token.name.as_str().into(),
            scope: token.scope.name().into(),
            secret_hash: token.hash.to_string().into(),
            created_at: time::to_column(token.created),
            expires_at: to_column(token.expires),
            last_used_at: to_column(token.last_used),
            revoked_at: to_column(token.revoked),
        }
    }

    fn into_token(self) -> Result<Token, Failure> {
        let id = word("tokens.id", &self.id, |text| text.parse().ok())?;
        let scope = word("tokens.scope", &self.scope, Scope::from_name)?;
        let hash = word("tokens.secret_hash", &self.secret_hash, |text| text.parse().ok())?;
        let created = time::from_column("tokens.created_at", self.created_at)?;
        let mut token = Token::from_parts(id, self.name.into_owned(), scope, hash, created);
        token.expires = from_column("tokens.expires_at", self.expires_at)?;
        token.last_used = from_column("tokens.last_used_at", self.last_used_at)?;
        token.revoked = from_column("tokens.revoked_at", self.revoked_at)?;
        Ok(token)
    }
}

fn put(connection: &mut Connection, token: &Token) -> Result<(), Failure> {
    let row = TokenRow::new(token);
    let put = diesel::insert_into(tokens::table).values(&row).on_conflict_do_nothing();
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn read(connection: &mut Connection, id: &TokenId) -> Result<Option<Token>, Failure> {
    let wanted = tokens::table.find(id.as_str());
    let row: Option<TokenRow<'_>> = on!(connection, |c| wanted.select(TokenRow::as_select()).first(c)).optional()?;
    row.map(TokenRow::into_token).transpose()
}

fn list(connection: &mut Connection) -> Result<Vec<Token>, Failure> {
    let all = tokens::table.order((tokens::created_at.asc(), tokens::id.asc()));
    let rows: Vec<TokenRow<'_>> = on!(connection, |c| all.select(TokenRow::as_select()).load(c))?;
    rows.into_iter().map(TokenRow::into_token).collect()
}

fn used(connection: &mut Connection, id: &TokenId, at: Timestamp) -> Result<(), Failure> {
    let at = time::to_column(at);
    let earlier = tokens::last_used_at.is_null().or(tokens::last_used_at.lt(at));
    let token = tokens::table.find(id.as_str()).filter(earlier);
    let put = diesel::update(token).set(tokens::last_used_at.eq(at));
    on!(connection, |c| put.execute(c))?;
    Ok(())
}

fn revoke(connection: &mut Connection, id: &TokenId, at: Timestamp) -> Result<bool, Failure> {
    let standing = tokens::table.find(id.as_str()).filter(tokens::revoked_at.is_null());
    let put = diesel::update(standing).set(tokens::revoked_at.eq(time::to_column(at)));
    on!(connection, |c| put.execute(c))?;
    Ok(read(connection, id)?.is_some())
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Tokens for DieselStore {
    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        let token = token.clone();
        self.write(move |connection| put(connection, &token)).await
    }

    async fn token(&self, id: &TokenId) -> Result<Option<Token>, StoreError> {
        let id = id.clone();
        self.read(move |connection| read(connection, &id)).await
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.read(list).await
    }

    async fn used(&self, id: &TokenId, at: Timestamp) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |connection| used(connection, &id, at)).await
    }

    async fn revoke(&self, id: &TokenId, at: Timestamp) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |connection| revoke(connection, &id, at)).await
    }
}
