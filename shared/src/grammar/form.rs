//! The commands of a context: its own, those of its attributes and those of its children, each with its usage line.
//!
//! Built once for all contexts. The order is that of HELP: common words, lists, own commands, SET, RESET and CONFIG, children.

use super::pattern::Pattern;
use crate::control::HelpLine;
use crate::schema::{
    Attr, Child, ChildVerb, Command, Context, Effect, Leave, Shape, Unit, Verb, contexts, login,
};
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
    group: Group,
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
enum Group {
    Common,
    Own,
    Set,
    Config,
    Children,
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

fn build(context: &'static Context) -> Vec<Form> {
    let mut forms = common(context);
    for child in context.children {
        forms.extend(child.verbs.iter().filter(|verb| **verb == ChildVerb::List).flat_map(|verb| of_child(child, *verb)));
    }
    forms.extend(context.commands.iter().flat_map(|group| group.iter()).map(|command| own(context, command)));
    forms.extend(context.attributes().flat_map(|attr| set(context, attr)));
    if context.inherits.is_some() {
        forms.push(reset_attr(context));
    }
    for child in context.children {
        if let Shape::Part(part) = child.shape {
            forms.push(config(child, part));
        }
        forms.extend(child.verbs.iter().filter(|verb| **verb != ChildVerb::List).flat_map(|verb| of_child(child, *verb)));
    }
    forms.sort_by_key(|form| form.group);
    forms
}

impl Form {
    fn new(usage: impl Into<String>, help: impl Into<String>, verb: Verb, group: Group) -> Self {
        let usage = usage.into();
        let pattern = match verb {
            Verb::NotBuilt => Pattern::leading_only(&usage),
            _ => Pattern::parse(&usage).unwrap_or_else(|| Pattern::leading_only(&usage)),
        };
        let wants = vec![Wants::Anything; pattern.parameters.len()];
        let help = help.into();
        Self { usage, help, verb, enters: false, missing: "", legacy: false, group, pattern, wants }
    }

    fn enters(mut self) -> Self {
        self.enters = true;
        self
    }

    fn effect(mut self, effect: Effect) -> Self {
        self.missing = match (effect, self.verb) {
            (Effect::Works, _) => "",
            (Effect::None, Verb::NotBuilt) => "not built yet",
            (Effect::None, _) => "no effect yet",
        };
        self
    }

    /// Says what the parameter called `name` takes.
    fn wants(mut self, name: &str, wants: Wants) -> Self {
        for (parameter, slot) in self.pattern.parameters.iter().zip(&mut self.wants) {
            if parameter.name.eq_ignore_ascii_case(name) {
                *slot = wants;
            }
        }
        self
    }

    /// Says what the first parameter takes.
    fn first_wants(mut self, wants: Wants) -> Self {
        if let Some(slot) = self.wants.first_mut() {
            *slot = wants;
        }
        self
    }

    /// Whether its usage line is in the notation of patterns; a test asks for every command.
    #[cfg(test)]
    pub(crate) fn parses(&self) -> bool {
        matches!(self.verb, Verb::NotBuilt) && !self.pattern.leading.is_empty() || Pattern::parse(&self.usage).is_some()
    }

