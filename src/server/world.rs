//! Everything that all DCs of a server share, behind one lock.

use std::{collections::HashMap, sync::Arc};

use rand::{Rng, rngs::StdRng};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    AccountSpec, DcAddress, Error, Event,
    accounts::{self, Account, Accounts, Password},
    codes::{Codes, Pending, Refused},
    config,
    journal::{Journal, Opened},
    keys::{Authorization, KeyEntry, Keys},
    mailbox::{Mailbox, Message},
    password::Challenges,
    policy::Policy,
    qr::LoginTokens,
    records::{self, Record},
    scenario::Scenario,
    security::Security,
    transfer::Exports,
};

/// The home DC of accounts that nothing else is said about.
pub(super) const DEFAULT_DC: i32 = 2;

/// The state of the server: what real data centres keep in their databases.
pub(super) struct World {
    /// The DCs and where they listen, by number.
    pub dcs: Vec<DcAddress>,
    /// Users and bots.
    pub accounts: Accounts,
    /// Codes on their way.
    pub codes: Codes,
    /// Auth keys and logins.
    pub keys: Keys,
    /// Password checks on their way.
    pub challenges: Challenges,
    /// Authorizations on their way to another DC.
    pub exports: Exports,
    /// Login tokens that are shown as QR codes.
    pub login_tokens: LoginTokens,
    /// How logins are treated.
    pub policy: Policy,
    /// What is done to the logins of single numbers, and what is refused to whom.
    pub scenario: Scenario,
    /// Where secrets, hashes and codes come from.
    pub rng: StdRng,
    /// What server salts are made of.
    pub salts: [u8; 32],
    /// How often each method was carried out.
    pub carried_out: HashMap<&'static str, u64>,
    /// The last answer to `help.getConfig`.
    pub config: Option<config::Given>,
    mailboxes: HashMap<i64, Mailbox>,
    /// The highest id of a deleted account.
    last_gone: Option<i64>,
    journal: Option<Journal>,
    events: mpsc::Sender<Event>,
}

impl World {
    /// An empty world in memory.
    pub fn new(policy: Policy, mut rng: StdRng, events: mpsc::Sender<Event>) -> Self {
        let mut salts = [0; 32];
        rng.fill_bytes(&mut salts);
        Self {
            dcs: Vec::new(),
            accounts: Accounts::default(),
            codes: Codes::default(),
            keys: Keys::default(),
            challenges: Challenges::default(),
            exports: Exports::default(),
            login_tokens: LoginTokens::default(),
            policy,
            scenario: Scenario::default(),
            rng,
            salts,
            carried_out: HashMap::new(),
            config: None,
            mailboxes: HashMap::new(),
            last_gone: None,
            journal: None,
            events,
        }
    }

    /// Takes over what a state directory holds, and keeps it up to date from now on.
    pub fn load(&mut self, opened: Opened) -> Result<(), Error> {
        for (line, value) in &opened.records {
            let record = records::parse(value).map_err(|reason| Error::StateFormat {
                path: opened.dir.join("journal.jsonl"),
                line: *line,
                reason,
            })?;
            match record {
                Record::Header(salts) => self.salts = salts,
                Record::Key(entry, authorization) => self.keys.insert(entry, authorization),
                Record::KeyGone(id) => drop(self.keys.remove(id)),
                Record::Account(account) => self.accounts.put(*account),
                Record::AccountGone(id) => {
                    self.accounts.remove(id);
                    self.mailboxes.remove(&id);
                    self.last_gone = self.last_gone.max(Some(id));
                }
                Record::Code(hash, pending) => self.codes.put(hash, pending),
                Record::CodeGone(hash) => _ = self.codes.remove(&hash),
                Record::Message { owner, message } => {
                    self.mailboxes.entry(owner).or_default().restore(message)
                }
            }
        }
        let keys = self.keys.iter().map(|(entry, auth)| records::key(entry, auth));
        let accounts = self.accounts.iter().map(records::account);
        let codes = self.codes.iter().map(|(hash, pending)| records::code(hash, pending));
        let messages =
            self.mailboxes.iter().flat_map(|(owner, m)| m.iter().map(|m| records::message(*owner, m)));
        // One line is enough to keep the ids of all deleted accounts from being given again.
        let first = std::iter::once(records::header(&self.salts));
        let first = first.chain(self.last_gone.map(records::account_gone));
        let lines = first.chain(keys).chain(accounts).chain(codes).chain(messages);
        self.journal = Some(opened.rewrite(lines)?);
        Ok(())
    }

    fn record(&mut self, make: impl FnOnce() -> Value) {
        if let Some(journal) = &mut self.journal {
            journal.append(&make());
        }
    }

    /// Forces the state to the disk.
    pub fn sync(&self) {
        if let Some(journal) = &self.journal {
            journal.sync();
        }
    }

