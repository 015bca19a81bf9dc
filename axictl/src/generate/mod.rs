//! `axictl --generate`: documents and completion scripts, printed from the declarations they describe.
//!
//! `man/axictl.1` comes from the command line's declaration, `man/axigen-reference.5` from the schema; a test compares both with the
//! files in the tree and rewrites them on request, so that neither can grow stale.

mod completion;
mod man;
mod reference;
mod roff;

use crate::args::{CompletionShell, Generate};
use std::io::{self, Write};

/// Prints one of the generated texts to standard output.
pub fn print(what: Generate, shell: CompletionShell) -> io::Result<()> {
    let text = match what {
        Generate::Man => man::page(),
        Generate::Completion => completion::script(shell),
        Generate::Reference => reference::page(),
    };
    io::stdout().lock().write_all(text.as_bytes())
}
