//! Trees of messages: places of messages first, then places of messages that are only referred to.

use super::Entry;

/// Steps up a thread to see that a new link closes no circle; a link into a deeper place of a thread is not made.
const CLIMB_MAX: usize = 1000;

/// All trees.
pub(super) struct Forest {
    /// How many places are messages.
    messages: usize,
    nodes: Vec<Node>,
    /// Heads of threads in their order, once sorted.
    heads: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    parent: Option<usize>,
    children: Vec<usize>,
    /// It was taken out.
    gone: bool,
}

impl Forest {
    /// So many messages, each by itself.
    pub(super) fn new(messages: usize) -> Self {
        Self {
            messages,
            nodes: vec![Node::default(); messages],
            heads: Vec::new(),
        }
    }

    /// A place that is no message.
    pub(super) fn add_dummy(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    pub(super) fn is_dummy(&self, place: usize) -> bool {
        place >= self.messages
    }

    pub(super) fn parent(&self, place: usize) -> Option<usize> {
        self.nodes.get(place)?.parent
    }

    pub(super) fn children(&self, place: usize) -> &[usize] {
        self.nodes.get(place).map_or(&[], |node| &node.children)
    }

    /// Makes `child`, which has no parent, a child of `parent`.
    pub(super) fn link(&mut self, parent: usize, child: usize) {
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent);
        }
        if let Some(node) = self.nodes.get_mut(parent) {
            node.children.push(child);
        }
    }

    /// Takes `child` from its parent.
    pub(super) fn unlink(&mut self, child: usize) {
        let parent = self.nodes.get_mut(child).and_then(|node| node.parent.take());
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
            parent.children.retain(|known| *known != child);
        }
    }

    /// Whether `child` may become a child of `parent` without closing a circle.
    pub(super) fn may_link(&self, parent: usize, child: usize) -> bool {
        if parent == child {
            return false;
        }
        if self.children(child).is_empty() {
            return true;
        }
        let mut at = Some(parent);
        for _ in 0..CLIMB_MAX {
            match at {
                None => return true,
                Some(place) if place == child => return false,
                Some(place) => at = self.parent(place),
            }
        }
        false
    }

    /// Takes a place without children out.
    pub(super) fn remove(&mut self, place: usize) {
        self.unlink(place);
        if let Some(node) = self.nodes.get_mut(place) {
            node.gone = true;
        }
    }

    /// The heads as they stand, before sorting.
    pub(super) fn unsorted_roots(&self) -> Vec<usize> {
        let roots = self.nodes.iter().enumerate();
        roots
            .filter(|(_, node)| node.parent.is_none() && !node.gone)
            .map(|(place, _)| place)
            .collect()
    }

    /// All places below these, each before its children.
    pub(super) fn downward(&self, from: Vec<usize>) -> Vec<usize> {
        let mut order = from;
        let mut at = 0;
        while let Some(place) = order.get(at).copied() {
            order.extend_from_slice(self.children(place));
            at += 1;
        }
        order
    }

    /// Sorts siblings and heads by when they were sent; a dummy counts as its first child.
    pub(super) fn sort(&mut self, entries: &[Entry]) {
        let mut heads = self.unsorted_roots();
        let mut keys: Vec<(i64, u32)> = entries.iter().map(|entry| (entry.sent, entry.uid)).collect();
        keys.resize(self.nodes.len(), (i64::MAX, u32::MAX));
        let key = |keys: &[(i64, u32)], place: &usize| keys.get(*place).copied().unwrap_or_default();
        for place in self.downward(heads.clone()).into_iter().rev() {
            let is_dummy = self.is_dummy(place);
            let Some(node) = self.nodes.get_mut(place) else {
                continue;
            };
            node.children.sort_by_key(|child| key(&keys, child));
            if is_dummy && let (Some(first), Some(own)) = (node.children.first(), keys.get(place)) {
                debug_assert!(*own == (i64::MAX, u32::MAX), "set once");
                let first = key(&keys, first);
                if let Some(own) = keys.get_mut(place) {
                    *own = first;
                }
            }
        }
        heads.sort_by_key(|head| key(&keys, head));
        self.heads = heads;
    }

    /// The heads in their order.
    pub(super) fn roots(&self) -> impl Iterator<Item = usize> {
        self.heads.iter().copied()
    }

    /// Appends `(1 2 (3)(4))`.
    pub(super) fn print(&self, root: usize, number: &dyn Fn(usize) -> Option<u32>, out: &mut String) {
        enum Todo {
            Thread(usize),
            Close,
        }
        let mut todo = vec![Todo::Thread(root)];
        while let Some(next) = todo.pop() {
            let Todo::Thread(start) = next else {
                out.push(')');
                continue;
            };
            out.push('(');
            todo.push(Todo::Close);
            let mut place = start;
            let mut is_first = true;
            // One after the other as long as there is one child, then each child in parentheses of its own.
            loop {
                if let Some(number) = Some(place)
                    .filter(|place| !self.is_dummy(*place))
                    .and_then(number)
                {
                    if !std::mem::take(&mut is_first) {
                        out.push(' ');
                    }
                    out.push_str(&number.to_string());
                }
                match self.children(place) {
                    [] => break,
                    [only] => place = *only,
                    several => {
                        if !is_first {
                            out.push(' ');
                        }
                        todo.extend(several.iter().rev().map(|child| Todo::Thread(*child)));
                        break;
                    }
                }
            }
        }
    }
}
