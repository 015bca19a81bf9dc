//! The names in a field (aliases, exceptions): in the order they were added, found without looking through all of them.
//!
//! A script adds them by the ten thousand, and each of them has to be checked against all others.

use std::collections::HashSet;
use std::ops::Deref;

/// Names, each once whatever its letter case.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// As they were written.
    list: Vec<String>,
    /// In lower case.
    known: HashSet<String>,
}

impl Names {
    /// Whether it is among them, in any letter case.
    pub fn has(&self, name: &str) -> bool {
        self.known.contains(&name.to_ascii_lowercase())
    }

    /// Adds a name at the end; false when it is there already.
    pub fn push(&mut self, name: String) -> bool {
        let new = self.known.insert(name.to_ascii_lowercase());
        if new {
            self.list.push(name);
        }
        new
    }

    /// Takes a name out; false when it is not there.
    pub fn remove(&mut self, name: &str) -> bool {
        let known = self.known.remove(&name.to_ascii_lowercase());
        let at = self.list.iter().position(|one| one.eq_ignore_ascii_case(name));
        if let (true, Some(at)) = (known, at) {
            self.list.remove(at);
        }
        known
    }
}

impl Deref for Names {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.list
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn each_once_and_in_order() {
        let mut names = Names::default();
        assert!(names.push("Bob".into()) && names.push("ann".into()) && !names.push("bob".into()));
        assert_eq!(*names, ["Bob".to_owned(), "ann".to_owned()]);
        assert!(names.has("BOB") && names.remove("bOb") && !names.has("bob") && !names.remove("bob"));
        assert!(names.push("BOB".into()));
        assert_eq!(*names, ["ann".to_owned(), "BOB".to_owned()]);
    }
}
