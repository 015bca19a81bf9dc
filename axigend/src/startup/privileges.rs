//! From root to the daemon's own user, keeping only the right to bind low ports.
//!
//! Done while the process has one thread, since capabilities belong to threads. Under systemd with `User=` and
//! `AmbientCapabilities=` the process is never root and nothing is done here. There is no way back: `no_new_privs` is set.

use super::exit::StartError;
use nix::unistd::{Gid, Group, Uid, User, geteuid, setgroups, setresgid, setresuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_keep_capabilities, set_no_new_privs,
};

/// The user of an installed server.
const DEFAULT_USER: &str = "axigen";

/// Whom the process will run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// As it is: not started as root, or told to stay.
    Stay,
    /// As it is, because there is nobody else: worth a warning.
    StayRoot,
    /// As somebody else.
    Become {
        /// The user.
        user: Uid,
        /// The group.
        group: Gid,
    },
}

/// What `-u` and `-g` mean for a process of this kind.
pub fn plan(user: Option<&str>, group: Option<&str>) -> Result<Plan, StartError> {
    if !geteuid().is_root() {
        return not_root(user);
    }
    let name = user.unwrap_or(DEFAULT_USER);
    let found = User::from_name(name).map_err(|error| internal("look up the user", error))?;
    let Some(found) = found else {
        return match user {
            Some(name) => Err(StartError::Usage(format!(
                "there is no user {name}; create it or give another with -u"
            ))),
            None => Ok(Plan::StayRoot),
        };
    };
    let group = match group {
        None => found.gid,
        Some(name) => match Group::from_name(name).map_err(|error| internal("look up the group", error))? {
            Some(group) => group.gid,
            None => {
                return Err(StartError::Usage(format!(
                    "there is no group {name}; give another with -g"
                )));
            }
        },
    };
    if found.uid.is_root() {
        Ok(Plan::Stay)
    } else {
        Ok(Plan::Become {
            user: found.uid,
            group,
        })
    }
}

/// Somebody who is not root can only stay who he is.
fn not_root(user: Option<&str>) -> Result<Plan, StartError> {
    let Some(name) = user else { return Ok(Plan::Stay) };
    let found = User::from_name(name).map_err(|error| internal("look up the user", error))?;
    match found {
        Some(found) if found.uid == geteuid() => Ok(Plan::Stay),
        _ => Err(StartError::Usage(format!(
            "only root can run the server as {name}"
        ))),
    }
}

/// Becomes the user of the plan.
pub fn carry_out(plan: &Plan) -> Result<(), StartError> {
    let Plan::Become { user, group } = *plan else {
        return Ok(());
    };
    setgroups(&[group]).map_err(|error| internal("leave root's groups", error))?;
    setresgid(group, group, group).map_err(|error| internal("change the group", error))?;
    set_keep_capabilities(true).map_err(|error| internal("keep capabilities", error))?;
    setresuid(user, user, user).map_err(|error| internal("change the user", error))?;
    let kept = CapabilitySet::NET_BIND_SERVICE;
    let only = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, only).map_err(|error| internal("give up root's capabilities", error))?;
    set_keep_capabilities(false).map_err(|error| internal("fix the capabilities", error))?;
    set_no_new_privs(true).map_err(|error| internal("set no_new_privs", error))
}

fn internal(what: &str, error: impl std::fmt::Display) -> StartError {
    StartError::Internal(format!("cannot {what}: {error}"))
}
