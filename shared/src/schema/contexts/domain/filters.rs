//! Message rules of groups, lists and folder recipients, which differ in path and prompt only (WIRE.md 2). Stored; rules
//! are not run yet.

use crate::schema::{Access, Attr};
use crate::value::{Choices, Kind};

pub(super) static SCRIPT_ATTRS: [Attr; 3] = [
    Attr::new("name", Kind::TEXT, "", "name of the filter")
        .usage("<name>")
        .access(Access::Key),
    Attr::new("type", Kind::TEXT, "sieve", "language of the script").usage("<type>"),
    Attr::new("file", Kind::Path, "", "file of the script").usage("<path>"),
];

pub(super) static ACTIVE_ATTRS: [Attr; 4] = [
    Attr::new("priority", Kind::COUNT, "0", "place in the order, lowest first")
        .usage("<priority>")
        .access(Access::Key),
    Attr::new("filterName", Kind::TEXT, "", "filter that runs").usage("<name>"),
    Attr::new(
        "filterType",
        Kind::Choice(Choices::of(&["socket", "script", "integrated"])),
        "script",
        "kind of that filter",
    )
    .usage("<type>"),
    Attr::new(
        "filteringOn",
        Kind::Choice(Choices::of(&["received", "sent", "sentAndReceived"])),
        "received",
        "mail that it looks at",
    )
    .usage("<type>"),
];

/// Declares the context of message rules with this path and prompt, and what it holds.
macro_rules! filters {
    ($name:ident, $path:literal, $prompt:literal) => {
        static SCRIPT_COMMANDS: [Command; 1] = [Command::not_built(
            "UPLOAD filter",
            "takes the script itself",
        )];

        static SCRIPT_FILTER: Context = Context {
            path: concat!($path, "/ScriptFilter"),
            prompt: concat!($prompt, "-script"),
            title: "ScriptFilter",
            leave: Leave::Done,
            attrs: &[&super::filters::SCRIPT_ATTRS],
            commands: &[&SCRIPT_COMMANDS],
            ..Context::EMPTY
        };

        static ACTIVE_FILTER: Context = Context {
            path: concat!($path, "/ActiveFilter"),
            prompt: concat!($prompt, "-active"),
            title: "ActiveFilter",
            leave: Leave::Done,
            attrs: &[&super::filters::ACTIVE_ATTRS],
            ..Context::EMPTY
        };

        static FILTER_COMMANDS: [Command; 1] = [Command::not_built(
            "LIST Filters",
            "lists the filters that can be made active",
        )];

        static $name: Context = Context {
            path: $path,
            prompt: $prompt,
            title: "Filters",
            leave: Leave::Done,
            children: &[
                Child::many(
                    ("ScriptFilter", "ScriptFilters"),
                    "scriptFilters",
                    ("name", "<name>"),
                    &SCRIPT_FILTER,
                )
                .called("script filter", "The list of script filters:")
                .columns(&[("name", 0)])
                .with(&["file"])
                .without_effect(),
                Child::many(
                    ("ActiveFilter", "ActiveFilters"),
                    "activeFilters",
                    ("priority", "<no.>"),
                    &ACTIVE_FILTER,
                )
                .called("active filter", "The list of active filters:")
                .columns(&[("priority", 0), ("filterName", 0), ("filterType", 0)])
                .with(&["filterName", "filterType"])
                .without_effect(),
            ],
            commands: &[&FILTER_COMMANDS],
            ..Context::EMPTY
        };
    };
}

pub(super) use filters;
