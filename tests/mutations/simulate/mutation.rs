//! A planted bug: one place of one file, and what is to stand there instead. `../README.md` describes the form.

/// A planted bug.
#[derive(Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What it does, in a sentence.
    pub what: String,
    /// The file, from the root of the repository.
    pub file: String,
    /// The text that stands there now.
    pub find: String,
    /// The text to put there.
    pub put: String,
}

impl Mutation {
    /// Reads the text of a `.mutation` file; `None` if it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.split_once("\n--- find\n")?;
        let (find, put) = rest.split_once("--- put\n")?;
        let (what, file) = head.split_once("\nfile: ")?;
        let owned = |text: &str| text.trim().to_owned();
        Some(Self { what: owned(what), file: owned(file), find: find.to_owned(), put: put.to_owned() })
    }

    /// The source with the bug in it; `None` if the text that is to be replaced is not there exactly once.
    pub fn apply(&self, source: &str) -> Option<String> {
        let once = !self.find.is_empty() && source.matches(&self.find).count() == 1;
        once.then(|| source.replacen(&self.find, &self.put, 1))
    }
}
