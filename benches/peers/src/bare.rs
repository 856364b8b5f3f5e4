//! What a round trip costs when nothing is computed: the bytes of a call and of its answer over loopback between two
//! processes, with tokio on both sides. A client of the same server computes as well, so this bounds what
//! `invoke` can reach, but for how deep the processors sleep meanwhile.

use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::process::Process;
use crate::server::Failure;

pub const NAME: &str = "bare exchange of as many bytes";

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
}

impl Bare {
    pub fn start(runtime: &Runtime) -> Result<Self, Failure> {
        let mut process =
            Process(Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?);
        let mut port = String::new();
        BufReader::new(process.0.stdout.take().ok_or("no output")?).read_line(&mut port)?;
        let stream = runtime.block_on(TcpStream::connect((Ipv4Addr::LOCALHOST, port.trim().parse()?)))?;
        stream.set_nodelay(true)?;
        Ok(Self { _process: process, stream: Arc::new(Mutex::new(stream)) })
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