    /// Tells the program around the server; if it does not listen, the event is lost.
    pub fn emit(&self, event: Event) {
        let _ = self.events.try_send(event);
    }

    /// Adds or changes an account.
    pub fn put_account(&mut self, account: Account) {
        self.record(|| records::account(&account));
        self.accounts.put(account);
    }

    /// Changes an account that exists.
    pub fn change_account(&mut self, id: i64, change: impl FnOnce(&mut Account)) {
        if let Some(mut account) = self.accounts.get(id).cloned() {
            change(&mut account);
            self.put_account(account);
        }
    }

    /// Deletes an account with its messages. Its sessions find out with their next call.
    pub fn delete_account(&mut self, id: i64) {
        if self.accounts.remove(id) {
            self.record(|| records::account_gone(id));
            self.mailboxes.remove(&id);
            self.last_gone = self.last_gone.max(Some(id));
            self.emit(Event::AccountDeleted { user_id: id });
        }
    }

    /// Notes that a code was sent at `now`.
    pub fn put_code(&mut self, hash: String, pending: Pending, now: i64) {
        self.codes.forget_expired(now);
        self.record(|| records::code(&hash, &pending));
        self.codes.put(hash, pending);
    }

    /// Changes a code that is still good.
    pub fn change_code(&mut self, hash: &str, phone: &str, now: i64, change: impl FnOnce(&mut Pending)) {
        let Some(pending) = self.codes.get(hash, phone, now) else { return };
        change(pending);
        if let Some(journal) = &mut self.journal {
            journal.append(&records::code(hash, pending));
        }
    }

    /// Compares a code; after too many wrong ones the right one is refused, too.
    pub fn check_code(&mut self, hash: &str, phone: &str, code: &str, now: i64) -> Result<(), Refused> {
        let done = self.codes.check(hash, phone, code, now);
        // A client that comes back after a restart finds its tries as it left them.
        if let Some(journal) = &mut self.journal {
            let left = self.codes.get(hash, phone, now);
            journal.append(&left.map_or_else(|| records::code_gone(hash), |left| records::code(hash, left)));
        }
        done
    }

    /// Forgets a code.
    pub fn drop_code(&mut self, hash: &str) {
        if self.codes.remove(hash) {
            self.record(|| records::code_gone(hash));
        }
    }

    /// Adds a new auth key.
    pub fn put_key(&mut self, entry: Arc<KeyEntry>) {
        let authorization = Authorization::default();
        if entry.expires.is_none() {
            self.record(|| records::key(&entry, &authorization));
        }
        self.keys.insert(entry, authorization);
    }

    /// Changes the authorization of a permanent key.
    pub fn authorize(&mut self, permanent: i64, change: impl FnOnce(&mut Authorization)) {
        if let Some((entry, authorization)) = self.keys.change(permanent, change)
            && let Some(journal) = &mut self.journal
        {
            journal.append(&records::key(entry, authorization));
        }
    }

    /// Forgets a key for good.
    pub fn destroy_key(&mut self, id: i64) -> bool {
        // A temporary key speaks for the permanent one, and goes with it.
        let id = self.keys.permanent(id).unwrap_or(id);
        let known = self.keys.remove(id).is_some();
        if known {
            self.record(|| records::key_gone(id));
        }
        known
    }

    /// The mailbox of an account.
    pub fn mailbox(&mut self, owner: i64) -> &mut Mailbox {
        self.mailboxes.entry(owner).or_default()
    }

    /// Adds a message to the mailbox of `owner`.
    pub fn deliver(&mut self, owner: i64, peer: i64, out: bool, date: i32, text: &str) -> Message {
        let message = self.mailbox(owner).add(peer, out, date, text);
        self.record(|| records::message(owner, &message));
        message
    }

    /// The home DC of a number, whether it is registered or not; `None` if no DC can be it.
    pub fn home_of_phone(&self, phone: &str) -> Option<i32> {
        let dc = match (self.accounts.by_phone(phone), accounts::test_number(phone)) {
            (Some(account), _) => account.dc,
            (None, Some((dc, _))) => dc,
            (None, None) => self.default_dc(),
        };
        self.has_dc(dc).then_some(dc)
    }

    /// Whether there is a DC with this number.
    pub fn has_dc(&self, dc: i32) -> bool {
        self.dcs.iter().any(|d| d.id == dc)
    }

    fn default_dc(&self) -> i32 {
        if self.has_dc(DEFAULT_DC) { DEFAULT_DC } else { 1 }
    }

