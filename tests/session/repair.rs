//! Saying what is wrong with a file, and making a good one of what is left.

use std::{fs, path::Path};

use mtwire::session::{
    Change, ErrorKind, FileStore, State,
    file::{FormatErrorKind, Later, Passphrase, check, load_with, repair},
};

use crate::sample::{self, passphrase};

fn write_private(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A file, its states, and where its records begin (and the last ends).
struct Sample {
    dir: tempfile::TempDir,
    passphrase: Option<Passphrase>,
    content: Vec<u8>,
    states: Vec<State>,
    starts: Vec<usize>,
}

impl Sample {
    fn new(passphrase: Option<Passphrase>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.session");
        let states = sample::write_with(&path, passphrase.as_ref());
        let content = fs::read(&path).unwrap();
        let mut at = if passphrase.is_some() { 136 } else { 24 };
        let mut starts = vec![at];
        while at < content.len() {
            let len = u32::from_le_bytes(content[at..at + 4].try_into().unwrap()) as usize;
            at += (12 + len).next_multiple_of(8);
            starts.push(at);
        }
        assert_eq!(starts.len(), states.len());
        Self { dir, passphrase, content, states, starts }
    }

    fn both() -> [Self; 2] {
        [Self::new(None), Self::new(Some(passphrase("open sesame")))]
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("a.session")
    }

    fn with(&self) -> Option<&Passphrase> {
        self.passphrase.as_ref()
    }

    fn flipped(&self, at: usize) -> Vec<u8> {
        let mut content = self.content.clone();
        content[at] ^= 1;
        content
    }
}

#[test]
fn a_whole_file_is_whole_and_not_repaired() {
    for sample in Sample::both() {
        let report = check(sample.path(), sample.with()).unwrap();
        assert!(report.is_whole() && report.torn.is_none());
        assert_eq!((report.records, report.later_records), (5, 0));
        assert_eq!(report.state, *sample.states.last().unwrap());
        let error = repair(sample.path(), sample.with(), Later::Apply).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NothingToRepair), "{error}");
        assert_eq!(fs::read(sample.path()).unwrap(), sample.content);
        assert_eq!(fs::read_dir(sample.dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_torn_tail_is_told_and_is_no_damage() {
    for sample in Sample::both() {
        write_private(&sample.path(), &sample.content[..sample.content.len() - 1]);
        let report = check(sample.path(), sample.with()).unwrap();
        assert!(report.is_whole());
        assert_eq!(report.torn.map(|torn| torn.offset as usize), Some(sample.starts[4]));
        assert_eq!(report.state, sample.states[4]);
        let error = repair(sample.path(), sample.with(), Later::KeepLogin).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NothingToRepair), "{error}");
    }
}

#[test]
fn what_is_before_the_damage_is_recovered_and_the_rest_only_when_asked_for() {
    for sample in Sample::both() {
        // The third record: the end of the login. What follows: update state, peer and channel.
        let damaged = sample.flipped(sample.starts[2] + 10);
        write_private(&sample.path(), &damaged);
        let report = check(sample.path(), sample.with()).unwrap();
        assert_eq!(fs::read(sample.path()).unwrap(), damaged);
        let [damage] = report.damage[..] else { panic!("{:?}", report.damage) };
        assert_eq!(
            (damage.offset as usize, damage.len as usize, damage.kind),
            (sample.starts[2], sample.starts[3] - sample.starts[2], FormatErrorKind::Checksum)
        );
        assert_eq!((report.records, report.later_records), (2, 2));
        assert_eq!(report.later, sample::batches()[3..].concat());
        assert_eq!(report.state, sample.states[2]);

        let repaired = repair(sample.path(), sample.with(), Later::KeepLogin).unwrap();
        assert_eq!((&repaired.report, &repaired.state), (&report, &sample.states[2]));
        assert_eq!(load_with(sample.path(), sample.with()).unwrap(), sample.states[2]);
        assert_eq!(repaired.kept.file_name().unwrap(), "a.session-damaged");
        assert_eq!(fs::read(&repaired.kept).unwrap(), damaged);
        assert!(check(sample.path(), sample.with()).unwrap().is_whole());

        write_private(&sample.path(), &damaged);
        let repaired = repair(sample.path(), sample.with(), Later::Apply).unwrap();
        let mut wanted = sample.states[2].clone();
        sample::batches()[3..].concat().iter().for_each(|change| wanted.apply(change));
        assert_eq!(load_with(sample.path(), sample.with()).unwrap(), wanted);
        assert_eq!(repaired.kept.file_name().unwrap(), "a.session-damaged-2", "nothing kept is overwritten");
        #[cfg(unix)]
        for name in ["a.session", "a.session-damaged", "a.session-damaged-2"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(sample.dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[test]
fn a_login_behind_the_damage_is_not_lost_without_being_told_to() {
    for sample in Sample::both() {
        // The second record: behind it somebody logs in.
        let damaged = sample.flipped(sample.starts[1] + 10);
        write_private(&sample.path(), &damaged);
        let error = repair(sample.path(), sample.with(), Later::KeepLogin).unwrap_err();
        let says = "who is logged in is not before the damage but among the 3 whole records behind it; ";
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(fs::read(sample.path()).unwrap(), damaged);
        assert_eq!(fs::read_dir(sample.dir.path()).unwrap().count(), 1, "nothing is written");
        let repaired = repair(sample.path(), sample.with(), Later::LeaveOut).unwrap();
        assert_eq!(repaired.state, sample.states[1]);

        write_private(&sample.path(), &damaged);
        let repaired = repair(sample.path(), sample.with(), Later::Apply).unwrap();
        assert_eq!(repaired.state, *sample.states.last().unwrap());
    }
}

#[test]
fn every_flipped_byte_is_found_at_its_record_and_nothing_before_it_is_lost() {
    for sample in Sample::both() {
        // Every byte, each in another bit than its neighbours.
        for bit in (0..sample.content.len() * 8).step_by(7) {
            let mut damaged = sample.content.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            write_private(&sample.path(), &damaged);
            let report = match check(sample.path(), sample.with()) {
                Ok(report) => report,
                Err(error) => {
                    // Of a key block only all or nothing is left.
                    assert!(sample.with().is_some() && (24..136).contains(&(bit / 8)), "bit {bit}: {error}");
                    continue;
                }
            };
            let record = sample.starts.iter().filter(|&&start| start <= bit / 8).count();
            if record == 0 {
                let wanted = (0, 24);
                assert_eq!(report.damage.iter().map(|d| (d.offset, d.len)).collect::<Vec<_>>(), [wanted]);
                assert_eq!(
                    report.state,
                    *sample.states.last().unwrap(),
                    "bit {bit}: the header alone is lost"
                );
                continue;
            }
            assert_eq!(report.state, sample.states[record - 1], "bit {bit}");
            let start = sample.starts[record - 1] as u64;
            match (report.torn, &report.damage[..]) {
                (Some(torn), []) => assert!(record == 5 && torn.offset == start, "bit {bit}"),
                (None, [damage]) => {
                    assert_eq!((damage.offset, report.records), (start, record - 1), "bit {bit}");
                    assert_eq!((damage.offset + damage.len) as usize, sample.starts[record], "bit {bit}");
                    assert_eq!(report.later_records, 5 - record, "bit {bit}");
                }
                other => panic!("bit {bit}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_lost_header_is_made_anew() {
    for sample in Sample::both() {
        let mut damaged = sample.content.clone();
        damaged[..24].fill(0xff);
        write_private(&sample.path(), &damaged);
        let repaired = repair(sample.path(), sample.with(), Later::KeepLogin).unwrap();
        assert_eq!(repaired.state, *sample.states.last().unwrap());
        assert_eq!(load_with(sample.path(), sample.with()).unwrap(), repaired.state);
    }
}

#[test]
fn cut_inside_of_the_snapshot_there_is_nothing_left() {
    for sample in Sample::both() {
        write_private(&sample.path(), &sample.content[..sample.starts[1] - 1]);
        let report = check(sample.path(), sample.with()).unwrap();
        let kinds: Vec<_> = report.damage.iter().map(|damage| damage.kind).collect();
        assert_eq!(kinds, [FormatErrorKind::Checksum, FormatErrorKind::Truncated { missing: 1 }]);
        let error = repair(sample.path(), sample.with(), Later::Apply).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NothingRecovered { later: 0 }), "{error}");
        let damaged = sample.flipped(sample.starts[0] + 10);
        write_private(&sample.path(), &damaged);
        let error = repair(sample.path(), sample.with(), Later::KeepLogin).unwrap_err();
        assert!(error.to_string().contains("(4 whole records stand behind it); restore a backup"), "{error}");
        assert_eq!(fs::read(sample.path()).unwrap(), damaged);
        assert!(repair(sample.path(), sample.with(), Later::Apply).unwrap().state.user.is_some());
    }
}

#[test]
fn what_is_in_use_or_of_others_or_locked_is_not_repaired() {
    for sample in Sample::both() {
        let store = FileStore::open_with(sample.path(), sample.with()).unwrap();
        let error = repair(sample.path(), sample.with(), Later::KeepLogin).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::InUse { .. }), "{error}");
        assert!(check(sample.path(), sample.with()).unwrap().is_whole(), "looking needs no lock");
        drop(store);
        write_private(&sample.path(), b"SQLite format 3\0 and more than the length of a header");
        for error in [
            check(sample.path(), sample.with()).unwrap_err(),
            repair(sample.path(), sample.with(), Later::Apply).unwrap_err(),
        ] {
            let foreign = FormatErrorKind::Foreign;
            assert!(matches!(error.kind, ErrorKind::Format(e) if e.kind == foreign), "{error}");
        }
        write_private(&sample.path(), &sample.content);
        let wrong = match sample.with() {
            Some(_) => check(sample.path(), Some(&passphrase("wrong"))).unwrap_err(),
            None => continue,
        };
        assert!(matches!(wrong.kind, ErrorKind::WrongPassphrase), "{wrong}");
        let none = repair(sample.path(), None, Later::KeepLogin).unwrap_err();
        assert!(matches!(none.kind, ErrorKind::PassphraseNeeded), "{none}");
    }
}

#[test]
fn a_foreign_file_is_refused_before_it_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.session");
    write_private(&path, b"");
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(check(&path, None).is_err());
}

#[test]
fn several_damages_are_all_named() {
    for sample in Sample::both() {
        let mut damaged = sample.flipped(sample.starts[1] + 1);
        damaged[sample.starts[3] + 9] ^= 0x10;
        write_private(&sample.path(), &damaged);
        let report = check(sample.path(), sample.with()).unwrap();
        let found: Vec<_> = report.damage.iter().map(|damage| damage.offset as usize).collect();
        assert_eq!(found, [sample.starts[1], sample.starts[3]]);
        assert_eq!(report.later, [&sample::batches()[2][..], &sample::batches()[4]].concat());
        assert!(report.later.contains(&Change::Channel(5, Some(6))));
    }
}