    /// Name of a parameter, by index.
    pub(super) fn parameter(&self, at: usize) -> &str {
        self.pattern.parameters.get(at).map_or("", |parameter| parameter.name.as_str())
    }
}

fn common(context: &'static Context) -> Vec<Form> {
    let mut forms = vec![
        Form::new("EXIT/QUIT", "ends the session; pending changes are dropped", Verb::Exit, Group::Common),
        Form::new("HELP", "lists the commands of this context", Verb::Help, Group::Common),
    ];
    let back = if context.back_keeps { "leaves this context; changes are kept" } else { "leaves this context; its changes are dropped" };
    match context.leave {
        Leave::Commit => {
            forms.push(Form::new("BACK", back, Verb::Back, Group::Common).enters());
            let help = "makes the changes active and leaves this context";
            forms.push(Form::new("COMMIT", help, Verb::Commit, Group::Common).enters());
        }
        Leave::Done => {
            forms.push(Form::new("BACK", back, Verb::Back, Group::Common).enters());
            let help = "hands the changes to the context above and leaves this one";
            forms.push(Form::new("DONE", help, Verb::Done, Group::Common).enters());
        }
        Leave::Free => {}
    }
    if context == login() {
        forms.push(Form::new("SHOW", "shows the options of this connection", Verb::Show, Group::Common));
    } else if context.attributes().next().is_some() {
        let show = Form::new("SHOW [ATTR <param>]", "shows the attributes, or one of them", Verb::Show, Group::Common);
        forms.push(show.wants("ATTR", Wants::Shown(context)));
    }
    forms
}

fn own(context: &'static Context, command: &'static Command) -> Form {
    let group = if command.syntax.starts_with("CONFIG ") || command.syntax.starts_with("RESET") {
        Group::Config
    } else {
        Group::Own
    };
    let mut form = Form::new(command.syntax, command.help, command.verb, group).effect(command.effect());
    form.enters = command.enters;
    form.legacy = command.legacy;
    for (parameter, word) in command.names {
        if let Some(child) = context.child(word) {
            form = form.wants(parameter, Wants::Live(child));
        }
    }
    if let Verb::Open(path) = command.verb
        && let Some(opened) = crate::schema::context(path)
    {
        for attr in opened.attributes() {
            form = form.wants(attr.name, Wants::Kind(attr.kind));
        }
    }
    form
}

fn set(_context: &'static Context, attr: &'static Attr) -> Vec<Form> {
    if !attr.settable(true) {
        return Vec::new();
    }
    let unit = if attr.unit == Unit::None { String::new() } else { format!(", in {}", attr.unit.symbol()) };
    let help = format!("{}{unit}", attr.help);
    let one = |name: &str, legacy: bool| {
        let mut form = Form::new(format!("SET [{name} {}]", attr.usage), help.clone(), Verb::Set(attr), Group::Set)
            .effect(attr.effect)
            .first_wants(Wants::Kind(attr.kind));
        form.legacy = legacy;
        form
    };
    let mut forms = vec![one(attr.name, attr.legacy)];
    forms.extend(attr.also.iter().map(|other| one(other, true)));
    forms
}

fn reset_attr(context: &'static Context) -> Form {
    let help = "the attribute becomes inherited again";
    Form::new("RESET <attr>", help, Verb::ResetAttr, Group::Config).first_wants(Wants::Settable(context))
}

fn config(child: &'static Child, part: &'static Context) -> Form {
    let help = format!("configures {}", if child.noun == child.object { part.title } else { child.noun });
    Form::new(format!("CONFIG {}", child.object), help, Verb::Config(child), Group::Config)
        .effect(child.effect)
        .enters()
}

fn of_child(child: &'static Child, verb: ChildVerb) -> Vec<Form> {
    let mut forms = vec![child_form(child, verb, child.object, child.plural, child.with)];
    let mut legacy = |mut form: Form| {
        form.legacy = true;
        forms.push(form);
    };
    for (object, plural) in child.also {
        legacy(child_form(child, verb, object, plural, child.with));
    }
    if verb == ChildVerb::Add {
        // Older spellings of what ADD demands: `ADD Account … passwd <password>`.
        for attr in child.with.iter().filter_map(|name| child.context().and_then(|context| context.attr(name))) {
            attr.also.iter().for_each(|other| legacy(child_form(child, verb, child.object, child.plural, &[other])));
        }
    }
    forms
}

fn child_form(child: &'static Child, verb: ChildVerb, object: &str, plural: &str, with: &[&str]) -> Form {
    let noun = child.noun;
    let key = match child.shape {
        Shape::Names(_) => child.usage.to_owned(),
        _ => format!("[{}] {}", child.key, child.usage),
    };
    let entered = matches!(child.shape, Shape::Set(_) | Shape::Stored(_));
    let may: String = child.may_with.iter().map(|name| format!(" [{name} {}]", usage_of(child, name))).collect();
    let form = match verb {
        ChildVerb::List => {
            let wildcard = match child.wildcard {
                "" => String::new(),
                example => format!(" [wildcard (ex: {example})]"),
            };
            Form::new(format!("LIST {plural}{wildcard}"), format!("lists every {noun}"), Verb::List(child), Group::Own)
        }
        ChildVerb::Add => {
            let with: String = with.iter().map(|name| format!(" {name} {}", usage_of(child, name))).collect();
            let usage = format!("ADD {object} {key}{with}{may}");
            Form::new(usage, format!("adds the {noun}"), Verb::Add(child), Group::Children)
        }
        ChildVerb::Update => {
            let usage = format!("UPDATE {object} {key}{may}");
            Form::new(usage, format!("changes the {noun}"), Verb::Update(child), Group::Children)
        }
        ChildVerb::Remove => {
            let usage = format!("REMOVE {object} {key}");
            Form::new(usage, format!("removes the {noun}"), Verb::Remove(child), Group::Children)
        }
        ChildVerb::Show => {
            let usage = format!("SHOW {object} {key} [ATTR <param>]");
            Form::new(usage, format!("shows the {noun}, or one attribute of it"), Verb::ShowChild(child), Group::Children)
        }
        ChildVerb::ShowAll => {
            Form::new(format!("SHOW {object} {key}"), format!("shows the {noun}"), Verb::ShowChild(child), Group::Children)
        }
        ChildVerb::Reset => {
            let help = format!("the list of {plural} becomes inherited again");
            Form::new(format!("RESET {plural}"), help, Verb::ResetChildren(child), Group::Config)
        }
        ChildVerb::ResetSet => {
            let help = format!("takes the {plural} of the active configuration");
            let mut form = Form::new(format!("RESET {plural}"), help, Verb::ResetChildren(child), Group::Config);
            form.legacy = true;
            form
        }
    };
    let changes = matches!(verb, ChildVerb::Add | ChildVerb::Update) && entered;
    let form = if changes { form.enters() } else { form };
    with_wants(form, child, verb).effect(child.effect)
}

/// How the value of an attribute of the child's context is called in usage lines.
fn usage_of(child: &Child, name: &str) -> &'static str {
    let usage = child.context().and_then(|context| context.attr(name)).map_or("<value>", |attr| attr.usage);
    // What SET takes besides the value itself is no part of ADD.
    usage.split_once(" [").map_or(usage, |(value, _)| value)
}

fn with_wants(form: Form, child: &'static Child, verb: ChildVerb) -> Form {
    let mut form = match verb {
        ChildVerb::Update | ChildVerb::Remove | ChildVerb::Show | ChildVerb::ShowAll => {
            form.first_wants(Wants::Live(child))
        }
        ChildVerb::Add => match child.key_kind() {
            Some(kind) => form.first_wants(Wants::Kind(kind)),
            None => form,
        },
        _ => form,
    };
    if let Some(context) = child.context() {
        form = form.wants("ATTR", Wants::Shown(context));
        for name in child.with.iter().chain(child.may_with) {
            if let Some(attr) = context.attr(name) {
                form = form.wants(name, Wants::Kind(attr.kind));
            }
        }
    }
    form
}
