//! Questions with their one fitting answer, so that commands need not match on all of [`Answer`].

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_message::{Structure, Summary};
use bytes::Bytes;

use super::{
    backend::{Answer, Changes, Copied, FlagsChanged, Header, Quota, Request, Row, Since, Uids},
    folder::{Folder, Opened, SpecialUse},
    search::Test,
    wire::Wire,
};

type Asked<T> = Result<T, Refusal>;

/// The service answered another question: a defect of ours.
fn unfitting<T>(question: &str) -> Asked<T> {
    Err(Refusal::new(
        Cause::Internal,
        format!("the service gave an unfitting answer to {question}"),
    ))
}

impl Wire {
    /// A request that is only done or refused.
    pub(crate) async fn done(&self, request: Request) -> Asked<()> {
        match self.ask(request).await? {
            Answer::Done => Ok(()),
            _ => unfitting("a request to do something"),
        }
    }

    pub(crate) async fn folders(&self) -> Asked<Vec<Folder>> {
        match self.ask(Request::Folders).await? {
            Answer::Folders(folders) => Ok(folders),
            _ => unfitting("Folders"),
        }
    }

    pub(crate) async fn subscriptions(&self) -> Asked<Vec<String>> {
        match self.ask(Request::Subscriptions).await? {
            Answer::Names(names) => Ok(names),
            _ => unfitting("Subscriptions"),
        }
    }

    pub(crate) async fn folder(&self, name: &str) -> Asked<Folder> {
        match self
            .ask(Request::Folder {
                name: name.to_owned(),
            })
            .await?
        {
            Answer::Folder(folder) => Ok(*folder),
            _ => unfitting("Folder"),
        }
    }

    pub(crate) async fn select(&self, name: &str, claim_recent: bool) -> Asked<Opened> {
        match self
            .ask(Request::Select {
                name: name.to_owned(),
                claim_recent,
            })
            .await?
        {
            Answer::Opened(opened) => Ok(*opened),
            _ => unfitting("Select"),
        }
    }

    /// From which UID on newcomers are \Recent in this session.
    pub(crate) async fn newcomers(&self, last: u32, claim_recent: bool) -> Asked<u32> {
        match self.ask(Request::Newcomers { last, claim_recent }).await? {
            Answer::Recent(first) => Ok(first),
            _ => unfitting("Newcomers"),
        }
    }

    pub(crate) async fn uids(&self) -> Asked<Uids> {
        match self.ask(Request::Uids).await? {
            Answer::Uids(uids) => Ok(uids),
            _ => unfitting("Uids"),
        }
    }

    pub(crate) async fn rows(&self, uids: Vec<u32>) -> Asked<Vec<Row>> {
        match self.ask(Request::Rows { uids }).await? {
            Answer::Rows(rows) => Ok(rows),
            _ => unfitting("Rows"),
        }
    }

    pub(crate) async fn changes(&self, since: u64) -> Asked<Changes> {
        match self.ask(Request::Changes { since }).await? {
            Answer::Changes(changes) => Ok(changes),
            _ => unfitting("Changes"),
        }
    }

    pub(crate) async fn since(&self, modseq: u64) -> Asked<Since> {
        match self.ask(Request::Since { modseq }).await? {
            Answer::Since(since) => Ok(since),
            _ => unfitting("Since"),
        }
    }

    /// The messages that went by this request.
    pub(crate) async fn expunge(&self, uids: Option<Vec<u32>>) -> Asked<Vec<u32>> {
        match self.ask(Request::Expunge { uids }).await? {
            Answer::Expunged(uids) => Ok(uids),
            _ => unfitting("Expunge"),
        }
    }

    pub(crate) async fn create(&self, name: String, special_use: Option<SpecialUse>) -> Asked<Folder> {
        match self.ask(Request::Create { name, special_use }).await? {
            Answer::Folder(folder) => Ok(*folder),
            _ => unfitting("Create"),
        }
    }

    pub(crate) async fn set_flags(&self, request: Request) -> Asked<FlagsChanged> {
        match self.ask(request).await? {
            Answer::FlagsChanged(changed) => Ok(changed),
            _ => unfitting("SetFlags"),
        }
    }

    /// Copy or Move.
    pub(crate) async fn copy(&self, request: Request) -> Asked<Copied> {
        match self.ask(request).await? {
            Answer::Copied(copied) => Ok(copied),
            _ => unfitting("Copy"),
        }
    }

    pub(crate) async fn header(&self, uid: u32) -> Asked<Header> {
        match self.ask(Request::Header { uid }).await? {
            Answer::Header(header) => Ok(header),
            _ => unfitting("Header"),
        }
    }

    pub(crate) async fn structure(&self, uid: u32) -> Asked<Arc<Structure>> {
        match self.ask(Request::Structure { uid }).await? {
            Answer::Structure(structure) => Ok(structure),
            _ => unfitting("Structure"),
        }
    }

    pub(crate) async fn summaries(&self, uids: Vec<u32>) -> Asked<Vec<Option<Summary>>> {
        match self.ask(Request::Summaries { uids }).await? {
            Answer::Summaries(summaries) => Ok(summaries),
            _ => unfitting("Summaries"),
        }
    }

    /// Bytes of a message; never empty unless it ends before `offset`.
    pub(crate) async fn body(&self, uid: u32, offset: u64, len: usize) -> Asked<Bytes> {
        match self.ask(Request::Body { uid, offset, len }).await? {
            Answer::Chunk(bytes) => Ok(bytes),
            _ => unfitting("Body"),
        }
    }

    pub(crate) async fn sift(
        &self,
        uids: Vec<u32>,
        tests: Arc<Vec<Test>>,
        last: bool,
    ) -> Asked<Vec<Vec<bool>>> {
        match self.ask(Request::Sift { uids, tests, last }).await? {
            Answer::Sifted(possible) => Ok(possible),
            _ => unfitting("Sift"),
        }
    }

    pub(crate) async fn test(&self, uids: Vec<u32>, tests: Arc<Vec<Test>>) -> Asked<Vec<Vec<bool>>> {
        match self.ask(Request::Test { uids, tests }).await? {
            Answer::Tested(passed) => Ok(passed),
            _ => unfitting("Test"),
        }
    }

    pub(crate) async fn quota(&self) -> Asked<Quota> {
        match self.ask(Request::Quota).await? {
            Answer::Quota(quota) => Ok(quota),
            _ => unfitting("Quota"),
        }
    }
}
