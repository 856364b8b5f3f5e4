//! A short list of msg_ids.

use std::ops::Deref;

use super::msg_id::MsgId;

/// The ids of a container, or those that are acknowledged together. A session remembers thousands of such lists, nearly all
/// of one id or two: these need no memory of their own, which would be cold when it is freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    One([MsgId; 1]),
    Two([MsgId; 2]),
    Many(Box<[MsgId]>),
}

impl Ids {
    pub(super) fn new(mut ids: impl Iterator<Item = MsgId>) -> Self {
        match (ids.next(), ids.next(), ids.next()) {
            (Some(only), None, _) => Self::One([only]),
            (Some(first), Some(second), None) => Self::Two([first, second]),
            (first, second, third) => {
                Self::Many(first.into_iter().chain(second).chain(third).chain(ids).collect())
            }
        }
    }
}

impl Deref for Ids {
    type Target = [MsgId];

    fn deref(&self) -> &[MsgId] {
        match self {
            Self::One(ids) => ids,
            Self::Two(ids) => ids,
            Self::Many(ids) => ids,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_it_was_made_of() {
        for length in 0..5 {
            let ids: Vec<_> = (1..=length).map(MsgId::from_wire).collect();
            assert_eq!(*Ids::new(ids.iter().copied()), ids);
        }
    }
}
