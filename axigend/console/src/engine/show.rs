//! SHOW, SHOW ATTR and SHOW of a child (WIRE.md 6.3).

use super::edit::wrong_parameter;
use super::{Engine, Ran};
use crate::backend::Target;
use axigen_shared::control::{Attribute, Body, Note, Reply, Section};
use axigen_shared::grammar::Args;
use axigen_shared::schema::{self, Child, Context, Effect, Object, Origin, Shape, Shown};
use axigen_shared::{Cause, Refusal};
use serde_json::Value;

/// Title of the attributes of an object.
const GENERAL: &str = "General parameters";

impl Engine {
    /// `SHOW [ATTR <param>]`.
    pub(super) async fn show(&self, args: &Args) -> Ran {
        if self.context() == schema::login() {
            return Ok(Reply::with(self.shown_options()));
        }
        let object = self.view().await?;
        let target = self.place().target;
        self.body(&object, &target, args).await.map(Reply::with)
    }

    /// `SHOW <object> … [ATTR <param>]`.
    pub(super) async fn show_child(&self, child: &'static Child, args: &Args) -> Ran {
        let (object, target) = match child.shape {
            Shape::Stored(context) => {
                let (target, object) = self.stored(child, context, args).await?;
                (object.as_ref().clone(), target)
            }
            Shape::Set(_) | Shape::Record(_) => (self.existing(child, args).await?, self.place().target),
            Shape::Part(_) => {
                let part = self.view().await?.part(child.field);
                (
                    part.ok_or_else(|| super::open::not_entered(child))?,
                    self.place().target,
                )
            }
            Shape::Names(_) => return Err(super::open::not_entered(child)),
        };
        self.body(&object, &target, args).await.map(Reply::with)
    }

    async fn body(&self, object: &Object, target: &Target, args: &Args) -> Result<Body, Refusal> {
        let inherited = self.inherited(object.context, target).await?;
        let Some(name) = args.text("ATTR") else {
            let shown = object.shown(inherited.as_deref());
            let attributes = shown
                .iter()
                .map(|shown| attribute(object.context, shown))
                .collect();
            let section = Section {
                title: GENERAL.to_owned(),
                attributes,
                lines: Vec::new(),
            };
            return Ok(Body::Attributes {
                sections: vec![section],
            });
        };
        let known = object.context.attr(name).ok_or_else(|| wrong_parameter(name))?;
        if !known.shown() {
            return Err(Refusal::new(
                Cause::Conflict,
                format!("{} is not shown", known.name),
            ));
        }
        Ok(Body::Attribute(attribute(
            object.context,
            &object.shown_attr(known, inherited.as_deref()),
        )))
    }

    /// The options of the connection, at login (WIRE.md 4.2).
    fn shown_options(&self) -> Body {
        let switch = |name: &str, on: bool| Attribute {
            name: name.to_owned(),
            value: Value::Bool(on),
            text: if on { "on" } else { "off" }.to_owned(),
            note: None,
            unit: String::new(),
            without_effect: false,
        };
        let attributes = vec![
            switch("CONSOLE-CODES", self.options.console_codes),
            switch("QUIET", self.options.quiet),
        ];
        Body::Attributes {
            sections: vec![Section {
                title: GENERAL.to_owned(),
                attributes,
                lines: Vec::new(),
            }],
        }
    }
}

/// An attribute as replies carry it.
fn attribute(context: &Context, shown: &Shown) -> Attribute {
    let note = match &shown.origin {
        Origin::Own => None,
        Origin::Explicit => Some(Note::Explicit),
        Origin::Overrides(above) => Some(Note::Overrides(above.text())),
        Origin::Inherited => Some(Note::Inherited),
    };
    Attribute {
        name: shown.attr.name.to_owned(),
        value: shown.value.json(),
        text: shown.value.text(),
        note,
        unit: shown.attr.unit.symbol().to_owned(),
        without_effect: context.effect(shown.attr) == Effect::None,
    }
}
