//! `mtwire session import`: a session of another program as one of ours.

use std::fs;
use std::io::Read;
use std::path::Path;

use mtwire::auth::terminal::Presets;
use mtwire::session::convert::{self, ImportOptions, Imported, Input, TWO_PROGRAMS, Warning};
use mtwire::session::{App, DcAddress, Network, Secret};
use serde_json::json;
use tokio::task::block_in_place;
use zeroize::Zeroizing;

use super::args::SessionImportArgs;
use super::count::count;
use super::failure::Failure;
use super::login::NO_API_KEY;
use super::{me, open};

/// More than any session string has.
const MAX_STRING: u64 = 1 << 16;

pub async fn run(args: &SessionImportArgs) -> Result<(), Failure> {
    work(args).await.map_err(|failure| failure.in_json(args.session.json))
}

async fn work(args: &SessionImportArgs) -> Result<(), Failure> {
    let path = open::path(&args.session);
    let taken = || {
        Failure::new(format_args!(
            "{} is there already and is not overwritten; give the new session another name",
            path.display()
        ))
    };
    if fs::symlink_metadata(&path).is_ok() {
        return Err(taken());
    }
    let Imported { mut state, mut warnings } = block_in_place(|| read(args))?;
    if state.app.is_none() && matches!(state.network, Network::Custom { .. }) {
        let (id, hash) = NO_API_KEY;
        state.app = Some(App { id, hash: Secret::from(hash) });
        warnings.retain(|warning| *warning != Warning::NoApiId);
    }
    let store = open::store(&args.session).await?;
    // Made by another process since, or only a name for a file that was cut off.
    if fs::symlink_metadata(&path).is_ok() {
        return Err(taken());
    }
    if let Err(error) = block_in_place(|| convert::save(&state, &store)) {
        _ = fs::remove_file(&path);
        return Err(error.into());
    }
    for warning in &warnings {
        eprintln!("mtwire: {warning}");
    }
    eprintln!("mtwire: {TWO_PROGRAMS}");
    if args.session.json {
        let user = state.user.as_ref().filter(|user| user.id != 0).map(me::json);
        let peers = state.peers.len();
        println!("{}", json!({"session": path, "dc": state.home_dc, "user": user, "peers": peers}));
    } else {
        println!(
            "Imported {}: DC {}, {}; try `mtwire me {}`",
            path.display(),
            state.home_dc,
            count(state.peers.len(), "peer"),
            args.session.name
        );
    }
    Ok(())
}

fn read(args: &SessionImportArgs) -> Result<Imported, Failure> {
    let options = options(args)?;
    let value = &*args.value;
    if value == "-" && args.from.is_string() {
        let mut text = Zeroizing::new(String::with_capacity(1024));
        std::io::stdin().lock().take(MAX_STRING).read_to_string(&mut text)?;
        return Ok(convert::import(args.from, Input::Text(&text), &options)?);
    }
    let path = Path::new(value);
    // A string is no name of a file: it is longer than names can be.
    let input = if args.from.is_string() && !path.exists() { Input::Text(value) } else { Input::Path(path) };
    Ok(convert::import(args.from, input, &options)?)
}

fn options(args: &SessionImportArgs) -> Result<ImportOptions, Failure> {
    let mut options = ImportOptions { account: args.account, ..ImportOptions::default() };
    if let Some(path) = &args.passcode_file {
        let refused = |error| Failure::new(format_args!("{}: {error}", path.display()));
        options.passcode = Some(Presets::read_password(path).map_err(refused)?);
    }
    if let Some((id, address, key)) = args.other.read()? {
        options.network = Some(Network::Custom { public_keys: vec![key.to_pkcs1_pem().into()] });
        options.addresses = vec![(id, DcAddress::new(address.host(), address.port()))];
    }
    if args.test {
        options.network = Some(Network::Test);
    }
    options.app = args.api_id.map(|id| {
        let hash = args.api_hash.as_deref().map(Secret::from).unwrap_or_default();
        App { id, hash }
    });
    Ok(options)
}
