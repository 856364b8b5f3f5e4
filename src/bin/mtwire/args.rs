//! The command line.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use mtwire::client::Timing;
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::AccountSpec;
use mtwire::session::convert::Format;

use super::failure::Failure;
use super::reach::Reach;

/// MTProto 2.0: log in, call API methods, decode packets, run a loopback DC.
#[derive(Parser)]
#[command(version, propagate_version = true, after_help = "Exit codes: 0 done, 1 failed, 2 usage.")]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// Log to standard error; RUST_LOG chooses what.
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a loopback DC that any MTProto client can log in to.
    Serve(ServeArgs),
    /// Log in a user or a bot and keep the session in NAME.session.
    Login(Box<LoginArgs>),
    /// Show who is logged in.
    Me(OnlineArgs),
    /// Call an API method; the answer is printed as JSON.
    Call(CallArgs),
    /// Log out.
    Logout(OnlineArgs),
    /// List the sessions of the account, end them, or log another program in by its QR code.
    Devices(DevicesArgs),
    /// Look at session files, repair and encrypt them.
    Session {
        #[command(subcommand)]
        command: SessionCommand,
    },
    /// Show TL bytes as a tree with byte offsets.
    Decode(DecodeArgs),
    /// Let clients and servers talk over a virtual network with faults, and check what must hold.
    Simulate(SimulateArgs),
}

#[derive(Subcommand)]
pub enum SessionCommand {
    /// Show what is in NAME.session; never its keys.
    Show(NameArgs),
    /// Look for damage in NAME.session, without changing it; exit code 1 if there is any.
    Check(NameArgs),
    /// Make a good file of what is left of a damaged NAME.session; the damaged one is kept.
    Repair(RepairArgs),
    /// Encrypt NAME.session with a passphrase, another passphrase, or not any more.
    Passphrase(PassphraseArgs),
    /// Write the session of NAME.session in another program's form.
    Export(SessionExportArgs),
    /// Make NAME.session of another program's session.
    Import(Box<SessionImportArgs>),
}

#[derive(ClapArgs)]
pub struct RepairArgs {
    #[command(flatten)]
    pub session: NameArgs,
    /// Apply the whole records behind the damage too, though what was lost before them may contradict them.
    #[arg(long)]
    pub skip_damaged: bool,
    /// Leave the whole records behind the damage out, even if the login is among them.
    #[arg(long, conflicts_with = "skip_damaged")]
    pub leave_out: bool,
}

#[derive(ClapArgs)]
pub struct PassphraseArgs {
    #[command(flatten)]
    pub session: NameArgs,
    /// File whose first line is the new passphrase; else it is asked for.
    #[arg(long, value_name = "F", conflicts_with = "remove")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Keep the session without encryption.
    #[arg(long)]
    pub remove: bool,
}

#[derive(ClapArgs)]
pub struct SessionExportArgs {
    #[command(flatten)]
    pub session: NameArgs,
    /// mtwire-string, telethon-string, telethon-sqlite, pyrogram-string or pyrogram-sqlite.
    #[arg(long, value_name = "FORMAT")]
    pub to: Format,
    /// File to write, which must not exist; without it a string is printed. Who has it has the account.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With pyrogram-sqlite: the newer tables, which only Kurigram reads.
    #[arg(long)]
    pub kurigram: bool,
}

#[derive(ClapArgs)]
pub struct SessionImportArgs {
    #[command(flatten)]
    pub session: NameArgs,
    /// mtwire-string, telethon-string, telethon-sqlite, pyrogram-string, pyrogram-sqlite or tdata.
    #[arg(long, value_name = "FORMAT")]
    pub from: Format,
    /// The file or directory; or the string itself, or `-` to read it from standard input, where neither the list of
    /// processes nor the shell's history shows it.
    #[arg(value_name = "VALUE|FILE", allow_hyphen_values = true)]
    pub value: String,
    /// File whose first line is the local passcode of tdata.
    #[arg(long, value_name = "F")]
    pub passcode_file: Option<PathBuf>,
    /// Number of the account in tdata, from 0, when there are several.
    #[arg(long, value_name = "N")]
    pub account: Option<u32>,
    /// Number of the API key, where the form does not have it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub api_id: Option<i32>,
    /// Hash of the API key; only a login needs it.
    #[arg(long, value_name = "H", requires = "api_id")]
    pub api_hash: Option<String>,
    #[command(flatten)]
    pub other: OtherNetwork,
    /// The session is of Telegram's test DCs.
    #[arg(long, conflicts_with = "dc")]
    pub test: bool,
}

