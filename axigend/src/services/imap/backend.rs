//! The answers to the session's questions, each from the part that knows.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axigen_shared::{Cause, Refusal};
use axigend_config::Settings;
use axigend_net::Backend;
use axigend_protocol::imap::{Answer, AppendItem, LoginAttempt, Request, Session};
use axigend_search::Searches;
use axigend_storage::{Mailbox, NewMessage};

use super::{
    append::Appending,
    convert,
    login::{LoggedIn, log_in},
    mailbox::OpenMailbox,
    recents::Recents,
};
use crate::parts::Parts;

/// What answers one IMAP session.
pub(super) struct ImapBackend {
    parts: Arc<Parts>,
    settings: Arc<Settings>,
    recents: Recents,
    desk: Option<Desk>,
}

/// What there is after login.
struct Desk {
    searches: Arc<Searches>,
    account: LoggedIn,
    open: OpenMailbox,
    appending: Appending,
}

impl ImapBackend {
    pub(super) fn new(parts: Arc<Parts>, settings: Arc<Settings>, recents: Recents) -> Self {
        Self {
            parts,
            settings,
            recents,
            desk: None,
        }
    }
}

impl ImapBackend {
    async fn log_in(&self, attempt: &LoginAttempt) -> Result<(LoggedIn, OpenMailbox), Refusal> {
        let (account, mailbox) = log_in(&self.parts, &self.settings, attempt).await?;
        let open = OpenMailbox::new(mailbox, account.key(), self.recents.clone()).await?;
        Ok((account, open))
    }
}

impl Backend for ImapBackend {
    type Session = Session;

    async fn answer(&mut self, request: Request) -> Answer {
        let answer = match (request, &mut self.desk) {
            (Request::Authenticate(attempt), _) => {
                let opened = self.log_in(&attempt).await;
                opened.map(|(account, open)| {
                    let address = account.address();
                    self.desk = Some(Desk {
                        searches: Arc::clone(&self.parts.searches),
                        account,
                        open,
                        appending: Appending::new(Arc::clone(&self.parts.queue)),
                    });
                    Answer::LoggedIn { account: address }
                })
            }
            (request, Some(desk)) => desk.answer(request).await,
            (_, None) => Err(Refusal::new(Cause::Internal, "a question before login")),
        };
        answer.unwrap_or_else(Answer::Refused)
    }

    async fn event(&mut self) -> Answer {
        match &mut self.desk {
            Some(desk) => Answer::Event(desk.open.event().await),
            None => std::future::pending().await,
        }
    }
}

impl Desk {
    async fn answer(&mut self, request: Request) -> Result<Answer, Refusal> {
        match request {
            Request::Authenticate(_) => Err(Refusal::new(Cause::Internal, "a second login")),
            Request::Folders
            | Request::Subscriptions
            | Request::Folder { .. }
            | Request::Create { .. }
            | Request::Delete { .. }
            | Request::Rename { .. }
            | Request::Subscribe { .. }
            | Request::Quota => self.about_folders(request).await,
            Request::AppendBegin { folder, size } => {
                let usage = self.open.mailbox.ask(move |mailbox| {
                    mailbox.folder(&folder)?;
                    mailbox.usage()
                });
                let (usage, limits) = (usage.await?, self.account.limits().await);
                self.appending.begin(size, usage, limits)?;
                Ok(Answer::Done)
            }
            Request::BodyChunk(bytes) => self.appending.chunk(&bytes).await.map(|()| Answer::Done),
            Request::AppendCommit { folder, items } => {
                let appended = self.append(&folder, items).await;
                self.appending.clear();
                appended
            }
            Request::AppendAbort => {
                self.appending.clear();
                Ok(Answer::Done)
            }
            Request::Select { name, claim_recent } => Ok(Answer::Opened(Box::new(
                self.open.select(&name, claim_recent).await?,
            ))),
            Request::Newcomers { last, claim_recent } => {
                self.open.newcomers(last, claim_recent).map(Answer::Recent)
            }
            Request::Unselect => {
                self.open.leave().await;
                Ok(Answer::Done)
            }
            Request::Uids
            | Request::Rows { .. }
            | Request::Changes { .. }
            | Request::Since { .. }
            | Request::Header { .. }
            | Request::Summaries { .. }
            | Request::Structure { .. }
            | Request::Body { .. }
            | Request::Sift { .. }
            | Request::Test { .. } => self.reading(request).await,
            Request::SetFlags { .. }
            | Request::Expunge { .. }
            | Request::Copy { .. }
            | Request::Move { .. } => self.writing(request).await,
        }
    }

