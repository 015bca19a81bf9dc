//! Groups, mailing lists and folder recipients: objects of the directory; a list has a mailbox, too.

use super::{Administration, account_keys, no_target, table};
use axigen_shared::control::{Body, Form, Table};
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Change, Object};
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered, Page, Place, Target};
use axigend_directory::{LIST_TEXTS, RecipientKind, Resolution, name_list_addresses};
use std::sync::Arc;

/// How actions that take a text of a list begin; the name of the text follows.
pub(super) const LIST_TEXT: &str = "SetListText/";
/// Most bytes of such a text.
const TEXT_MOST: usize = 64 * 1024;
/// Names read at once.
const PAGE: usize = 1000;
/// Most rows of a list that is answered whole.
const ROWS_MOST: usize = 100_000;

/// What a target is, if it is one of these.
pub(super) fn kind(target: &Target) -> Option<RecipientKind> {
    kind_at(target.context.path)
}

/// The same by the path of the context.
pub(super) fn kind_at(path: &str) -> Option<RecipientKind> {
    match path {
        "domain/group" => Some(RecipientKind::Group),
        "domain/list" => Some(RecipientKind::List),
        "domain/folderRcpt" => Some(RecipientKind::FolderRcpt),
        _ => None,
    }
}

fn noun(kind: RecipientKind) -> &'static str {
    match kind {
        RecipientKind::Group => "group",
        RecipientKind::List => "list",
        RecipientKind::FolderRcpt => "folder recipient",
    }
}

impl Administration {
    pub(super) fn load_recipient(&self, target: &Target) -> Result<Arc<Object>, Refusal> {
        let (domain, name) = account_keys(target)?;
        let kind = kind(target).ok_or_else(|| no_target(target))?;
        self.parts.directory.recipient_object(kind, domain, name)
    }

