//! A backend in memory: the same semantics as the real one where the console can see them, and nothing behind it.

use axigen_shared::control::{Body, Column, Form, Table};
use axigen_shared::grammar::Args;
use axigen_shared::schema::{self, Change, Child, Context, Object};
use axigen_shared::value::Value;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered, Backend, Page, Place, Target};
use futures_util::future::{FutureExt, LocalBoxFuture, ready};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, Refusal>>;

/// A domain with its accounts, in the order in which they were made.
#[derive(Clone)]
struct Domain {
    object: Object,
    enabled: bool,
    accounts: Vec<Account>,
}

#[derive(Clone)]
struct Account {
    object: Object,
    quotas: BTreeMap<String, (String, String)>,
}

struct State {
    server: Arc<Object>,
    domains: BTreeMap<String, Domain>,
    password: String,
    unsaved: bool,
}

/// The backend.
pub struct Memory(Mutex<State>);

/// Folders that a mailbox begins with.
const FOLDERS: [&str; 3] = ["INBOX", "Sent", "Trash"];

impl Memory {
    pub fn new() -> Arc<Self> {
        let server = Arc::new(Object::new(schema::context("SERVER").unwrap()));
        let state = State {
            server,
            domains: BTreeMap::new(),
            password: "secret".to_owned(),
            unsaved: false,
        };
        Arc::new(Self(Mutex::new(state)))
    }
}

fn refuse<T>(cause: Cause, detail: &str) -> Result<T, Refusal> {
    Err(Refusal::new(cause, detail))
}

fn named(context: &'static Context, name: &str) -> Object {
    let mut object = Object::new(context);
    object.values.insert("name", Value::Text(name.to_owned()));
    object
}

impl State {
    fn domain(&mut self, name: &str) -> Result<&mut Domain, Refusal> {
        let domain = self.domains.get_mut(&name.to_ascii_lowercase());
        domain.ok_or_else(|| Refusal::new(Cause::NoSuchDomain, format!("domain not found: {name}")))
    }

    fn account(&mut self, keys: &[String]) -> Result<&mut Account, Refusal> {
        let [domain, name] = keys else {
            return refuse(Cause::Internal, "no account");
        };
        let domain = self.domain(domain)?;
        let account = domain
            .accounts
            .iter_mut()
            .find(|one| one.object.get("name").str().eq_ignore_ascii_case(name));
        account.ok_or_else(|| Refusal::new(Cause::NoSuchAccount, format!("account not found: {name}")))
    }

    fn load(&mut self, target: &Target) -> Result<Arc<Object>, Refusal> {
        match target.context.path {
            "SERVER" => Ok(Arc::clone(&self.server)),
            "domain" => Ok(Arc::new(self.domain(target.name())?.object.clone())),
            "domain/account" => Ok(Arc::new(self.account(&target.keys)?.object.clone())),
            other => refuse(Cause::Internal, other),
        }
    }

    fn begin(&mut self, target: &Target) -> Result<Arc<Object>, Refusal> {
        if target.context.path == "domain/account" {
            let [domain, name] = target.keys.as_slice() else {
                return refuse(Cause::Internal, "no account");
            };
            self.domain(domain)?;
            if self.account(&target.keys).is_ok() {
                return refuse(Cause::AlreadyExists, "account already exists");
            }
            return Ok(Arc::new(named(target.context, name)));
        }
        Ok(Arc::new(Object::new(target.context)))
    }

    fn commit(&mut self, target: &Target, changes: &[Change]) -> Result<(), Refusal> {
        match (target.context.path, target.new) {
            ("SERVER", _) => {
                Arc::make_mut(&mut self.server).apply(changes)?;
                self.unsaved = true;
                Ok(())
            }
            ("domain", _) => self.domain(target.name())?.object.apply(changes),
            ("domain/account", false) => self.account(&target.keys)?.object.apply(changes),
            ("domain/account", true) => {
                let mut object = self.begin(target)?.as_ref().clone();
                object.apply(changes)?;
                let account = Account {
                    object,
                    quotas: BTreeMap::new(),
                };
                self.domain(&target.keys[0])?.accounts.push(account);
                Ok(())
            }
            ("domain-create", _) => self.create(target, changes),
            (other, _) => refuse(Cause::Internal, other),
        }
    }

