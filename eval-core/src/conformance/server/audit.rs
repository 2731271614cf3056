//! The audit log.

use std::collections::BTreeMap;

use crate::conformance::{fixtures, must};
use crate::server::{Audit, AuditEntry, AuditId, AuditQuery};

/// Entries are added, and found by who and by what it was done to.
pub(super) async fn added(store: &impl Audit) {
    let entry = |who: &str, target: &str, seconds: i64| {
        let entry = AuditEntry::new(who, "run.delete", target);
        let details = BTreeMap::from([(fixtures::TEXTS[3].to_owned(), fixtures::TEXTS[6].to_owned())]);
        entry.made(AuditId::new(), fixtures::time(seconds), details)
    };
    let [first, second, third] = [entry("ann", "r1", 3), entry(fixtures::TEXTS[6], "r1", 2), entry("ann", "r2", 1)];
    let changed = AuditEntry { what: "nothing".into(), ..first.clone() };
    for one in [&first, &second, &third, &changed] {
        must(store.record(one).await, "an entry is taken");
    }
    let list = async |query: AuditQuery| must(store.entries(&query).await, "the audit log is read");
    let all = [third.clone(), second.clone(), first.clone()];
    assert_eq!(list(AuditQuery::default()).await, all, "newest first, and no entry is changed");
    let of_target = AuditQuery { target: Some("r1".into()), ..AuditQuery::default() };
    assert_eq!(list(of_target.clone()).await, all[1..]);
    assert_eq!(list(AuditQuery { before: Some(second.id), limit: 1, ..of_target }).await, all[2..], "the next page");
    let of_ann = AuditQuery { who: Some("ann".into()), ..AuditQuery::default() };
    assert_eq!(list(of_ann).await, [third, first]);
}
