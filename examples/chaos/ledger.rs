//! What reached the endpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::asked::Asked;

/// What reached the endpoint, counted from its own side.
#[derive(Debug, Default)]
pub struct Ledger {
    books: Mutex<Books>,
    elsewhere: AtomicU64,
}

#[derive(Debug, Default)]
struct Books {
    /// Calls by behaviour and question.
    calls: BTreeMap<(String, String), u64>,
    /// Every `authorization` header that came.
    keys: BTreeSet<String>,
    /// Requests that named a whole URL, as a client does that speaks to a proxy.
    proxied: u64,
}

impl Ledger {
    /// Writes a call down, and says how often this question met this behaviour, and how often anybody did.
    pub(crate) fn note(&self, behaviour: &str, asked: &Asked) -> (u64, u64) {
        let mut books = self.books();
        let of_question = books.calls.entry((behaviour.to_owned(), asked.question.clone())).or_default();
        *of_question += 1;
        let of_question = *of_question;
        (of_question, of_behaviour(&books, behaviour))
    }

    /// Writes down what came with a request, whatever it asks for.
    pub(crate) fn arrived(&self, asked: &Asked) {
        let mut books = self.books();
        books.keys.extend(asked.key.clone());
        books.proxied += u64::from(asked.what.contains("://"));
    }

    pub(crate) fn arrived_elsewhere(&self) {
        self.elsewhere.fetch_add(1, Ordering::SeqCst);
    }

    /// How many calls met this behaviour.
    pub fn calls(&self, behaviour: &str) -> u64 {
        of_behaviour(&self.books(), behaviour)
    }

    /// How many calls there were in all.
    pub fn total(&self) -> u64 {
        self.books().calls.values().sum()
    }

    /// How often the question was asked that was asked most often.
    pub fn most_for_one_question(&self) -> u64 {
        self.books().calls.values().copied().max().unwrap_or_default()
    }

    /// Every `authorization` header that came.
    pub fn keys(&self) -> Vec<String> {
        self.books().keys.iter().cloned().collect()
    }

    /// How many requests came the way they come to a proxy.
    pub fn proxied(&self) -> u64 {
        self.books().proxied
    }

    /// How many connections the other host saw, to which the endpoint redirects.
    pub fn elsewhere(&self) -> u64 {
        self.elsewhere.load(Ordering::SeqCst)
    }

    /// All of it.
    pub(crate) fn document(&self) -> Value {
        let books = self.books();
        let mut calls = BTreeMap::<&str, u64>::new();
        for ((behaviour, _), count) in &books.calls {
            *calls.entry(behaviour).or_default() += count;
        }
        json!({"calls": calls, "keys": books.keys.len(), "proxied": books.proxied, "elsewhere": self.elsewhere()})
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_behaviour(books: &Books, behaviour: &str) -> u64 {
    books.calls.iter().filter(|((name, _), _)| name == behaviour).map(|(_, count)| count).sum()
}
