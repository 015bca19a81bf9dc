//! The answers to the session's questions, each from the part that knows.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axigen_shared::{Cause, Refusal};
use axigend_config::Settings;
use axigend_directory::{LoginContext, ServiceSwitch, Slot};
use axigend_net::Backend;
use axigend_protocol::{
    pop3::{Answer, Maildrop, Request, Session},
    sasl::Credentials,
};

use super::{Desk, lock::Lock, maildrop::OpenMaildrop};

/// Wait before a wrong password is answered, so that guessing is slow (services-core 3.2.4).
const FAILED_LOGIN_DELAY: Duration = Duration::from_secs(2);

/// What answers one POP3 session.
pub(super) struct Pop3Backend {
    desk: Arc<Desk>,
    settings: Arc<Settings>,
    remote: Option<IpAddr>,
    login: Option<Login>,
}

/// What there is after login. The mailbox is let go when this is dropped.
struct Login {
    maildrop: OpenMaildrop,
    /// Counts this session until it ends.
    _slot: Slot,
    /// `None` when `pop3ExclusiveLock` is off.
    _lock: Option<Lock>,
}

impl Pop3Backend {
    pub(super) fn new(desk: Arc<Desk>, settings: Arc<Settings>, remote: Option<IpAddr>) -> Self {
        Self {
            desk,
            settings,
            remote,
            login: None,
        }
    }

    async fn log_in(&mut self, credentials: Credentials) -> Result<Maildrop, Refusal> {
        let server = &self.settings.server;
        let context = LoginContext {
            primary_domain: &server.primary_domain,
            allow_alias_logins: server.allow_alias_logins,
            remote: self.remote,
        };
        let directory = &self.desk.directory;
        let password = credentials.password.as_bytes();
        let checked = directory
            .authenticate(&credentials.login, password, ServiceSwitch::Pop3, &context)
            .await;
        if checked
            .as_ref()
            .is_err_and(|refusal| refusal.cause == Cause::AuthenticationFailed)
        {
            tokio::time::sleep(FAILED_LOGIN_DELAY).await;
        }
        let account = checked?;
        let lock = if server.pop3_exclusive_lock {
            Some(self.desk.locks.take(account.key())?)
        } else {
            None
        };
        let slot = directory.connection_slot(&account, ServiceSwitch::Pop3)?;
        let store = self.desk.stores.open(&account.message_dir).await?;
        let mailbox = store.mailbox(account.id);
        let (maildrop, snapshot) = OpenMaildrop::open(mailbox).await?;
        tracing::info!("{} logged in", account.address());
        self.login = Some(Login {
            maildrop,
            _slot: slot,
            _lock: lock,
        });
        Ok(snapshot)
    }

    fn maildrop(&mut self) -> Result<&mut OpenMaildrop, Refusal> {
        let login = self.login.as_mut();
        login
            .map(|login| &mut login.maildrop)
            .ok_or_else(|| Refusal::new(Cause::Internal, "a question before login"))
    }

    /// What others removed. When that cannot be told now, RETR will; the listing stands as it was.
    async fn gone(&mut self) -> Vec<u32> {
        let Ok(maildrop) = self.maildrop() else {
            return Vec::new();
        };
        match maildrop.gone().await {
            Ok(gone) => gone,
            Err(refusal) => {
                tracing::error!("changes of the mailbox cannot be read: {refusal}");
                Vec::new()
            }
        }
    }

    async fn update(&mut self, uids: Vec<u32>) -> Result<(), Refusal> {
        // Slot and lock live until the end of this function: the next session finds the mailbox as it is then.
        let Some(login) = self.login.take() else {
            return Err(Refusal::new(Cause::Internal, "a question before login"));
        };
        let Login {
            maildrop,
            _slot,
            _lock,
        } = login;
        maildrop.update(uids).await
    }
}

impl Backend for Pop3Backend {
    type Session = Session;

    async fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Login(credentials) => Answer::LoggedIn(self.log_in(credentials).await),
            Request::Refresh => Answer::Gone(self.gone().await),
            Request::Open { uid } => Answer::Opened(match self.maildrop() {
                Ok(maildrop) => maildrop.message(uid).await,
                Err(refusal) => Err(refusal),
            }),
            Request::Read { offset, len } => Answer::Octets(match self.maildrop() {
                Ok(maildrop) => maildrop.read(offset, len).await,
                Err(refusal) => Err(refusal),
            }),
            Request::Seen { .. } => {
                if let Ok(maildrop) = self.maildrop() {
                    maildrop.sent();
                }
                Answer::Noted
            }
            Request::Update { uids } => Answer::Updated(self.update(uids).await),
        }
    }
}
