//! From objects to what services see: the one place that knows attribute names.
//!
//! A value of an account is taken from the account if it is explicit there, else from the domain's account defaults,
//! else from the schema (services-core 3.1.1; account classes are not built yet).

use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::{Object, Value};
use axigend_storage::{AccountId, MailboxLimits};

use crate::account::Account;
use crate::autopurge::Autopurge;
use crate::credential::Credential;
use crate::domain::{CatchAll, Domain, MessageStorage};
use crate::entries::StoredEntry;
use crate::objects::StoredAccount;
use crate::paths;
use crate::place::Usid;
use crate::record::DomainRecord;
use crate::service::ServiceSwitches;

/// A part of an account and the part of its domain that it inherits from, as words of CONFIG.
const QUOTAS: (&str, &str) = ("Quotas", "accountDefaultQuotas");
/// As [`QUOTAS`].
const LIMITS: (&str, &str) = ("Limits", "accountDefaultLimits");

/// The settings of a domain.
pub(crate) fn domain(record: &DomainRecord, object: Object, workdir: &Path) -> Domain {
    let available = part(&object, "adminLimits").map_or(ServiceSwitches::ALL, |limits| {
        switches(&limits.get("availableServices"))
    });
    Domain {
        id: record.id,
        name: record.name.clone(),
        storages: record
            .messages
            .iter()
            .map(|place| MessageStorage {
                usid: place.usid,
                dir: paths::absolute(workdir, place.path()).into(),
                read_only: place.location.read_only,
            })
            .collect(),
        aliases: record.aliases.clone(),
        services: available.and(switches(&object.get("services"))),
        catch_all: catch_all(&object),
        object: Arc::new(object),
    }
}

/// The settings of an account.
pub(crate) fn account(domain: &Arc<Domain>, stored: StoredAccount) -> Account {
    let StoredAccount {
        id,
        object,
        credential,
        storage,
        ..
    } = stored;
    let quotas = Inherited::of(&object, &domain.object, QUOTAS);
    let limits = Inherited::of(&object, &domain.object, LIMITS);
    let services = switches(&limits.get("services"));
    let kept = Kept {
        id,
        credential,
        storage,
        services,
    };
    mailbox(domain, &object, kept, &quotas, &limits)
}

/// The mailbox of a list: like that of an account that inherits nothing.
pub(crate) fn list_mailbox(domain: &Arc<Domain>, stored: StoredEntry) -> Account {
    let StoredEntry {
        id,
        object,
        credential,
        storage,
        ..
    } = stored;
    let own = |(word, _): (&str, &str)| Inherited {
        own: part(&object, word),
        above: None,
    };
    let kept = Kept {
        id,
        credential,
        storage,
        services: switches(&object.get("services")),
    };
    mailbox(domain, &object, kept, &own(QUOTAS), &own(LIMITS))
}

/// What is kept of a mailbox beside its object.
struct Kept {
    id: AccountId,
    credential: Credential,
    storage: Option<Usid>,
    services: ServiceSwitches,
}

fn mailbox(
    domain: &Arc<Domain>,
    object: &Object,
    kept: Kept,
    quotas: &Inherited,
    limits: &Inherited,
) -> Account {
    let count = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    Account {
        id: kept.id,
        name: object.get("name").str().to_owned(),
        message_dir: message_dir(domain, kept.storage),
        domain: Arc::clone(domain),
        aliases: object.names("aliases").to_vec(),
        services: domain.services.and(kept.services),
        mailbox_limits: MailboxLimits {
            total_size_kb: quotas.get("totalMessageSize").number(),
            total_count: quotas.get("totalMessageCount").number(),
            folder_count: quotas.get("mboxCount").number(),
            folder_message_count: quotas.get("messageCount").number(),
            folder_size_kb: quotas.get("messageSize").number(),
        },
        autopurge: Autopurge::new(
            quotas.get("autopurgeAgeLimit").number(),
            quotas.get("autopurgeFolders").str(),
        ),
        imap_connection_count: count(limits.get("imapConnectionCount").number()),
        pop3_connection_count: count(limits.get("pop3ConnectionCount").number()),
        quota_send_threshold: count(quotas.get("quotaSendMessageThreshold").number()),
        credential_version: kept.credential.version,
        credential: Arc::new(kept.credential),
    }
}

/// Where the mail of an account is: in its storage, or in the first when it names none or one that is not the domain's.
fn message_dir(domain: &Domain, storage: Option<Usid>) -> Arc<Path> {
    let own = domain
        .storages
        .iter()
        .find(|one| storage.is_some_and(|usid| usid == one.usid));
    own.or(domain.storages.first())
        .map_or_else(|| Arc::from(Path::new("")), |one| Arc::clone(&one.dir))
}

/// A part of an account above the part of its domain.
struct Inherited {
    own: Option<Object>,
    above: Option<Object>,
}

impl Inherited {
    fn of(account: &Object, domain: &Object, (own, above): (&str, &str)) -> Self {
        Self {
            own: part(account, own),
            above: part(domain, above),
        }
    }

    fn get(&self, name: &str) -> Value {
        let explicit = self.own.as_ref().and_then(|own| own.explicit(name)).cloned();
        let inherited = || self.above.as_ref().map(|above| above.get(name));
        let default = || self.own.as_ref().map_or(Value::None, |own| own.get(name));
        explicit.or_else(inherited).unwrap_or_else(default)
    }
}

/// The part that CONFIG opens with this word.
fn part(object: &Object, word: &str) -> Option<Object> {
    object.part(object.context.child(word)?.field)
}

/// `services`; an attribute that is not declared switches nothing off.
fn switches(value: &Value) -> ServiceSwitches {
    match value {
        Value::Set(names) => ServiceSwitches::named(names),
        _ => ServiceSwitches::ALL,
    }
}

/// Catch-all to a public folder waits for public folders: such mail is refused as it is without catch-all.
fn catch_all(object: &Object) -> CatchAll {
    let account = object.get("catchAllAccountName").str().to_owned();
    if object.get("catchAllType").str() != "account" || account.is_empty() {
        return CatchAll::Disabled;
    }
    let folder = match object.get("catchAllFolderName").str() {
        "" => "INBOX".to_owned(),
        folder => folder.to_owned(),
    };
    CatchAll::Account { account, folder }
}
