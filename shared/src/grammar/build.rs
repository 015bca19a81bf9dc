//! The commands of a context: its own, those of its attributes and those of its children, each with its usage line.
//!
//! The order is that of HELP: common words, lists, own commands, SET, RESET and CONFIG, children.

use super::form::{Form, Group, Wants};
use crate::schema::{Attr, Child, ChildVerb, Command, Context, Leave, Shape, Unit, Verb, login, root};

pub(super) fn build(context: &'static Context) -> Vec<Form> {
    let mut forms = common(context);
    for child in context.children {
        forms.extend(
            child
                .verbs
                .iter()
                .filter(|verb| **verb == ChildVerb::List)
                .flat_map(|verb| of_child(child, *verb)),
        );
    }
    forms.extend(
        context
            .commands
            .iter()
            .flat_map(|group| group.iter())
            .map(|command| own(context, command)),
    );
    forms.extend(context.attributes().flat_map(|attr| set(context, attr)));
    if context.inherits.is_some() {
        forms.push(reset_attr(context));
    }
    for child in context.children {
        if let Shape::Part(part) = child.shape {
            forms.push(config(child, part));
        }
        forms.extend(
            child
                .verbs
                .iter()
                .filter(|verb| **verb != ChildVerb::List)
                .flat_map(|verb| of_child(child, *verb)),
        );
    }
    forms.sort_by_key(|form| form.group);
    forms
}

fn common(context: &'static Context) -> Vec<Form> {
    let mut forms = vec![
        Form::new(
            "EXIT/QUIT",
            "ends the session; pending changes are dropped",
            Verb::Exit,
            Group::Common,
        ),
        Form::new(
            "HELP",
            "lists the commands of this context",
            Verb::Help,
            Group::Common,
        ),
        // Not AXIGEN's: whoever reads a hundred lines tries this next.
        Form::new(
            "HELP <word>",
            "lists the commands with this word",
            Verb::Help,
            Group::Common,
        )
        .legacy(),
    ];
    leaving(context, &mut forms);
    if context == login() {
        forms.push(Form::new(
            "SHOW",
            "shows the options of this connection",
            Verb::Show,
            Group::Common,
        ));
    } else if context.attributes().next().is_some() || context.leave != Leave::Free {
        let show = Form::new(
            "SHOW [ATTR <param>]",
            "shows the attributes, or one of them",
            Verb::Show,
            Group::Common,
        );
        forms.push(show.wants("ATTR", Wants::Shown(context)));
    }
    if context != login() && context != root() {
        // Declared at login and at the root; scripts ask anywhere (WIRE.md 4).
        forms.push(Form::new("GET VERSION", "shows the version", Verb::Version, Group::Common).legacy());
    }
    forms
}

/// How the context is left.
fn leaving(context: &'static Context, forms: &mut Vec<Form>) {
    let back = if context.back_keeps {
        "leaves this context; changes are kept"
    } else {
        "leaves this context; its changes are dropped"
    };
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
        Leave::Free if context == login() || context == root() => {}
        Leave::Free => {
            forms.push(Form::new("BACK", "leaves this context", Verb::Back, Group::Common).enters());
        }
    }
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
    if let Verb::Open(path) | Verb::Edit(path) = command.verb
        && let Some(opened) = crate::schema::context(path)
    {
        for attr in opened.attributes() {
            form = form.wants(attr.name, Wants::Kind(attr.kind));
        }
    }
    form
}

fn set(context: &'static Context, attr: &'static Attr) -> Vec<Form> {
    if !attr.settable(true) {
        return Vec::new();
    }
    let unit = if attr.unit == Unit::None {
        String::new()
    } else {
        format!(", in {}", attr.unit.symbol())
    };
    let help = format!("{}{unit}", attr.help);
    let one = |name: &str, legacy: bool| {
        let mut form = Form::new(
            format!("SET [{name} {}]", attr.usage),
            help.clone(),
            Verb::Set(attr),
            Group::Set,
        )
        .effect(context.effect(attr))
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
    let help = format!(
        "configures {}",
        if child.noun == child.object {
            part.title
        } else {
            child.noun
        }
    );
    Form::new(
        format!("CONFIG {}", child.object),
        help,
        Verb::Config(child),
        Group::Config,
    )
    .effect(child.effect)
    .enters()
}

/// The forms of one verb of a child: with its words of today, and for old scripts with those of before.
fn of_child(child: &'static Child, verb: ChildVerb) -> Vec<Form> {
    let today = Said {
        object: child.object,
        plural: child.plural,
        with: child.with,
    };
    let mut forms = vec![child_form(child, verb, today)];
    for (object, plural) in child.also {
        forms.push(
            child_form(
                child,
                verb,
                Said {
                    object,
                    plural,
                    ..today
                },
            )
            .legacy(),
        );
    }
    if verb == ChildVerb::Add {
        // Older spellings of what ADD demands: `ADD Account … passwd <password>`.
        let demanded = child
            .with
            .iter()
            .filter_map(|name| child.context().and_then(|context| context.attr(name)));
        let older = demanded.flat_map(|attr| attr.also.iter());
        forms.extend(older.map(|other| {
            child_form(
                child,
                verb,
                Said {
                    with: &[*other],
                    ..today
                },
            )
            .legacy()
        }));
    }
    forms
}

/// The words of a child in one form.
#[derive(Clone, Copy)]
struct Said<'a> {
    object: &'a str,
    plural: &'a str,
    with: &'a [&'a str],
}

