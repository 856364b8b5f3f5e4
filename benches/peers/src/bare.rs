//! What a round trip costs when nothing is computed: the bytes of a call and of its answer over loopback between two
//! processes, with tokio on both sides. A client of the same server computes as well, so this bounds what
//! `invoke` can reach, but for how deep the processors sleep meanwhile. A second row makes the same
//! exchanges as calls are made: asked for by tasks, through a channel, of the one that has the connection.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::pause::behind_all;
use crate::process::Process;
use crate::server::Failure;

pub const NAME: &str = "bare exchange of as many bytes";
pub const BY_TASKS: &str = "tasks, a channel and a bare exchange";

/// The mean packet of a `help.getConfig` one at a time, with its framing, its acknowledgment and its random padding.
const REQUEST: usize = 256;
const ANSWER: usize = 448;

/// The other process: answers every [`REQUEST`] bytes with [`ANSWER`] bytes, all that have come in one write.
pub fn serve(runtime: &Runtime) -> Result<(), Failure> {
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(answer(stream));
        }
    })
}

async fn answer(mut stream: TcpStream) -> Result<(), std::io::Error> {
    stream.set_nodelay(true)?;
    let (mut room, mut unanswered) = (vec![0; 64 * 1024], 0);
    let answers = vec![7; 64 * 1024 / REQUEST * ANSWER];
    loop {
        let read = stream.read(&mut room).await?;
        if read == 0 {
            return Ok(());
        }
        unanswered += read;
        let whole = unanswered / REQUEST;
        unanswered %= REQUEST;
        stream.write_all(&answers[..whole * ANSWER]).await?;
    }
}

pub struct Bare {
    _process: Process,
    stream: Arc<Mutex<TcpStream>>,
    /// The queue to the task that makes exchanges.
    pub calls: Calls,
}

/// Takes whom to tell that the answer is there.
pub type Calls = mpsc::UnboundedSender<oneshot::Sender<()>>;

impl Bare {
    pub fn start(runtime: &Runtime) -> Result<Self, Failure> {
        let mut process =
            Process(Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?);
        let mut port = String::new();
        BufReader::new(process.0.stdout.take().ok_or("no output")?).read_line(&mut port)?;
        let port = port.trim().parse()?;
        let connect = || runtime.block_on(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
        let (stream, other) = (connect()?, connect()?);
        stream.set_nodelay(true)?;
        other.set_nodelay(true)?;
        let (calls, asked) = mpsc::unbounded_channel();
        runtime.spawn(link(other, asked));
        Ok(Self { _process: process, stream: Arc::new(Mutex::new(stream)), calls })
    }

    /// `times` exchanges, `width` of them in each write.
    pub fn exchange(&self, runtime: &Runtime, times: u64, width: u64) -> Duration {
        let stream = Arc::clone(&self.stream);
        let begun = Instant::now();
        // On a worker of the runtime, as the connections of the libraries are.
        let work = runtime.spawn(async move {
            let mut stream = stream.lock().await;
            let requests = vec![7; REQUEST * width as usize];
            let mut answers = vec![0; ANSWER * width as usize];
            for _ in 0..times.div_ceil(width) {
                stream.write_all(&requests).await?;
                stream.read_exact(&mut answers).await?;
            }
            Ok::<_, std::io::Error>(())
        });
        runtime.block_on(work).expect("a task").expect("an exchange");
        // More may have been exchanged than was asked for: the last write is a whole one.
        begun.elapsed().mul_f64(times as f64 / (times.div_ceil(width) * width) as f64)
    }
}

/// One exchange, made by the task that has the connection.
pub async fn call(calls: Calls) {
    let (tell, told) = oneshot::channel();
    calls.send(tell).expect("a link");
    told.await.expect("an answer");
}

/// Makes the exchanges that are asked for, in parts as our client does with many: a third of what is under way or waits with each write,
/// and who has got an answer asks again before the next one.
async fn link(
    mut stream: TcpStream,
    mut asked: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
) -> Result<(), std::io::Error> {
    let (mut reader, mut writer) = stream.split();
    let (mut room, mut read) = (vec![0; 64 * 1024], 0);
    let mut under_way = VecDeque::<oneshot::Sender<()>>::new();
    let requests = vec![7; 64 * 1024];
    loop {
        tokio::select! {
            biased;
            more = reader.read(&mut room) => {
                read += match more? {
                    0 => return Ok(()),
                    more => more,
                };
                for told in under_way.drain(..(read / ANSWER).min(under_way.len())) {
                    let _ = told.send(());
                }
                read %= ANSWER;
                behind_all().await;
            }
            first = asked.recv() => {
                let Some(first) = first else { return Ok(()) };
                let part = (1 + asked.len() + under_way.len()).div_ceil(3).min(requests.len() / REQUEST);
                let before = under_way.len();
                under_way.push_back(first);
                while under_way.len() - before < part
                    && let Ok(next) = asked.try_recv()
                {
                    under_way.push_back(next);
                }
                writer.write_all(&requests[..(under_way.len() - before) * REQUEST]).await?;
            }
        }
    }
}
