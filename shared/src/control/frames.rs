//! Cutting a reply into frames and putting it together again.

use super::{Body, Frame, Head, MAX_FRAME, Reply};

/// Room for the JSON around the rows of one frame.
const ENVELOPE: usize = 256;

/// Characters of JSON in one row: every one may take six bytes when it is escaped again.
const PIECE: usize = 8 * 1024;

/// The frames of a reply, each at most [`MAX_FRAME`] bytes as JSON when its rows are (a single longer row goes alone).
pub fn frames(id: u64, mut reply: Reply) -> impl Iterator<Item = Frame> {
    let rows = take_rows(&mut reply.body);
    let head = Frame::Head(Head { id, reply });
    std::iter::once(head)
        .chain(Batches {
            rows: rows.into_iter().peekable(),
            id,
        })
        .chain(std::iter::once(Frame::End { id, ended: None }))
}

/// Takes what can be long out of the body: rows of the table, lines of the text.
fn take_rows(body: &mut Body) -> Vec<Vec<String>> {
    match body {
        Body::Table(table) => std::mem::take(&mut table.rows),
        Body::Text { lines, .. } => std::mem::take(lines).into_iter().map(|line| vec![line]).collect(),
        Body::Json { value } => {
            let text = serde_json::to_string(value).unwrap_or_default();
            *value = serde_json::Value::Null;
            pieces(&text)
        }
        _ => Vec::new(),
    }
}

/// The text in rows of at most [`PIECE`] characters.
fn pieces(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        rows.push(vec![chars.by_ref().take(PIECE).collect()]);
    }
    rows
}

struct Batches {
    rows: std::iter::Peekable<std::vec::IntoIter<Vec<String>>>,
    id: u64,
}

impl Iterator for Batches {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let mut rows = vec![self.rows.next()?];
        let mut size = ENVELOPE + rows.first().map_or(0, |row| json_size(row));
        while let Some(row) = self
            .rows
            .next_if(|row| size.saturating_add(json_size(row)) <= MAX_FRAME)
        {
            size += json_size(&row);
            rows.push(row);
        }
        Some(Frame::Rows { id: self.id, rows })
    }
}

/// Bytes of a row as JSON, escapes included.
fn json_size(row: &[String]) -> usize {
    let cell = |cell: &String| serde_json::to_string(cell).map_or(cell.len(), |json| json.len()) + 1;
    row.iter().map(cell).sum::<usize>() + 3
}

/// Puts the frames of one request together to its reply.
#[derive(Debug, Default)]
pub struct Assembler {
    reply: Option<Reply>,
    /// JSON of the body, as far as it has come.
    json: String,
}

impl Assembler {
    /// Takes the next frame; the whole reply at its end. Frames of other requests are not to be given.
    pub fn frame(&mut self, frame: Frame) -> Option<Reply> {
        match frame {
            Frame::Head(head) => self.reply = Some(head.reply),
            Frame::Rows { rows, .. } => match self.reply.as_mut().map(|reply| &mut reply.body) {
                Some(Body::Table(table)) => table.rows.extend(rows),
                Some(Body::Text { lines, .. }) => lines.extend(rows.into_iter().flatten()),
                Some(Body::Json { .. }) => self.json.extend(rows.into_iter().flatten()),
                _ => {}
            },
            Frame::End { ended, .. } => {
                let json = std::mem::take(&mut self.json);
                if let Some(Body::Json { value }) = self.reply.as_mut().map(|reply| &mut reply.body) {
                    *value = serde_json::from_str(&json).unwrap_or_default();
                }
                let begun = self.reply.take()?;
                return Some(match ended {
                    Some(ended) => Reply {
                        body: begun.body,
                        ..*ended
                    },
                    None => begun,
                });
            }
            Frame::Hello(_) | Frame::Event { .. } | Frame::Fault { .. } => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Assembler, frames};
    use crate::control::{Body, Column, Frame, MAX_FRAME, Reply, Table};

    fn table(rows: usize) -> Reply {
        Reply::with(Body::Table(Table {
            title: "The list of accounts for this domain:".into(),
            columns: vec![Column::new("name")],
            rows: (0..rows)
                .map(|row| vec![format!("account-{row}-\"\u{1}")])
                .collect(),
            ..Table::default()
        }))
    }

    #[test]
    fn long_tables_travel_in_bounded_frames_and_arrive_whole() {
        let sent = table(20_000);
        let mut assembler = Assembler::default();
        let mut whole = None;
        let mut count = 0;
        for frame in frames(7, sent.clone()) {
            let line = serde_json::to_string(&frame).unwrap();
            assert!(line.len() <= MAX_FRAME, "{}", line.len());
            let frame: Frame = serde_json::from_str(&line).unwrap();
            whole = assembler.frame(frame);
            count += 1;
        }
        assert!(count > 5);
        assert_eq!(whole, Some(sent));
    }

    #[test]
    fn a_job_says_at_its_end_how_it_went() {
        let begun = Reply::with(Body::Text {
            lines: vec!["one".into()],
            blank: false,
        });
        let mut assembler = Assembler::default();
        let mut whole = None;
        for frame in frames(1, begun) {
            if let Frame::End { id, .. } = frame {
                let rows = vec![vec!["two".into()]];
                assembler.frame(Frame::Rows { id, rows });
                let ended = Some(Box::new(Reply::refused("stopped")));
                whole = assembler.frame(Frame::End { id, ended });
            } else {
                assembler.frame(frame);
            }
        }
        let lines = vec!["one".into(), "two".into()];
        let body = Body::Text { lines, blank: false };
        assert_eq!(
            whole,
            Some(Reply {
                body,
                ..Reply::refused("stopped")
            })
        );
    }

    #[test]
    fn every_body_survives() {
        for body in [
            Body::None,
            Body::Text {
                lines: vec!["a".into(), String::new()],
                blank: true,
            },
            Body::Json {
                value: serde_json::json!({"a": [1, null], "b": "é\"".repeat(100_000)}),
            },
        ] {
            let sent = Reply::with(body);
            let mut assembler = Assembler::default();
            let small = |frame: &Frame| serde_json::to_string(frame).unwrap().len() <= MAX_FRAME;
            let whole = frames(1, sent.clone())
                .inspect(|frame| assert!(small(frame)))
                .filter_map(|frame| assembler.frame(frame))
                .last();
            assert_eq!(whole, Some(sent));
        }
    }
}