fn child_form(child: &'static Child, verb: ChildVerb, said: Said<'_>) -> Form {
    let usage = child_usage(child, verb, said);
    let noun = child.noun;
    let (help, does, group) = match verb {
        ChildVerb::List => (format!("lists every {noun}"), Verb::List(child), Group::Own),
        ChildVerb::Add => (format!("adds the {noun}"), Verb::Add(child), Group::Children),
        ChildVerb::Update => (
            format!("changes the {noun}"),
            Verb::Update(child),
            Group::Children,
        ),
        ChildVerb::Remove => (
            format!("removes the {noun}"),
            Verb::Remove(child),
            Group::Children,
        ),
        ChildVerb::Show => (
            format!("shows the {noun}, or one attribute of it"),
            Verb::ShowChild(child),
            Group::Children,
        ),
        ChildVerb::ShowAll => (
            format!("shows the {noun}"),
            Verb::ShowChild(child),
            Group::Children,
        ),
        ChildVerb::Reset => {
            let help = format!("the list of {} becomes inherited again", said.plural);
            (help, Verb::ResetChildren(child), Group::Config)
        }
        ChildVerb::ResetSet => {
            let help = format!("takes the {} of the active configuration", said.plural);
            (help, Verb::ResetChildren(child), Group::Config)
        }
    };
    let mut form = wanting(Form::new(usage, help, does, group), child, verb).effect(child.effect);
    form.legacy = verb == ChildVerb::ResetSet;
    form.enters = matches!(verb, ChildVerb::Add | ChildVerb::Update)
        && matches!(child.shape, Shape::Set(_) | Shape::Stored(_));
    form
}

fn child_usage(child: &Child, verb: ChildVerb, said: Said<'_>) -> String {
    let Said { object, plural, with } = said;
    let key = match child.shape {
        Shape::Names(_) => child.usage.to_owned(),
        _ => format!("[{}] {}", child.key, child.usage),
    };
    let value = |name: &str| usage_of(child, name);
    let with = with
        .iter()
        .fold(String::new(), |all, name| all + " " + name + " " + value(name));
    let free = |name: &&&'static str| verb != ChildVerb::Add || !child.with.contains(name);
    let may = child
        .may_with
        .iter()
        .filter(free)
        .fold(String::new(), |all, name| {
            all + " [" + name + " " + value(name) + "]"
        });
    match verb {
        ChildVerb::List if child.wildcard.is_empty() => format!("LIST {plural}"),
        ChildVerb::List => format!("LIST {plural} [wildcard (ex: {})]", child.wildcard),
        ChildVerb::Add => format!("ADD {object} {key}{with}{may}"),
        ChildVerb::Update => format!("UPDATE {object} {key}{}{may}", new_name(child)),
        ChildVerb::Remove => format!("REMOVE {object} {key}"),
        ChildVerb::Show => format!("SHOW {object} {key} [ATTR <param>]"),
        ChildVerb::ShowAll => format!("SHOW {object} {key}"),
        ChildVerb::Reset | ChildVerb::ResetSet => format!("RESET {plural}"),
    }
}

/// Names have nothing but themselves to be changed: what they become follows, `<newUnitLocationURI>`.
fn new_name(child: &Child) -> String {
    let mut usage = child.usage.chars();
    match (child.shape, usage.next(), usage.next()) {
        (Shape::Names(_), Some('<'), Some(first)) => {
            format!(" <new{}{}", first.to_ascii_uppercase(), usage.as_str())
        }
        _ => String::new(),
    }
}

/// How the value of an attribute of the child's context is called in usage lines.
fn usage_of(child: &Child, name: &str) -> &'static str {
    let usage = child
        .context()
        .and_then(|context| context.attr(name))
        .map_or("<value>", |attr| attr.usage);
    // What SET takes besides the value itself is no part of ADD.
    usage.split_once(" [").map_or(usage, |(value, _)| value)
}

fn wanting(form: Form, child: &'static Child, verb: ChildVerb) -> Form {
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