    /// Makes a new account with a free id and a random access hash; it is not added yet.
    pub fn new_account(&mut self, phone: String, first_name: String, last_name: String, dc: i32) -> Account {
        Account {
            id: self.accounts.free_id(),
            access_hash: self.random_id(),
            phone: Some(phone),
            bot_secret: None,
            first_name,
            last_name,
            username: None,
            dc,
            password: None,
            contacts: Default::default(),
            security: Security::default(),
        }
    }

    /// Registers the accounts and bots that the server was started with.
    pub fn register(&mut self, specs: &[AccountSpec], bots: &[String]) -> Result<(), Error> {
        for spec in specs {
            self.register_user(spec)?;
        }
        for token in bots {
            self.register_bot(token)?;
        }
        self.register_addresses();
        Ok(())
    }

    /// Gives the accounts the e-mail addresses that the scenario says they have.
    fn register_addresses(&mut self) {
        let accounts = self.scenario.numbers.iter().filter_map(|(phone, number)| {
            let account = self.accounts.by_phone(phone)?;
            Some((account.id, number.login_email.clone(), number.recovery_email.clone()))
        });
        for (id, login, recovery) in accounts.collect::<Vec<_>>() {
            if login.is_some() || recovery.is_some() {
                self.change_account(id, |account| account.security.take_over(login, recovery));
            }
        }
    }

    fn register_user(&mut self, spec: &AccountSpec) -> Result<(), Error> {
        let error = |reason| Error::Account { account: spec.phone.clone(), reason };
        let by_number = accounts::test_number(&spec.phone).map(|(dc, _)| dc);
        let known = self.accounts.by_phone(&spec.phone).cloned();
        let dc = match (by_number, spec.dc) {
            (Some(own), Some(asked)) if own != asked => {
                return Err(error("its number belongs to another DC"));
            }
            (Some(own), _) => own,
            (None, Some(asked)) => asked,
            (None, None) => known.as_ref().map_or_else(|| self.default_dc(), |k| k.dc),
        };
        if !self.has_dc(dc) {
            return Err(error("there is no DC with that number"));
        }
        let mut account = known.unwrap_or_else(|| {
            self.new_account(spec.phone.clone(), default_name(&spec.phone), String::new(), dc)
        });
        account.dc = dc;
        if let Some(first) = spec.first_name.clone().filter(|name| !name.is_empty()) {
            account.first_name = first;
            account.last_name = spec.last_name.clone().unwrap_or_default();
        }
        if let Some(username) = &spec.username {
            if self.accounts.by_username(username).is_some_and(|other| other.id != account.id) {
                return Err(error("its username is taken"));
            }
            account.username = Some(username.clone());
        }
        if let Some(password) = &spec.password {
            let derived = Password::derive(password.as_bytes(), &mut self.rng);
            account.password = Some(derived.map_err(|_| error("its password cannot be used"))?);
        }
        self.put_account(account);
        Ok(())
    }

    fn register_bot(&mut self, spec: &str) -> Result<(), Error> {
        let (token, option) =
            spec.split_once(',').map_or((spec, None), |(token, option)| (token, Some(option.trim())));
        // Only the part before the colon may be shown: the rest is the bot's password.
        let error = |reason| {
            let id = token.split(':').next().unwrap_or_default();
            Error::Account { account: id.to_owned(), reason }
        };
        let (id, secret) =
            accounts::split_token(token).ok_or_else(|| error("a bot's token looks like 123456:ABC-def_1"))?;
        let dc = match option {
            None => None,
            Some(option) => {
                let number = option.strip_prefix("dc=").and_then(|n| n.parse().ok());
                Some(number.ok_or_else(|| error("the only option of a bot is dc=N"))?)
            }
        };
        let known = self.accounts.get(id).cloned();
        if known.as_ref().is_some_and(|known| !known.is_bot()) {
            return Err(error("a user has this id"));
        }
        let dc = dc.or(known.as_ref().map(|k| k.dc)).unwrap_or_else(|| self.default_dc());
        if !self.has_dc(dc) {
            return Err(error("there is no DC with that number"));
        }
        let mut bot = known.unwrap_or_else(|| Account {
            id,
            phone: None,
            username: Some(format!("mtwire_{id}_bot")),
            ..self.new_account(String::new(), format!("Bot {id}"), String::new(), dc)
        });
        bot.dc = dc;
        bot.bot_secret = Some(secret.to_owned().into());
        self.put_account(bot);
        Ok(())
    }

    /// A random number that is not zero.
    pub fn random_id(&mut self) -> i64 {
        loop {
            let id = self.rng.next_u64().cast_signed();
            if id != 0 {
                return id;
            }
        }
    }

    /// `digits` random decimal digits.
    pub fn random_digits(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b'0' + (self.rng.next_u64() % 10) as u8)).collect()
    }
}

fn default_name(phone: &str) -> String {
    let tail = phone.get(phone.len().saturating_sub(4)..).unwrap_or(phone);
    format!("User {tail}")
}