/// A session and how to print.
#[derive(ClapArgs, Clone)]
pub struct NameArgs {
    /// Name of the session: NAME.session holds it.
    #[arg(value_parser = session_name)]
    pub name: String,
    /// Directory of the session file.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub session_dir: PathBuf,
    /// File whose first line is the passphrase of the session file; a new session is encrypted with it.
    #[arg(long, value_name = "F")]
    pub passphrase_file: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// A name may lead into another directory, but must not end there.
fn session_name(name: &str) -> Result<String, &'static str> {
    if name.is_empty() || name.ends_with(std::path::is_separator) {
        return Err("a session needs a name");
    }
    Ok(name.to_owned())
}

/// A session, and how to reach its server.
#[derive(ClapArgs, Clone)]
pub struct OnlineArgs {
    #[command(flatten)]
    pub session: NameArgs,
    #[command(flatten)]
    pub patience: Patience,
    #[command(flatten)]
    pub secrecy: Secrecy,
    #[command(flatten)]
    pub reach: Reach,
}

/// How long to wait for a server.
#[derive(ClapArgs, Clone, Copy)]
pub struct Patience {
    /// How long connecting may take, and each call after it; half of it for the key exchange.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    pub timeout: u64,
}

impl Patience {
    /// The deadlines of a client.
    pub fn timing(self) -> Timing {
        let whole = Duration::from_secs(self.timeout);
        let defaults = Timing::default();
        // The steps of connecting end before the whole does, because their errors name the address.
        Timing {
            dial: defaults.dial.min(whole / 2),
            exchange: whole / 2,
            connect: whole,
            call: whole,
            ..defaults
        }
    }
}

/// Whether calls go under temporary keys.
#[derive(ClapArgs, Clone, Copy)]
pub struct Secrecy {
    /// Perfect forward secrecy: encrypt with a temporary key that is never written down. One more key exchange.
    #[arg(long, overrides_with = "no_pfs")]
    pub pfs: bool,
    /// Encrypt with the session's key (the default).
    #[arg(long, overrides_with = "pfs")]
    pub no_pfs: bool,
}

#[derive(ClapArgs)]
pub struct LoginArgs {
    #[command(flatten)]
    pub session: NameArgs,
    #[command(flatten)]
    pub patience: Patience,
    #[command(flatten)]
    pub secrecy: Secrecy,
    /// Number of the API key, from https://my.telegram.org/apps; needed only the first time.
    #[arg(long, value_name = "N", requires = "api_hash")]
    pub api_id: Option<i32>,
    /// Hash of the API key.
    #[arg(long, value_name = "H", requires = "api_id")]
    pub api_hash: Option<String>,
    /// Phone number to log in, with the country code.
    #[arg(long, value_name = "P", conflicts_with_all = ["bot_token", "bot_token_file"])]
    pub phone: Option<String>,
    /// Token of a bot to log in. The list of processes and the shell's history show it: the file does not, nor does the
    /// question for the phone number, which takes a token too, typed or from a pipe.
    #[arg(long, value_name = "T")]
    pub bot_token: Option<String>,
    /// File whose first line is the token of a bot to log in.
    #[arg(long, value_name = "F", conflicts_with = "bot_token")]
    pub bot_token_file: Option<PathBuf>,
    /// Log in by a QR code that the account's Telegram app scans.
    #[arg(long, conflicts_with_all = ["phone", "bot_token", "bot_token_file"])]
    pub qr: bool,
    /// File whose first line is the 2FA password.
    #[arg(long, value_name = "F")]
    pub password_file: Option<PathBuf>,
    #[command(flatten)]
    pub other: OtherNetwork,
    /// Start a loopback DC inside this process, its state in NAME.local-dc/.
    #[arg(long, conflicts_with_all = ["dc", "test"])]
    pub local: bool,
    /// Use Telegram's test DCs.
    #[arg(long, conflicts_with = "dc")]
    pub test: bool,
    #[command(flatten)]
    pub reach: Reach,
}

/// Servers that are not Telegram's.
#[derive(ClapArgs)]
pub struct OtherNetwork {
    /// Address of a DC of another network, with --dc-id and --dc-key.
    #[arg(long, value_name = "HOST:PORT", requires_all = ["dc_id", "dc_key"])]
    pub dc: Option<Address>,
    /// Number of the DC at --dc.
    #[arg(long, value_name = "N", requires = "dc", value_parser = clap::value_parser!(i32).range(1..=999))]
    pub dc_id: Option<i32>,
    /// File with the RSA public key of the servers (PEM).
    #[arg(long, value_name = "FILE", requires = "dc")]
    pub dc_key: Option<PathBuf>,
}

