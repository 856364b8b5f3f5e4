//! Which of several addresses is reached first (after RFC 8305, "Happy Eyeballs").

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{BoxFuture, Connection, DialError, Endpoint, Route, connect, erased};

/// How long one address is waited for before the next is tried beside it (RFC 8305, section 8).
const STAGGER: Duration = Duration::from_millis(250);

/// Opens a connection to a DC over the first of `targets` that answers, each an endpoint and the number of the DC as it is
/// to be named there (see [`connect`]): each is dialed when the one before it has failed, or has not answered for a quarter
/// of a second. The others are let go. Gives the place of the one that was taken.
///
/// # Errors
/// [`DialError`] of all.
pub async fn race(
    route: &Route,
    targets: &[(Endpoint, i32)],
    limit: Duration,
) -> Result<(usize, Connection), DialError> {
    let mut waiting = targets.iter().enumerate();
    let mut next = || waiting.next().map(|(number, target)| dial(route, number, target, limit));
    let mut dials: Vec<_> = next().into_iter().collect();
    let mut errors = Vec::new();
    let mut stagger = pin!(sleep(STAGGER));
    poll_fn(|cx| {
        loop {
            let (mut at, mut failed) = (0, false);
            while let Some(dial) = dials.get_mut(at) {
                match dial.as_mut().poll(cx) {
                    Poll::Pending => at += 1,
                    Poll::Ready(Ok(connected)) => return Poll::Ready(Ok(connected)),
                    Poll::Ready(Err(error)) => {
                        drop(dials.remove(at));
                        errors.push(error);
                        failed = true;
                    }
                }
            }
            if !failed && !dials.is_empty() && stagger.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            match next() {
                Some(dial) => {
                    dials.push(dial);
                    stagger.as_mut().reset(Instant::now() + STAGGER);
                }
                None if dials.is_empty() => {
                    return Poll::Ready(Err(DialError::of_all(std::mem::take(&mut errors))));
                }
                None => return Poll::Pending,
            }
        }
    })
    .await
}

type Dialed = Result<(usize, Connection), DialError>;

fn dial<'a>(
    route: &'a Route,
    number: usize,
    (endpoint, dc): &'a (Endpoint, i32),
    limit: Duration,
) -> BoxFuture<'a, Dialed> {
    erased(async move { Ok((number, connect(route, *dc, endpoint, limit).await?)) })
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::Address;
    use crate::transport::Kind;

    const LIMIT: Duration = Duration::from_secs(5);

    async fn listen() -> (TcpListener, Address) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        (listener, address)
    }

    async fn closed() -> Address {
        listen().await.1
    }

    async fn raced(addresses: &[Address]) -> Result<Address, DialError> {
        let targets: Vec<_> = addresses.iter().cloned().map(|address| (address.into(), 2)).collect();
        let (won, _) = race(&Route::direct(Kind::Abridged), &targets, LIMIT).await?;
        Ok(addresses[won].clone())
    }

    #[tokio::test]
    async fn an_address_that_refuses_makes_way_at_once() {
        let (_listener, open) = listen().await;
        let addresses = [closed().await, closed().await, open.clone()];
        assert_eq!(raced(&addresses).await.unwrap(), open);
    }

    #[tokio::test]
    async fn the_first_that_answers_is_taken_and_no_other_dialed() {
        let (_first, open) = listen().await;
        let (second, other) = listen().await;
        assert_eq!(raced(&[open.clone(), other]).await.unwrap(), open);
        let dialed = tokio::time::timeout(Duration::from_millis(1), second.accept()).await;
        assert!(dialed.is_err(), "the second was dialed, too");
    }

    #[tokio::test]
    async fn an_address_that_says_nothing_is_not_waited_for() {
        // A listener whose queue is full drops what comes.
        let (_full, silent) = listen().await;
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let stuck = socket.listen(1).unwrap();
        let address = Address::from(stuck.local_addr().unwrap());
        let mut queue = Vec::new();
        let mut is_stuck = false;
        for _ in 0..8 {
            let dialed = tokio::net::TcpStream::connect(address.literal().unwrap());
            match tokio::time::timeout(Duration::from_millis(100), dialed).await {
                Ok(stream) => queue.push(stream.unwrap()),
                Err(_) => is_stuck = true,
            }
        }
        assert!(is_stuck, "the system takes more connections than it was asked to");
        let begun = std::time::Instant::now();
        assert_eq!(raced(&[address, silent.clone()]).await.unwrap(), silent);
        assert!(begun.elapsed() < LIMIT);
    }

    #[tokio::test]
    async fn when_all_fail_the_error_names_each() {
        let addresses = [closed().await, closed().await];
        let error = raced(&addresses).await.unwrap_err().to_string();
        assert!(addresses.iter().all(|address| error.contains(&address.to_string())), "{error}");
        assert!(raced(&[]).await.is_err());
    }
}