    fn create(&mut self, target: &Target, changes: &[Change]) -> Result<(), Refusal> {
        let mut wanted = Object::new(target.context);
        wanted.apply(changes)?;
        let name = wanted.get("name").str().to_owned();
        if name.is_empty() || self.domains.contains_key(&name) {
            return refuse(Cause::AlreadyExists, "domain already exists");
        }
        let account = schema::context("domain/account").unwrap();
        let postmaster = Account {
            object: named(account, "postmaster"),
            quotas: BTreeMap::new(),
        };
        let object = named(schema::context("domain").unwrap(), &name);
        self.domains.insert(
            name,
            Domain {
                object,
                enabled: true,
                accounts: vec![postmaster],
            },
        );
        Ok(())
    }

    fn remove(&mut self, target: &Target) -> Result<(), Refusal> {
        let name = target.name().to_owned();
        self.account(&target.keys)?;
        self.domain(&target.keys[0])?
            .accounts
            .retain(|one| one.object.get("name").str() != name);
        Ok(())
    }

    fn list(&mut self, holder: &Target, child: &'static Child) -> Result<Vec<Vec<String>>, Refusal> {
        match child.field {
            "domains" => Ok(self
                .domains
                .keys()
                .map(|name| vec![name.clone(), "33554432".into(), "12".into()])
                .collect()),
            "accounts" => {
                let domain = self.domain(holder.name())?;
                Ok(domain
                    .accounts
                    .iter()
                    .map(|one| vec![one.object.get("name").str().to_owned()])
                    .collect())
            }
            other => refuse(Cause::Internal, other),
        }
    }

    fn act(&mut self, place: &Place, action: &str, args: &Args) -> Result<Acted, Refusal> {
        let name = || args.first_text().unwrap_or_default();
        match action {
            "ListMboxes" => Ok(Acted::with(Body::Table(folders()))),
            "SetMboxQuota" => self.quota(place, args),
            "ShowMboxQuota" => self.shown_quota(place, name()),
            "SaveConfig" => {
                self.unsaved = false;
                Ok(Acted::done())
            }
            "StartService" | "StopService" => Ok(Acted::done()),
            "DisableDomain" => {
                self.domain(name())?.enabled = false;
                Ok(Acted::done())
            }
            "EnableDomain" => {
                self.domain(name())?.enabled = true;
                Ok(Acted::done())
            }
            "DeleteDomain" => {
                self.domain(name())?;
                self.domains.remove(name());
                Ok(Acted::done())
            }
            "ListAllDomains" => Ok(Acted::with(Body::Table(self.all_domains()))),
            "ChangePassword" => {
                let new = args.text("newPassword").unwrap_or_default();
                if args.text("oldPassword") != Some(self.password.as_str()) {
                    return refuse(Cause::AuthenticationFailed, "wrong password");
                }
                new.clone_into(&mut self.password);
                Ok(Acted::done())
            }
            _ => refuse(Cause::Unsupported, "not built yet"),
        }
    }

    fn quota(&mut self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        if !place.committed {
            return Ok(Acted::Later);
        }
        let text = |name: &str| args.text(name).unwrap_or_default().to_owned();
        let quotas = (text("messageCount"), text("messageSize"));
        self.account(&place.target.keys)?
            .quotas
            .insert(text("mboxName"), quotas);
        Ok(Acted::done())
    }

