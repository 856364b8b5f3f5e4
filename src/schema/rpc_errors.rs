//! The documented errors of API calls: which names exist, which of them carry a number, who raises them.
//!
//! Source: <https://core.telegram.org/api/errors>.

/// The table as text: code, pattern, methods. It is searched as it stands: errors are rare, memory is not free.
const TABLE: &str = include_str!("../../tl-schema/errors.tsv");

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Documented {
    /// The error code, like an HTTP status: 303 for another DC, 400 for a bad argument, 420 for a flood wait, ….
    pub code: i32,
    /// The name, with `%d` in place of a number.
    pub pattern: &'static str,
    methods: &'static str,
}

impl Documented {
    /// The methods that are documented to raise it; none means that any method can.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> {
        self.methods.split_ascii_whitespace()
    }
}

/// An error message taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message without its number: `FLOOD_WAIT` for `FLOOD_WAIT_17`, `FILE_PART_MISSING` for
    /// `FILE_PART_3_MISSING`.
    pub name: String,
    /// The number: seconds to wait, the DC to go to, the part that is missing, ….
    pub value: Option<u32>,
    /// The line of the table, if the error is documented.
    pub documented: Option<Documented>,
}

/// All documented errors, sorted by pattern.
pub fn documented() -> impl Iterator<Item = Documented> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let code = columns.next()?.parse().ok()?;
        Some(Documented { code, pattern: columns.next()?, methods: columns.next().unwrap_or("") })
    })
}

/// Takes the `error_message` of an `rpc_error` apart.
///
/// The table says where a number belongs to the name (`AUTH_TOKEN_INVALID2`) and where it is a value. The number at the
/// end of a message that the table does not have is taken for a value if a `_` precedes it, as in `FOO_WAIT_5`.
///
/// ```
/// let message = mtwire::schema::rpc_errors::split("FLOOD_WAIT_17");
/// assert_eq!((message.name.as_str(), message.value), ("FLOOD_WAIT", Some(17)));
/// assert_eq!(message.documented.unwrap().code, 420);
/// ```
pub fn split(message: &str) -> Message {
    for line in documented() {
        if line.pattern == message {
            return Message { name: message.to_owned(), value: None, documented: Some(line) };
        }
        if let Some(value) = match_pattern(line.pattern, message) {
            let name = line.pattern.replace("%d", "").replace("__", "_");
            let name = name.trim_end_matches('_').to_owned();
            return Message { name, value: Some(value), documented: Some(line) };
        }
    }
    let undocumented = match message.rsplit_once('_') {
        Some((name, digits)) if !name.is_empty() => number(digits).map(|value| (name, value)),
        _ => None,
    };
    let (name, value) = undocumented.map_or((message, None), |(name, value)| (name, Some(value)));
    Message { name: name.to_owned(), value, documented: None }
}

/// The number that stands in `message` where `pattern` has `%d`.
fn match_pattern(pattern: &str, message: &str) -> Option<u32> {
    let (before, after) = pattern.split_once("%d")?;
    number(message.strip_prefix(before)?.strip_suffix(after)?)
}

/// A decimal number; unlike `str::parse`, without a sign.
fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(message: &str) -> (String, Option<u32>, Option<i32>) {
        let Message { name, value, documented } = split(message);
        (name, value, documented.map(|line| line.code))
    }

    #[test]
    fn the_table_is_whole() {
        assert_eq!(documented().count(), 786);
        assert_eq!(documented().filter(|line| line.pattern.contains("%d")).count(), 28);
        assert!(documented().is_sorted_by_key(|line| line.pattern));
        assert!(documented().all(|line| !line.pattern.is_empty() && line.code != 0));
        assert_eq!(documented().map(|line| line.methods().count()).sum::<usize>(), PAIRS);
    }

    /// How many pairs of method and error the documentation lists.
    const PAIRS: usize = 2366;

    #[test]
    fn numbers_are_values_where_the_table_says_so() {
        assert_eq!(parts("FLOOD_WAIT_17"), ("FLOOD_WAIT".into(), Some(17), Some(420)));
        assert_eq!(parts("PHONE_MIGRATE_2"), ("PHONE_MIGRATE".into(), Some(2), Some(303)));
        assert_eq!(parts("FILE_PART_3_MISSING"), ("FILE_PART_MISSING".into(), Some(3), Some(400)));
        assert_eq!(parts("2FA_CONFIRM_WAIT_60"), ("2FA_CONFIRM_WAIT".into(), Some(60), Some(420)));
        let import = "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_5MIN";
        assert_eq!(parts(import), ("PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_MIN".into(), Some(5), Some(406)));
        assert_eq!(parts("AUTH_TOKEN_INVALID2"), ("AUTH_TOKEN_INVALID2".into(), None, Some(400)));
    }

    #[test]
    fn what_the_table_does_not_have() {
        assert_eq!(parts("NEW_WAIT_5"), ("NEW_WAIT".into(), Some(5), None));
        assert_eq!(parts("Something else"), ("Something else".into(), None, None));
        for odd in ["FLOOD_WAIT_", "FLOOD_WAIT_+5", "FLOOD_WAIT_99999999999", "_5", "", "FLOOD_WAIT_٣"] {
            assert_eq!(parts(odd), (odd.into(), None, None));
        }
    }

    #[test]
    fn the_methods_that_raise_an_error() {
        let line = split("PHONE_CODE_INVALID").documented.unwrap();
        assert!(line.methods().any(|method| method == "auth.signIn"));
        assert_eq!(split("AUTH_KEY_DUPLICATED").documented.unwrap().methods().count(), 0);
    }
}