impl OtherNetwork {
    /// The number of the DC, where it is, and the key of its servers, if one was given.
    pub fn read(&self) -> Result<Option<(i32, &Address, PublicKey)>, Failure> {
        let (Some(id), Some(address), Some(path)) = (self.dc_id, &self.dc, &self.dc_key) else {
            return Ok(None);
        };
        let refused = |error: &dyn Display| Failure::new(format_args!("{}: {error}", path.display()));
        let pem = std::fs::read_to_string(path).map_err(|error| refused(&error))?;
        let key = PublicKey::from_pem(&pem).map_err(|error| refused(&error))?;
        Ok(Some((id, address, key)))
    }
}

#[derive(ClapArgs)]
pub struct DevicesArgs {
    #[command(flatten)]
    pub online: OnlineArgs,
    /// End the session with this hash.
    #[arg(long, value_name = "HASH", allow_negative_numbers = true, conflicts_with_all = ["end_others", "accept"])]
    pub end: Option<i64>,
    /// End all sessions but this one.
    #[arg(long, conflicts_with = "accept")]
    pub end_others: bool,
    /// Log in the program whose QR code says this, tg://login?token=….
    #[arg(long, value_name = "URL")]
    pub accept: Option<String>,
}

#[derive(ClapArgs)]
pub struct CallArgs {
    #[command(flatten)]
    pub online: OnlineArgs,
    /// Name of the method, as in help.getConfig.
    pub method: String,
    /// Its arguments as a JSON object; `-` reads them from standard input.
    #[arg(default_value = "{}")]
    pub arguments: String,
}

#[derive(ClapArgs)]
pub struct ServeArgs {
    /// Address to listen on.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub listen: IpAddr,
    /// Port of DC 1; the others follow. 0 lets the system choose.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Number of DCs.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(3..=100))]
    pub dcs: u16,
    /// RSA private key (PEM); made at the first start if the file does not exist.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Write the RSA public key (PEM) to this file, for clients.
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// Keep the state in this directory.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Register an account: '+9996621234[,password=P][,dc=N][,name=First Last][,username=U]'.
    #[arg(long, value_name = "SPEC")]
    pub account: Vec<AccountSpec>,
    /// Register a bot.
    #[arg(long, value_name = "TOKEN")]
    pub bot: Vec<String>,
    /// Do to logins what this JSON file says: codes of every kind, e-mail addresses, errors (docs/loopback-dc.md).
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Let in clients that speak as to an MTProxy with this secret: 32 hexadecimal digits, with dd in front, or with ee in
    /// front and a site's name behind; base64, too.
    #[arg(long, value_name = "SECRET")]
    pub secret: Vec<String>,
    /// Pass on to this address who speaks TLS without a secret, or nothing that is known.
    #[arg(long, value_name = "HOST:PORT")]
    pub site: Option<Address>,
    /// Print JSON lines: first the addresses and the key, then events.
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct DecodeArgs {
    /// Hexadecimal digits, or the name of a file (`-`: standard input) with such digits or with the bytes.
    pub input: String,
    /// Type of the value, as in `Vector<long>` or `help.getConfig`; else the id in front decides.
    #[arg(long = "as", value_name = "TYPE")]
    pub as_type: Option<String>,
    /// Print the value as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(ClapArgs)]
pub struct SimulateArgs {
    /// Play the runs of these seeds, A to B without B itself; each seed is a run of its own.
    #[arg(long, value_name = "A..B", value_parser = super::simulate::seeds, conflicts_with_all = ["seed", "flapping"])]
    pub seeds: Option<Range<u64>>,
    /// Play the run of this seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print what happens in it.
    #[arg(long, requires = "seed", conflicts_with_all = ["json", "flapping"])]
    pub trace: bool,
    /// Instead, one client for hours on a network that is cut every few seconds to minutes.
    #[arg(long)]
    pub flapping: bool,
    /// How many hours of virtual time.
    #[arg(long, value_name = "H", default_value_t = 2, requires = "flapping", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub hours: u32,
    /// On so many threads; by default as many as there are cores.
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Print JSON lines: violations, and at last the counts.
    #[arg(long)]
    pub json: bool,
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=1024) => Ok(threads),
        _ => Err("a number of threads is between 1 and 1024".to_owned()),
    }
}
