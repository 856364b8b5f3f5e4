//! Each account's own copy of its conversations, numbered as that account sees them.

use std::collections::{HashMap, VecDeque};

/// Messages kept for each account; older ones are forgotten, and a client that asks from before them is told to
/// start afresh (`updates.differenceTooLong`).
const KEPT: usize = 10_000;

/// Sent `random_id`s that are remembered for each account.
const RANDOM_IDS: usize = 1_000;

/// One message in one account's mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Number in this mailbox, from 1.
    pub id: i32,
    /// The other account of the conversation.
    pub peer: i64,
    /// Whether the mailbox's owner sent it.
    pub out: bool,
    /// Unix time, seconds.
    pub date: i32,
    /// The text.
    pub text: String,
    /// The mailbox's `pts` after this message (UP-1).
    pub pts: i32,
}

/// One account's messages, in order, and its update state.
#[derive(Debug)]
pub(super) struct Mailbox {
    messages: VecDeque<Message>,
    pts: i32,
    last_id: i32,
    /// `pts` before the oldest message that is kept.
    floor: i32,
    sent: HashMap<i64, i32>,
    sent_order: VecDeque<i64>,
}

impl Default for Mailbox {
    fn default() -> Self {
        // A state of zero means "unknown" to clients, so an empty mailbox begins with one.
        Self {
            messages: VecDeque::new(),
            pts: 1,
            last_id: 0,
            floor: 1,
            sent: HashMap::new(),
            sent_order: VecDeque::new(),
        }
    }
}

impl Mailbox {
    /// The common `pts`: it grows by one with each message.
    pub fn pts(&self) -> i32 {
        self.pts
    }

    /// Adds a new message and gives it as stored.
    pub fn add(&mut self, peer: i64, out: bool, date: i32, text: &str) -> Message {
        let id = self.last_id.saturating_add(1);
        let pts = self.pts.saturating_add(1);
        let message = Message { id, peer, out, date, text: text.to_owned(), pts };
        self.restore(message.clone());
        message
    }

    /// Puts a message back that was read from the state directory.
    pub fn restore(&mut self, message: Message) {
        self.last_id = self.last_id.max(message.id);
        self.pts = self.pts.max(message.pts);
        self.messages.push_back(message);
        while self.messages.len() > KEPT
            && let Some(gone) = self.messages.pop_front()
        {
            self.floor = gone.pts;
        }
    }

    /// Notes under which id a `random_id` was sent, so that a repeated call does not send twice.
    pub fn remember(&mut self, random_id: i64, message_id: i32) {
        self.sent.insert(random_id, message_id);
        self.sent_order.push_back(random_id);
        while self.sent_order.len() > RANDOM_IDS
            && let Some(oldest) = self.sent_order.pop_front()
        {
            self.sent.remove(&oldest);
        }
    }

    /// The message that was sent with this `random_id`.
    pub fn sent(&self, random_id: i64) -> Option<&Message> {
        let id = self.sent.get(&random_id)?;
        self.messages.iter().rev().find(|m| m.id == *id)
    }

    /// Up to `limit` messages after `pts`, and whether that is all; `None` if some of them are forgotten.
    pub fn since(&self, pts: i32, limit: usize) -> Option<(Vec<&Message>, bool)> {
        if pts < self.floor {
            return None;
        }
        let start = self.messages.partition_point(|m| m.pts <= pts);
        let found: Vec<_> = self.messages.range(start..).take(limit).collect();
        let all = start + found.len() == self.messages.len();
        Some((found, all))
    }

    /// Every kept message, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_and_differences_are_complete() {
        let mut mailbox = Mailbox::default();
        for i in 0..5 {
            let m = mailbox.add(9, i % 2 == 0, i, "x");
            assert_eq!((m.id, m.pts), (i + 1, i + 2));
        }
        let (found, all) = mailbox.since(3, 2).unwrap();
        assert_eq!(found.iter().map(|m| m.pts).collect::<Vec<_>>(), [4, 5]);
        assert!(!all);
        let (found, all) = mailbox.since(5, 2).unwrap();
        assert_eq!(found.len(), 1);
        assert!(all);
        assert_eq!(mailbox.since(6, 2).unwrap(), (vec![], true));
    }

    #[test]
    fn old_messages_go_and_the_difference_says_so() {
        let mut mailbox = Mailbox::default();
        for _ in 0..=KEPT {
            mailbox.add(9, true, 0, "x");
        }
        assert!(mailbox.since(1, 10).is_none());
        assert!(mailbox.since(2, 10).is_some());
        assert_eq!(mailbox.iter().count(), KEPT);
    }

    #[test]
    fn random_ids_are_found_until_they_are_old() {
        let mut mailbox = Mailbox::default();
        let id = mailbox.add(9, true, 0, "x").id;
        mailbox.remember(77, id);
        assert_eq!(mailbox.sent(77).map(|m| m.id), Some(id));
        for i in 0..RANDOM_IDS as i64 {
            mailbox.remember(1000 + i, id);
        }
        assert!(mailbox.sent(77).is_none());
    }
}
