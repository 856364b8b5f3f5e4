//! Small SOCKS5 and HTTP proxies, written from the RFCs and not from the client, and other things to meet on the way.

use std::sync::{Arc, Mutex};

use mtwire::net::Address;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// The user that the proxies let in when they let in only one.
pub const USER: &str = "me@home";
pub const PASSWORD: &str = "p:a/s%s";

/// What was asked of a proxy.
pub type Asked = Arc<Mutex<Vec<String>>>;

/// Listens, and gives each connection to `serve`.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Address
where
    F: Future<Output = Option<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::from(listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// SOCKS5 (RFC 1928) with or without RFC 1929.
pub async fn socks5(login: bool, asked: Asked) -> Address {
    listen(move |mut client| {
        let asked = Arc::clone(&asked);
        async move {
            assert_eq!(client.read_u8().await.ok()?, 5);
            let mut methods = vec![0; client.read_u8().await.ok()?.into()];
            client.read_exact(&mut methods).await.ok()?;
            let method = if login { 2 } else { 0 };
            if !methods.contains(&method) {
                return client.write_all(&[5, 0xff]).await.ok();
            }
            client.write_all(&[5, method]).await.ok()?;
            if login {
                assert_eq!(client.read_u8().await.ok()?, 1);
                let mut given = Vec::new();
                for _ in 0..2 {
                    let mut text = vec![0; client.read_u8().await.ok()?.into()];
                    client.read_exact(&mut text).await.ok()?;
                    given.push(text);
                }
                let good = given == [USER.as_bytes(), PASSWORD.as_bytes()];
                client.write_all(&[1, u8::from(!good)]).await.ok()?;
                if !good {
                    return None;
                }
            }
            let mut request = [0; 4];
            client.read_exact(&mut request).await.ok()?;
            assert_eq!(request[..3], [5, 1, 0]);
            let host = match request[3] {
                1 => {
                    let mut ip = [0; 4];
                    client.read_exact(&mut ip).await.ok()?;
                    std::net::Ipv4Addr::from(ip).to_string()
                }
                3 => {
                    let mut name = vec![0; client.read_u8().await.ok()?.into()];
                    client.read_exact(&mut name).await.ok()?;
                    String::from_utf8(name).unwrap()
                }
                other => panic!("address type {other}"),
            };
            let target = format!("{host}:{}", client.read_u16().await.ok()?);
            asked.lock().unwrap().push(target.clone());
            match TcpStream::connect(&target).await {
                Ok(mut server) => {
                    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
                    copy_bidirectional(&mut client, &mut server).await.ok()?;
                }
                // Connection refused.
                Err(_) => client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?,
            }
            Some(())
        }
    })
    .await
}

/// HTTP CONNECT, for who says `login` as Basic credentials, if that is asked for.
pub async fn http(login: Option<&'static str>, asked: Asked) -> Address {
    listen(move |client| {
        let asked = Arc::clone(&asked);
        async move {
            let mut client = BufReader::new(client);
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                client.read_line(&mut line).await.ok()?;
                match line.trim_end() {
                    "" => break,
                    line => lines.push(line.to_owned()),
                }
            }
            let target = lines[0].strip_prefix("CONNECT ")?.strip_suffix(" HTTP/1.1")?.to_owned();
            assert!(lines.contains(&format!("Host: {target}")));
            if login.is_some_and(|login| !lines.contains(&format!("Proxy-Authorization: Basic {login}"))) {
                return client.write_all(b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n").await.ok();
            }
            asked.lock().unwrap().push(target.clone());
            match TcpStream::connect(&target).await {
                Ok(mut server) => {
                    client.write_all(b"HTTP/1.1 200 Here you are\r\nVia: test\r\n\r\n").await.ok()?;
                    copy_bidirectional(&mut client, &mut server).await.ok()?;
                }
                Err(_) => client.write_all(b"HTTP/1.1 502 Nobody there\r\n\r\n").await.ok()?,
            }
            Some(())
        }
    })
    .await
}

/// Says `answer` to everybody, and then nothing more.
pub async fn says(answer: &'static [u8]) -> Address {
    listen(move |mut client| async move {
        client.write_all(answer).await.ok()?;
        while client.read(&mut [0; 1024]).await.ok()? > 0 {}
        Some(())
    })
    .await
}

/// Passes on to `target`, and notes the first eleven bytes of each connection. What `lets` refuses is closed.
pub async fn tap(target: Address, seen: Arc<Mutex<Vec<[u8; 11]>>>, lets: fn(&[u8; 11]) -> bool) -> Address {
    listen(move |mut client| {
        let (target, seen) = (target.literal().unwrap(), Arc::clone(&seen));
        async move {
            let mut first = [0; 11];
            client.read_exact(&mut first).await.ok()?;
            seen.lock().unwrap().push(first);
            if !lets(&first) {
                return None;
            }
            let mut server = TcpStream::connect(target).await.ok()?;
            server.write_all(&first).await.ok()?;
            copy_bidirectional(&mut client, &mut server).await.ok()?;
            Some(())
        }
    })
    .await
}