    async fn about_folders(&mut self, request: Request) -> Result<Answer, Refusal> {
        let mailbox = &self.open.mailbox;
        match request {
            Request::Folders => return self.open.folders().await.map(Answer::Folders),
            Request::Subscriptions => {
                let names = mailbox.ask(Mailbox::subscriptions);
                return names.await.map(Answer::Names);
            }
            Request::Folder { name } => {
                return Ok(Answer::Folder(Box::new(self.open.folder_named(&name).await?)));
            }
            Request::Quota => {
                let usage = mailbox.ask(Mailbox::usage).await?;
                return Ok(Answer::Quota(convert::quota(usage, self.account.limits().await)));
            }
            Request::Create { name, special_use } => {
                let (special_use, limits) = (
                    special_use.map(convert::special_use_in),
                    self.account.limits().await,
                );
                let folder = mailbox.create_folder(&name, special_use, limits).await?;
                return Ok(Answer::Folder(Box::new(convert::folder(folder))));
            }
            Request::Delete { name } => mailbox.delete_folder(&name).await?,
            Request::Rename { from, to } => {
                let limits = self.account.limits().await;
                mailbox.rename_folder(&from, &to, limits).await?;
            }
            Request::Subscribe { name, on } => mailbox.subscribe(&name, on).await?,
            _ => return Err(Refusal::new(Cause::Internal, "not a question about folders")),
        }
        Ok(Answer::Done)
    }

    async fn append(&mut self, folder: &str, items: Vec<AppendItem>) -> Result<Answer, Refusal> {
        let bodies = self.appending.take().await?;
        if bodies.len() != items.len() {
            return Err(Refusal::new(
                Cause::Internal,
                "as many messages as items were expected",
            ));
        }
        let now = unix_time();
        let messages = items
            .into_iter()
            .zip(bodies)
            .map(|(item, body)| NewMessage {
                body,
                flags: convert::flags_in(item.flags),
                internal_date: item.internal_date.unwrap_or(now),
            })
            .collect();
        let appended = self
            .open
            .mailbox
            .append(folder, messages, self.account.limits().await)
            .await?;
        Ok(Answer::Appended {
            uid_validity: appended.uid_validity,
            uids: appended.uids,
        })
    }

    async fn reading(&mut self, request: Request) -> Result<Answer, Refusal> {
        let folder = self.open.folder()?;
        let OpenMailbox {
            mailbox, messages, ..
        } = &mut self.open;
        Ok(match request {
            Request::Uids => Answer::Uids(self.open.uids().await?),
            Request::Rows { uids } => {
                tokio::task::yield_now().await;
                self.open.rows(&uids).await?
            }
            Request::Changes { since } => Answer::Changes(self.open.changes(since).await?),
            Request::Since { modseq } => {
                Answer::Since(convert::since(mailbox.changed_since(folder, modseq).await?))
            }
            Request::Header { uid } => Answer::Header(messages.header(mailbox, folder, uid).await?),
            Request::Summaries { uids } => {
                Answer::Summaries(messages.page.summaries(mailbox, folder, &uids).await?)
            }
            Request::Structure { uid } => Answer::Structure(messages.structure(mailbox, folder, uid).await?),
            Request::Body { uid, offset, len } => {
                Answer::Chunk(messages.body(mailbox, folder, uid, offset, len).await?)
            }
            Request::Sift { uids, tests, last } => {
                let index = self.searches.index(mailbox.store().dir());
                Answer::Sifted(
                    self.open
                        .sifting
                        .sift(&self.open.mailbox, folder, index, &uids, &tests, last)
                        .await?,
                )
            }
            Request::Test { uids, tests } => {
                messages.page.rows(mailbox, folder, &uids).await?;
                let mut passed = Vec::with_capacity(uids.len());
                for uid in uids {
                    passed.push(messages.test(mailbox, folder, uid, &tests).await?);
                }
                Answer::Tested(passed)
            }
            _ => return Err(Refusal::new(Cause::Internal, "not a question about messages")),
        })
    }

    async fn writing(&mut self, request: Request) -> Result<Answer, Refusal> {
        let folder = self.open.folder()?;
        let mailbox = &self.open.mailbox;
        Ok(match request {
            Request::SetFlags {
                uids,
                op,
                flags,
                unchanged_since,
            } => {
                let (op, flags) = (convert::flag_op(op), convert::flags_in(flags));
                let changed = mailbox
                    .set_flags(folder, uids, op, flags, unchanged_since)
                    .await?;
                Answer::FlagsChanged(convert::flags_changed(mailbox, changed))
            }
            Request::Expunge { uids } => Answer::Expunged(mailbox.expunge(folder, uids, true).await?),
            Request::Copy { uids, to } => {
                let limits = self.account.limits().await;
                Answer::Copied(convert::copied(mailbox.copy(folder, uids, &to, limits).await?))
            }
            Request::Move { uids, to } => {
                let limits = self.account.limits().await;
                Answer::Copied(convert::copied(
                    mailbox.move_messages(folder, uids, &to, limits).await?,
                ))
            }
            _ => return Err(Refusal::new(Cause::Internal, "not a change of messages")),
        })
    }
}

/// Now, in seconds since 1970.
fn unix_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
