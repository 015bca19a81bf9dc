//! A command as one context has it, and the list of them that is HELP.
//!
//! Forms are built once for all contexts, by `build`.

use super::build::build;
use super::pattern::Pattern;
use crate::control::HelpLine;
use crate::schema::{Child, Context, Effect, Verb, contexts};
use crate::value::Kind;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A command as one context has it.
#[derive(Debug)]
pub struct Form {
    /// Usage line of HELP.
    pub usage: String,
    /// What it does.
    pub help: String,
    /// What the engine does.
    pub verb: Verb,
    /// Whether it enters another context.
    pub enters: bool,
    /// `not built yet`, `no effect yet`, or empty.
    pub missing: &'static str,
    /// Accepted for old scripts, not in HELP.
    pub legacy: bool,
    /// Group of HELP; a blank line separates groups.
    pub(super) group: Group,
    pub(super) pattern: Pattern,
    /// Of each parameter: what may be typed there.
    pub(super) wants: Vec<Wants>,
}

/// What may be typed for a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wants {
    /// Nothing that is known here.
    Anything,
    /// A value of this kind.
    Kind(Kind),
    /// The name of a live object.
    Live(&'static Child),
    /// The name of an attribute that SHOW prints.
    Shown(&'static Context),
    /// The name of an attribute that SET takes.
    Settable(&'static Context),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Common,
    Own,
    Set,
    Config,
    Children,
}

impl Form {
    pub(super) fn new(usage: impl Into<String>, help: impl Into<String>, verb: Verb, group: Group) -> Self {
        let usage = usage.into();
        let pattern = match verb {
            Verb::NotBuilt => Pattern::leading_only(&usage),
            _ => Pattern::parse(&usage).unwrap_or_else(|| Pattern::leading_only(&usage)),
        };
        let wants = vec![Wants::Anything; pattern.parameters.len()];
        let help = help.into();
        Self {
            usage,
            help,
            verb,
            enters: false,
            missing: "",
            legacy: false,
            group,
            pattern,
            wants,
        }
    }

    pub(super) fn enters(mut self) -> Self {
        self.enters = true;
        self
    }

    pub(super) fn legacy(mut self) -> Self {
        self.legacy = true;
        self
    }

    pub(super) fn effect(mut self, effect: Effect) -> Self {
        self.missing = match (effect, self.verb) {
            (Effect::Works, _) => "",
            (Effect::None, Verb::NotBuilt) => "not built yet",
            (Effect::None, _) => "no effect yet",
        };
        self
    }

    /// Says what the parameter called `name` takes.
    pub(super) fn wants(mut self, name: &str, wants: Wants) -> Self {
        for (parameter, slot) in self.pattern.parameters.iter().zip(&mut self.wants) {
            if parameter.name.eq_ignore_ascii_case(name) {
                *slot = wants;
            }
        }
        self
    }

    /// Says what the first parameter takes.
    pub(super) fn first_wants(mut self, wants: Wants) -> Self {
        if let Some(slot) = self.wants.first_mut() {
            *slot = wants;
        }
        self
    }

    /// Whether its usage line is in the notation of patterns; a test asks for every command.
    #[cfg(test)]
    pub(crate) fn parses(&self) -> bool {
        matches!(self.verb, Verb::NotBuilt) && !self.pattern.leading.is_empty()
            || Pattern::parse(&self.usage).is_some()
    }

    /// Name of a parameter, by index.
    pub(super) fn parameter(&self, at: usize) -> &str {
        self.pattern
            .parameters
            .get(at)
            .map_or("", |parameter| parameter.name.as_str())
    }
}

/// The commands of a context.
pub fn forms(context: &Context) -> &'static [Form] {
    static FORMS: LazyLock<BTreeMap<&'static str, Vec<Form>>> =
        LazyLock::new(|| contexts().map(|context| (context.path, build(context))).collect());
    FORMS.get(context.path).map_or(&[], Vec::as_slice)
}

/// The lines of HELP, a blank one between groups.
pub fn help(context: &Context) -> Vec<HelpLine> {
    let mut lines: Vec<HelpLine> = Vec::new();
    let mut last = None;
    for form in forms(context).iter().filter(|form| !form.legacy) {
        if last.is_some_and(|group| group != form.group) {
            lines.push(HelpLine {
                syntax: String::new(),
                help: String::new(),
                enters: false,
                missing: String::new(),
            });
        }
        last = Some(form.group);
        lines.push(HelpLine {
            syntax: form.usage.clone(),
            help: form.help.clone(),
            enters: form.enters,
            missing: form.missing.to_owned(),
        });
    }
    lines
}