    fn shown_quota(&mut self, place: &Place, name: &str) -> Result<Acted, Refusal> {
        let (count, size) = self
            .account(&place.target.keys)?
            .quotas
            .get(name)
            .cloned()
            .unwrap_or_default();
        let lines = vec![
            String::new(),
            "Quotas:".into(),
            format!("messageCount = {count}"),
            format!("messageSize = {size}"),
        ];
        Ok(Acted::with(Body::Text { lines, blank: true }))
    }

    fn all_domains(&self) -> Table {
        let status = |domain: &Domain| if domain.enabled { "enabled" } else { "disabled" }.to_owned();
        Table {
            title: "The list of domains:".into(),
            form: Form::Blanks,
            columns: vec![
                Column {
                    name: "name".into(),
                    width: 18,
                },
                Column::new("status"),
            ],
            rows: self
                .domains
                .iter()
                .map(|(name, domain)| vec![name.clone(), status(domain)])
                .collect(),
        }
    }
}

fn folders() -> Table {
    Table {
        title: "The list of mboxes:".into(),
        columns: vec![Column::new("name")],
        rows: FOLDERS.map(|name| vec![name.to_owned()]).to_vec(),
        ..Table::default()
    }
}

fn fits(wildcard: &str, name: &str) -> bool {
    match wildcard.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == wildcard,
    }
}

impl Backend for Memory {
    fn login<'a>(&'a self, user: &'a str, password: &'a [u8]) -> Answer<'a, Arc<str>> {
        let right = user.eq_ignore_ascii_case("admin") && password == self.0.lock().password.as_bytes();
        let who = if right {
            Ok(Arc::from("admin"))
        } else {
            refuse(Cause::AuthenticationFailed, "wrong password")
        };
        ready(who).boxed_local()
    }

    fn load<'a>(&'a self, target: &'a Target) -> Answer<'a, Arc<Object>> {
        ready(self.0.lock().load(target)).boxed_local()
    }

    fn begin<'a>(&'a self, target: &'a Target, _changes: &'a [Change]) -> Answer<'a, Arc<Object>> {
        ready(self.0.lock().begin(target)).boxed_local()
    }

    fn commit<'a>(&'a self, target: &'a Target, changes: &'a [Change]) -> Answer<'a, Answered> {
        ready(
            self.0
                .lock()
                .commit(target, changes)
                .map(|()| Answered::default()),
        )
        .boxed_local()
    }

    fn remove<'a>(&'a self, target: &'a Target) -> Answer<'a, ()> {
        ready(self.0.lock().remove(target)).boxed_local()
    }

    fn list<'a>(
        &'a self,
        holder: &'a Target,
        child: &'static Child,
        wildcard: Option<&'a str>,
        after: Option<&'a str>,
        limit: usize,
    ) -> Answer<'a, Page> {
        let rows = self.0.lock().list(holder, child);
        let page = rows.map(|mut rows| {
            rows.retain(|row| wildcard.is_none_or(|wildcard| fits(wildcard, &row[0])));
            let from = after
                .and_then(|key| rows.iter().position(|row| row[0] == key))
                .map_or(0, |at| at + 1);
            let rest = rows.split_off(from);
            let next = (rest.len() > limit).then(|| rest[limit - 1][0].clone());
            Page {
                rows: rest.into_iter().take(limit).collect(),
                next,
            }
        });
        ready(page).boxed_local()
    }

    fn inherited<'a>(&'a self, _: &'a Target, _: &'static Context) -> Answer<'a, Option<Arc<Object>>> {
        ready(Ok(None)).boxed_local()
    }

    fn act<'a>(
        &'a self,
        place: &'a Place,
        action: &'static str,
        args: &'a Args,
        _text: Option<&'a [String]>,
    ) -> Answer<'a, Acted> {
        ready(self.0.lock().act(place, action, args)).boxed_local()
    }

    fn export<'a>(&'a self, path: &'a str, _text: &'a str) -> Answer<'a, String> {
        ready(Ok(path.to_owned())).boxed_local()
    }

    fn unsaved(&self) -> bool {
        self.0.lock().unsaved
    }
}