    /// What a recipient that is to be added begins as; its name must be free.
    pub(super) fn begin_recipient(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Arc<Object>, Refusal> {
        let kind = kind(target).ok_or_else(|| no_target(target))?;
        match self.load_recipient(target) {
            Ok(_) => {
                let detail = format!("{} already exists", noun(kind));
                return Err(Refusal::new(Cause::AlreadyExists, detail));
            }
            Err(refusal) if refusal.cause == Cause::NotFound => {}
            Err(refusal) => return Err(refusal),
        }
        let (_, name) = account_keys(target)?;
        let mut object = Object::new(target.context);
        object.set_text("name", name)?;
        if kind == RecipientKind::List {
            name_list_addresses(&mut object, None)?;
            object.apply(changes)?;
        }
        Ok(Arc::new(object))
    }

    /// Adds a group or a folder recipient.
    pub(super) async fn create_recipient(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        let (domain, _) = account_keys(target)?;
        let kind = kind(target).ok_or_else(|| no_target(target))?;
        let object = begun(target, changes)?;
        self.parts.directory.add_recipient(kind, domain, object).await?;
        Ok(Answered::default())
    }

    /// Adds a mailing list with its mailbox.
    pub(super) async fn create_list(&self, target: &Target, changes: &[Change]) -> Result<Answered, Refusal> {
        let (domain, _) = account_keys(target)?;
        let object = begun(target, changes)?;
        let storage = self.roomiest(domain)?;
        let list = self.parts.directory.add_list_in(domain, object, storage).await?;
        let mut answered = Answered::default();
        if let Err(refusal) = self.parts.processing.list_folders(&list).await {
            tracing::error!("folders of {} were not made: {refusal}", list.address());
            answered
                .warnings
                .push("its folders will be made at first use".to_owned());
        }
        Ok(answered)
    }

    pub(super) async fn commit_recipient(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        let (domain, name) = account_keys(target)?;
        let kind = kind(target).ok_or_else(|| no_target(target))?;
        self.parts
            .directory
            .update_recipient(kind, domain, name, changes)
            .await?;
        Ok(Answered::default())
    }

    /// Removes a recipient at once, a list with its mailbox.
    pub(super) async fn remove_recipient(&self, kind: RecipientKind, target: &Target) -> Result<(), Refusal> {
        let (domain, name) = account_keys(target)?;
        let directory = &self.parts.directory;
        let mailbox = match kind {
            RecipientKind::List => Some(Arc::clone(&directory.list_named(domain, name)?.mailbox)),
            _ => None,
        };
        let id = directory.remove_recipient(kind, domain, name).await?;
        let Some(mailbox) = mailbox else {
            return Ok(());
        };
        // Nobody reaches the mail any more, so what is left of it after a failure only takes room.
        let removed = match self.parts.stores.get(&mailbox.message_dir) {
            Ok(store) => store.remove_mailbox(id).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = removed {
            tracing::error!("mail of the removed list {name}@{domain} was not removed: {refusal}");
        }
        Ok(())
    }

    pub(super) fn list_recipients(
        &self,
        path: &str,
        domain: &str,
        wildcard: Option<&str>,
        (after, limit): (Option<&str>, usize),
    ) -> Result<Page, Refusal> {
        let kind = kind_at(path)
            .ok_or_else(|| Refusal::new(Cause::Internal, format!("nothing is listed as {path}")))?;
        let names = self
            .parts
            .directory
            .recipients(kind, domain, (after, limit), wildcard)?;
        let next = names.last().filter(|_| names.len() >= limit).cloned();
        Ok(Page {
            rows: names.into_iter().map(|name| vec![name]).collect(),
            next,
        })
    }

    /// `LIST DomainObjectsInfo`: everything with a name in the domain, and what it is.
    pub(super) fn list_domain_objects(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place.target.name();
        let mut rows: Vec<Vec<String>> = Vec::new();
        loop {
            let after = rows.last().and_then(|row| row.first()).cloned();
            let page =
                self.parts
                    .directory
                    .named_objects(domain, (after.as_deref(), PAGE), args.first_text())?;
            if page.is_empty() || rows.len() >= ROWS_MOST {
                break;
            }
            rows.extend(page.into_iter().map(|(kind, name)| vec![name, kind.to_owned()]));
        }
        let columns = [("name", 0), ("type", 0)];
        Ok(Acted::with(Body::Table(Table {
            form: Form::Bars,
            ..table("The list of objects for this domain:", &columns, rows)
        })))
    }

    /// `LIST MEMBERSHIP`: the groups and lists that the object which is open is in.
    pub(super) fn list_membership(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let mut rows = Vec::new();
        if !place.target.new {
            let (domain, name) = account_keys(&place.target)?;
            let direct = args.flag("directReference");
            let within = if args.flag("sameDomain") {
                vec![domain.to_owned()]
            } else {
                let domains = self.parts.directory.domains().into_iter();
                domains
                    .filter(|domain| domain.enabled)
                    .map(|domain| domain.name)
                    .collect()
            };
            for other in within {
                if !args.flag("noGroups") {
                    self.memberships((domain, name), &other, RecipientKind::Group, direct, &mut rows)?;
                }
                if !args.flag("noLists") {
                    self.memberships((domain, name), &other, RecipientKind::List, direct, &mut rows)?;
                }
            }
        }
        let columns = [("name", 0), ("type", 0)];
        Ok(Acted::with(Body::Table(Table {
            form: Form::Bars,
            ..table("The list of memberships:", &columns, rows)
        })))
    }

    fn memberships(
        &self,
        (domain, name): (&str, &str),
        of: &str,
        kind: RecipientKind,
        direct: bool,
        rows: &mut Vec<Vec<String>>,
    ) -> Result<(), Refusal> {
        let directory = &self.parts.directory;
        let wanted = format!("{name}@{domain}");
        let is_wanted = |address: &str| self.same_recipient(address, &wanted);
        let mut after: Option<String> = None;
        loop {
            let names = directory.recipients(kind, of, (after.as_deref(), PAGE), None)?;
            let Some(end) = names.last() else {
                return Ok(());
            };
            after = Some(end.clone());
            for name in names {
                let address = format!("{name}@{of}");
                let is_in = match directory.resolve(&address, of)? {
                    Resolution::Group(group) if direct => {
                        group.addresses.iter().any(|member| is_wanted(member))
                    }
                    Resolution::Group(group) => {
                        let within = directory.expand_group(&group, None)?;
                        group.addresses.iter().any(|member| is_wanted(member))
                            || within.iter().any(|member| is_wanted(&member.address))
                    }
                    Resolution::List(list, _) => list.users.iter().any(|user| is_wanted(&user.email)),
                    _ => false,
                };
                if is_in {
                    rows.push(vec![address, noun(kind).to_owned()]);
                }
            }
        }
    }

    /// Whether two addresses lead to the same object of this server.
    fn same_recipient(&self, one: &str, other: &str) -> bool {
        let directory = &self.parts.directory;
        match (directory.resolve(one, ""), directory.resolve(other, "")) {
            (Ok(Resolution::Account(one)), Ok(Resolution::Account(other))) => one.key() == other.key(),
            (Ok(Resolution::Group(one)), Ok(Resolution::Group(other))) => {
                (one.domain.id, one.id) == (other.domain.id, other.id)
            }
            (Ok(Resolution::List(one, _)), Ok(Resolution::List(other, _))) => {
                one.mailbox.key() == other.mailbox.key()
            }
            _ => false,
        }
    }

    /// `ESET welcome` and its like: the text is part of the draft, so it is set after COMMIT.
    pub(super) async fn set_list_text(
        &self,
        place: &Place,
        action: &str,
        text: Option<&[String]>,
    ) -> Result<Acted, Refusal> {
        let name = action.strip_prefix(LIST_TEXT).unwrap_or_default();
        let attribute = LIST_TEXTS.into_iter().find(|known| *known == name);
        let attribute =
            attribute.ok_or_else(|| Refusal::new(Cause::Internal, format!("lists have no text {name}")))?;
        let Some(lines) = text else {
            return Ok(Acted::WantsText);
        };
        check_text(attribute, lines)?;
        if !place.committed {
            return Ok(Acted::Later);
        }
        let (domain, list) = account_keys(&place.target)?;
        self.parts
            .directory
            .set_list_text(domain, list, attribute, lines.to_vec())
            .await?;
        Ok(Acted::done())
    }
}

/// The object that is to be added.
fn begun(target: &Target, changes: &[Change]) -> Result<Object, Refusal> {
    let mut object = Object::new(target.context);
    let (_, name) = account_keys(target)?;
    object.set_text("name", name)?;
    object.apply(changes)?;
    Ok(object)
}

/// Refuses what could not be sent as a text, or as header fields.
fn check_text(attribute: &str, lines: &[String]) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Refusal::new(Cause::Invalid, format!("{attribute}: {detail}")));
    if lines.iter().map(|line| line.len() + 2).sum::<usize>() > TEXT_MOST {
        return invalid(format!("the text has more than {TEXT_MOST} bytes"));
    }
    for (number, line) in (1..).zip(lines) {
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return invalid(format!("line {number} has a control character"));
        }
        let is_field = line
            .split_once(':')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
        let continues = number > 1 && line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if attribute == "addHeader" && !(line.is_ascii() && (is_field || continues)) {
            return invalid(format!("line {number} is no header field (Name: value)"));
        }
    }
    Ok(())
}
