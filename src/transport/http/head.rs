//! The fields of a head that mean something here.

use super::{Fault, MAX_FIELDS, MAX_HEAD};

/// What the fields of a head say.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// `Content-Length`, if given.
    pub(super) length: Option<u64>,
    /// `Connection: close`.
    pub(super) close: bool,
    /// `Connection: keep-alive`, which HTTP/1.0 needs.
    pub(super) keep_alive: bool,
    /// `Connection: upgrade`.
    pub(super) upgrades: bool,
    /// `Upgrade: websocket`.
    pub(super) websocket: bool,
    /// `Expect: 100-continue`.
    pub(super) expects: bool,
    /// `Sec-WebSocket-Key`.
    pub(super) websocket_key: Option<String>,
    /// `Sec-WebSocket-Version`.
    pub(super) websocket_version: Option<String>,
    /// Whether `binary` is among those of `Sec-WebSocket-Protocol`.
    pub(super) binary: bool,
}

impl Fields {
    /// # Errors
    /// [`Fault::Length`], [`Fault::Chunked`].
    fn read(fields: &[httparse::Header<'_>]) -> Result<Self, Fault> {
        let mut this = Self::default();
        for field in fields {
            let is = |name: &str| field.name.eq_ignore_ascii_case(name);
            let text = || std::str::from_utf8(field.value).map(str::trim).ok();
            let has = |token: &str| {
                let mut tokens = text().unwrap_or_default().split(',');
                tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
            };
            if is("content-length") {
                let number = text().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let length = number.and_then(|text| text.parse().ok()).ok_or(Fault::Length)?;
                // Two lengths are a way to make two readers disagree about where the next request begins.
                if this.length.is_some_and(|known| known != length) {
                    return Err(Fault::Length);
                }
                this.length = Some(length);
            } else if is("transfer-encoding") {
                return Err(Fault::Chunked);
            } else if is("connection") {
                this.close |= has("close");
                this.keep_alive |= has("keep-alive");
                this.upgrades |= has("upgrade");
            } else if is("upgrade") {
                this.websocket |= has("websocket");
            } else if is("expect") {
                this.expects |= has("100-continue");
            } else if is("sec-websocket-key") {
                this.websocket_key = text().map(str::to_owned);
            } else if is("sec-websocket-version") {
                this.websocket_version = text().map(str::to_owned);
            } else if is("sec-websocket-protocol") {
                this.binary |= has("binary");
            }
        }
        Ok(this)
    }
}

/// The head of a request.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    /// Path without the query.
    pub(super) path: String,
    /// HTTP/1.1 and not 1.0.
    pub(super) is_1_1: bool,
    pub(super) fields: Fields,
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct AnswerHead {
    pub(super) status: u16,
    pub(super) fields: Fields,
}

/// Reads the head of a request, with its length; `None` if `input` does not hold all of it yet.
///
/// # Errors
/// [`Fault`].
pub(super) fn request(input: &[u8]) -> Result<Option<(RequestHead, usize)>, Fault> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let head = bounded(input);
    let Some(len) = whole(request.parse(head), head.len() == MAX_HEAD)? else { return Ok(None) };
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(Fault::Head);
    };
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let fields = Fields::read(request.headers)?;
    let (method, path) = (method.to_owned(), path.to_owned());
    Ok(Some((RequestHead { method, path, is_1_1: version == 1, fields }, len)))
}

/// Reads the head of an answer, with its length; `None` if `input` does not hold all of it yet.
///
/// # Errors
/// [`Fault`].
pub(super) fn answer(input: &[u8]) -> Result<Option<(AnswerHead, usize)>, Fault> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let head = bounded(input);
    let Some(len) = whole(answer.parse(head), head.len() == MAX_HEAD)? else { return Ok(None) };
    let status = answer.code.ok_or(Fault::Head)?;
    let fields = Fields::read(answer.headers)?;
    Ok(Some((AnswerHead { status, fields }, len)))
}

fn bounded(input: &[u8]) -> &[u8] {
    input.get(..MAX_HEAD).unwrap_or(input)
}

fn whole(
    parsed: Result<httparse::Status<usize>, httparse::Error>,
    full: bool,
) -> Result<Option<usize>, Fault> {
    match parsed {
        Ok(httparse::Status::Complete(len)) => Ok(Some(len)),
        Ok(httparse::Status::Partial) if full => Err(Fault::HeadTooLong),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(Fault::Head),
    }
}
