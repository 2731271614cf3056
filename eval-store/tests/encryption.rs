//! Encrypted connections to Postgres.

use eval_core::{RunQuery, Store, StoreError};
use eval_store::DieselStore;
use eval_store::testing::{Postgres, query};

/// Whether a connection by this URL is encrypted, or why there is none.
async fn encrypted(url: &str) -> Result<bool, String> {
    match DieselStore::open(url).await {
        Ok(store) => {
            assert_eq!(store.list_runs(&RunQuery::default()).await.expect("it is read").len(), 0);
            Ok(query(url, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == ["t"])
        }
        Err(error @ StoreError::Open { .. }) => Err(error.to_string()),
        Err(other) => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn certificates_are_looked_at_as_libpq_does() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let plain = postgres.database();
    let refused = encrypted(&format!("{plain}?sslmode=require")).await.unwrap_err();
    assert!(refused.contains("does not support TLS"), "{refused}");
    assert_eq!(encrypted(&plain).await, Ok(false), "preferred, and the server cannot");

    let Some(authority) = postgres.encrypt() else { return };
    let authority = authority.display();
    let named = plain.replace("127.0.0.1", "localhost");
    for (url, expected) in [
        (plain.clone(), true),
        (format!("{plain}?sslmode=disable"), false),
        (format!("{plain}?sslmode=require"), true),
        (format!("{plain}?sslmode=require&sslrootcert={authority}"), true),
        (format!("{plain}?sslmode=verify-ca&sslrootcert={authority}"), true),
        (format!("{named}?sslmode=verify-full&sslrootcert={authority}"), true),
    ] {
        assert_eq!(encrypted(&url).await, Ok(expected), "{url}");
    }
    for (url, why) in [
        (format!("{plain}?sslmode=verify-full&sslrootcert={authority}"), "not valid for name"),
        (format!("{named}?sslmode=verify-full"), "certificate"),
        (format!("{plain}?sslmode=require&sslrootcert=/no/such.crt"), "/no/such.crt cannot be read"),
    ] {
        let error = encrypted(&url).await.unwrap_err();
        assert!(error.contains(why) && error.contains("look at sslmode and sslrootcert"), "{url}: {error}");
    }
}
