//! One operation on its way through the committer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axigen_shared::{Cause, Refusal};

use super::txn::Txn;

/// An operation that waits: run once, then answered once.
pub(super) trait Job: Send {
    /// Runs the operation; `Err` means that it leaves no trace.
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Refusal>;
    /// Tells the one who waits; `Err` overrules a result the operation gave.
    fn answer(self: Box<Self>, outcome: Result<(), Refusal>);
}

/// An operation with its result and the way to answer.
pub(super) struct Work<F, A, R> {
    /// `None` once it ran.
    operation: Option<F>,
    answer: A,
    result: Option<R>,
}

impl<F, A, R> Work<F, A, R>
where
    F: FnOnce(&mut Txn<'_>) -> Result<R, Refusal> + Send + 'static,
    A: FnOnce(Result<R, Refusal>) + Send + 'static,
    R: Send + 'static,
{
    pub(super) fn boxed(work: F, answer: A) -> Box<dyn Job> {
        Box::new(Self {
            operation: Some(work),
            answer,
            result: None,
        })
    }
}

impl<F, A, R> Job for Work<F, A, R>
where
    F: FnOnce(&mut Txn<'_>) -> Result<R, Refusal> + Send,
    A: FnOnce(Result<R, Refusal>) + Send,
    R: Send,
{
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        let work = self
            .operation
            .take()
            .ok_or_else(|| Refusal::new(Cause::Internal, "an operation ran twice"))?;
        // A defect in one operation must not take the store of a domain down: it is rolled back like any refusal.
        let result = catch_unwind(AssertUnwindSafe(|| work(txn)))
            .unwrap_or_else(|_| Err(Refusal::new(Cause::Internal, "an operation panicked")))?;
        self.result = Some(result);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), Refusal>) {
        let Self { answer, result, .. } = *self;
        answer(outcome.and_then(|()| {
            result.ok_or_else(|| Refusal::new(Cause::Internal, "an operation was answered before it ran"))
        }));
    }
}
