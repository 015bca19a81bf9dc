//! Who lives in the demonstration, and their passwords.
//!
//! Random, because other users of the machine reach the loopback too; kept in a file of the owner, so that they can be
//! printed again.

use super::DOMAIN;
use crate::startup::{SECRET_MODE, WorkingDirectory, random_word, write_atomically};
use axigen_shared::schema::{Object, context};
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use axigend_directory::{Directory, NewDomain};
use std::fs;
use std::io;

/// Names of the two accounts.
const NAMES: [&str; 2] = ["alice", "bob"];

/// Characters of a password: short enough to type.
const PASSWORD_LENGTH: usize = 12;

/// An account of the demonstration.
pub struct Person {
    /// Its name.
    pub name: &'static str,
    /// Its password.
    pub password: String,
}

impl Person {
    /// Its address.
    pub fn address(&self) -> String {
        format!("{}@{DOMAIN}", self.name)
    }
}

/// The two, with the passwords of the first run.
pub fn known_or_new(directory: &WorkingDirectory) -> io::Result<[Person; 2]> {
    let path = directory.path().join("run/demo_passwords");
    let known = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let of = |name: &'static str| -> io::Result<Person> {
        let kept = known
            .lines()
            .filter_map(|line| line.split_once(' '))
            .find(|(person, _)| *person == name);
        let password = kept.map_or_else(
            || random_word(PASSWORD_LENGTH),
            |(_, password)| Ok(password.to_owned()),
        )?;
        Ok(Person { name, password })
    };
    let people = [of(NAMES[0])?, of(NAMES[1])?];
    let text = people
        .iter()
        .fold(String::new(), |text, Person { name, password }| {
            format!("{text}{name} {password}\n")
        });
    if text != known {
        write_atomically(&path, text.as_bytes(), SECRET_MODE)?;
    }
    Ok(people)
}

/// Creates the domain and its accounts.
pub async fn create(directory: &Directory, people: &[Person]) -> Result<(), Refusal> {
    let internal = |what: String| Refusal::new(Cause::Internal, what);
    let postmaster = random_word(PASSWORD_LENGTH).map_err(|error| internal(error.to_string()))?;
    let domain = NewDomain {
        name: DOMAIN.to_owned(),
        postmaster_password: Secret::new(postmaster),
        ..NewDomain::default()
    };
    directory.create_domain(domain).await?;
    let account =
        context("domain/account").ok_or_else(|| internal("the schema has no account".to_owned()))?;
    for person in people {
        let mut object = Object::new(account);
        object.set_text("name", person.name)?;
        directory
            .add_account(DOMAIN, object, Some(Secret::new(person.password.clone())))
            .await?;
    }
    Ok(())
}
