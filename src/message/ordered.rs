//! A map for what comes in order and goes in order, nearly always.

use std::cmp::Ordering;
use std::collections::{VecDeque, vec_deque};

/// Room for as many entries is kept when the map has become empty: what comes and goes together, mostly. An owner whose
/// connection is quiet, or gone, lets go of that, too.
const KEPT: usize = 128;

/// A map by keys that nearly always grow, such as msg_ids: a sorted ring.
///
/// Adding the highest key and taking out the lowest or the highest one take a step, looking up takes as many as a binary search. Any
/// other addition or removal moves the entries on one side of it, the fewer ones: at most half of what is there, which
/// every owner bounds. A session has a dozen of these and looks into most of them for every message: as trees they were a
/// sixth of the client's work for a call, and eight thousand lines each for the back end of the compiler.
#[derive(Clone, Debug)]
pub(crate) struct Ordered<K, V = ()>(VecDeque<(K, V)>);

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<K: Copy + Ord, V> Ordered<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.find(key).is_ok()
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Adds an entry; the value of one that has this key already is replaced.
    #[inline]
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.0.back().is_none_or(|(last, _)| *last < key) {
            if self.0.capacity() == 0 {
                // For many it stays the only one, and the ring would make room for four.
                self.0.reserve_exact(1);
            }
            self.0.push_back((key, value));
        } else {
            self.insert_within(key, value);
        }
    }

    /// Apart, so that the code that moves entries, a kilobyte for each type, stays out of the processor's cache.
    #[inline(never)]
    fn insert_within(&mut self, key: K, value: V) {
        match self.find(key) {
            Err(at) => self.0.insert(at, (key, value)),
            Ok(at) => {
                if let Some((_, there)) = self.0.get_mut(at) {
                    *there = value;
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.find(key).ok()?;
        let (_, value) = match at {
            0 => self.0.pop_front()?,
            _ if at + 1 == self.len() => self.0.pop_back()?,
            _ => self.remove_within(at)?,
        };
        self.shrink();
        Some(value)
    }

    /// Apart, as [`insert_within`](Self::insert_within) is.
    #[inline(never)]
    fn remove_within(&mut self, at: usize) -> Option<(K, V)> {
        self.0.remove(at)
    }

    /// The lowest key with its value.
    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.0.front()
    }

    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        let first = self.0.pop_front();
        self.shrink();
        first
    }

    /// The entry with the next lower key.
    pub(crate) fn before(&self, key: K) -> Option<&(K, V)> {
        let (Ok(at) | Err(at)) = self.find(key);
        self.0.get(at.checked_sub(1)?)
    }

    /// The entry with the next higher key.
    pub(crate) fn after(&self, key: K) -> Option<&(K, V)> {
        self.0.get(match self.find(key) {
            Ok(at) => at + 1,
            Err(at) => at,
        })
    }

    /// All entries, the lowest key first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    /// All values, that of the lowest key first.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Takes out all entries below `key`; gives the highest key of them.
    pub(crate) fn remove_below(&mut self, key: K) -> Option<K> {
        let (Ok(at) | Err(at)) = self.find(key);
        let highest = self.0.drain(..at).next_back().map(|(key, _)| key);
        self.shrink();
        highest
    }

    /// Takes out everything for `work`; room for the next few stays.
    pub(crate) fn drain<T>(&mut self, work: impl FnOnce(vec_deque::Drain<'_, (K, V)>) -> T) -> T {
        let done = work(self.0.drain(..));
        self.shrink();
        done
    }

    /// Takes out everything.
    pub(crate) fn take(&mut self) -> impl DoubleEndedIterator<Item = (K, V)> + use<K, V> {
        std::mem::take(&mut self.0).into_iter()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// [`let_go_if_empty`].
    pub(crate) fn let_go_if_empty(&mut self) {
        let_go_if_empty(&mut self.0);
    }

    /// Lets go of memory that is not in use.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Where a key is, or would be.
    ///
    /// First at the places where it nearly always is: at an end, or right before the last, as the messages of a container are
    /// whose own id is the highest and is there before theirs.
    fn find(&self, key: K) -> Result<usize, usize> {
        let (Some((first, _)), Some((last, _))) = (self.0.front(), self.0.back()) else { return Err(0) };
        let at_last = self.0.len() - 1;
        match last.cmp(&key) {
            Ordering::Less => return Err(self.0.len()),
            Ordering::Equal => return Ok(at_last),
            Ordering::Greater => {}
        }
        let before_last = at_last.checked_sub(1).and_then(|at| self.0.get(at));
        if before_last.is_some_and(|(before_last, _)| *before_last < key) {
            return Err(at_last);
        }
        match first.cmp(&key) {
            Ordering::Greater => Err(0),
            Ordering::Equal => Ok(0),
            Ordering::Less => self.0.binary_search_by_key(&key, |&(key, _)| key),
        }
    }

    /// What was large once is not to stay so in a session that has nothing to do.
    fn shrink(&mut self) {
        if self.0.is_empty() && self.0.capacity() > KEPT {
            self.0 = VecDeque::new();
        }
    }
}

/// Lets go of a ring's memory when there is nothing in it. Of those that are empty whenever nothing happens no more can
/// be wanted, and moving what is left to less memory is half a kilobyte of code for each type.
pub(crate) fn let_go_if_empty<T>(ring: &mut VecDeque<T>) {
    if ring.is_empty() {
        *ring = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_the_standard_map_is(steps in prop::collection::vec((0..6_u8, 0..40_u32), 0..300)) {
            let (mut ring, mut tree) = (Ordered::default(), BTreeMap::new());
            for (step, key) in steps {
                match step {
                    0 => prop_assert_eq!(ring.remove(key), tree.remove(&key)),
                    1 => prop_assert_eq!(ring.pop_first(), tree.pop_first()),
                    2 if key % 8 == 0 => {
                        let below = tree.range(..key).next_back().map(|(&key, _)| key);
                        tree = tree.split_off(&key);
                        prop_assert_eq!(ring.remove_below(key), below);
                    }
                    _ => {
                        // Growing keys, as they are in life, and some that are not.
                        let key = if step == 3 { key } else { 40 + tree.len() as u32 };
                        ring.insert(key, step);
                        tree.insert(key, step);
                    }
                }
                prop_assert_eq!((ring.len(), ring.is_empty()), (tree.len(), tree.is_empty()));
                prop_assert_eq!(ring.first().copied(), tree.first_key_value().map(|(&key, &value)| (key, value)));
                prop_assert_eq!(ring.get(key), tree.get(&key));
                prop_assert_eq!(ring.contains(key), tree.contains_key(&key));
                let before = tree.range(..key).next_back();
                prop_assert_eq!(ring.before(key).map(|(key, value)| (key, value)), before);
                let after = tree.range((Bound::Excluded(key), Bound::Unbounded)).next();
                prop_assert_eq!(ring.after(key).map(|(key, value)| (key, value)), after);
                prop_assert!(ring.iter().map(|(key, value)| (key, value)).eq(&tree));
            }
            prop_assert!(ring.clone().drain(|entries| entries.eq(tree.clone())));
            prop_assert!(ring.take().eq(tree));
            prop_assert!(ring.is_empty());
        }
    }

    #[test]
    fn an_empty_one_holds_little() {
        let mut ring = Ordered::default();
        (0..1000).for_each(|key| ring.insert(key, ()));
        while ring.pop_first().is_some() {}
        assert!(ring.0.capacity() <= KEPT);
    }
}
