//! RSET, NOOP, HELP, VRFY, EXPN, QUIT (RFC 5321, 4.1.1.5 to 4.1.1.10).

use crate::smtp::{
    command::{COMMANDS, Command, no_arguments},
    reply::Reply,
    session::{Phase, Session},
};

/// RSET: the transaction is forgotten.
pub(in crate::smtp) struct Rset;

impl Command for Rset {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        session.forget_transaction();
        session.say(&Reply::bare(250, "Reset done"));
        Ok(())
    }
}

/// NOOP; its argument means nothing.
pub(in crate::smtp) struct Noop;

impl Command for Noop {
    fn parse(_: &str, _: &Session) -> Result<Self, Reply> {
        Ok(Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        session.say(&Reply::new(250, "2.0.0", "OK"));
        Ok(())
    }
}

/// HELP: the names in the table.
pub(in crate::smtp) struct Help;

impl Command for Help {
    fn parse(_: &str, _: &Session) -> Result<Self, Reply> {
        Ok(Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        let names: Vec<_> = COMMANDS.iter().map(|row| row.name).collect();
        let text = format!("Commands: {}", names.join(" "));
        session.say(&Reply::new(214, "2.0.0", text));
        Ok(())
    }
}

/// VRFY: nobody is told who has a mailbox here (RFC 5321, 7.3).
pub(in crate::smtp) struct Vrfy;

impl Command for Vrfy {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        if arguments.trim().is_empty() {
            return Err(Reply::new(501, "5.5.4", "Syntax: VRFY address"));
        }
        Ok(Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        session.say(&Reply::new(
            252,
            "2.5.0",
            "Cannot verify the user, but will accept mail and attempt delivery",
        ));
        Ok(())
    }
}

/// EXPN: not offered.
pub(in crate::smtp) struct Expn;

impl Command for Expn {
    fn parse(_: &str, _: &Session) -> Result<Self, Reply> {
        Ok(Self)
    }

    fn run(self, _: &mut Session) -> Result<(), Reply> {
        Err(Reply::new(502, "5.5.1", "EXPN is not available"))
    }
}

/// QUIT.
pub(in crate::smtp) struct Quit;

impl Command for Quit {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        let text = format!("{} closing connection", session.settings.server_name);
        session.say(&Reply::new(221, "2.0.0", text));
        session.phase = Phase::Over;
        Ok(())
    }
}
