//! Login by QR code, for programs that show it themselves.

use super::flow::{Flow, Progress};
use super::{SignInError, SignInStep};
use crate::auth::{Answer, Prompt, QrCode};
use crate::client::{Client, updates::ScanWatch};

/// A QR code that waits to be scanned; made by [`Client::sign_in_qr`].
pub struct QrLogin<'a> {
    flow: Flow<'a>,
    watch: ScanWatch,
    code: QrCode,
}

/// What became of a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QrStep {
    /// It has expired: show [`QrLogin::code`] again, which is another now, and wait again.
    Renewed,
    /// It was scanned: somebody is logged in, or the 2FA password is wanted.
    Scanned(SignInStep),
}

impl QrLogin<'_> {
    /// What to show.
    #[must_use]
    pub fn code(&self) -> &QrCode {
        &self.code
    }

    /// Waits until the code was scanned and accepted, or has expired.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn wait(&mut self) -> Result<QrStep, SignInError> {
        let input = Flow::scan(&self.watch, self.code.expires_in).await;
        match self.flow.input(input).await? {
            Progress::Ask(Prompt::Qr { code, .. }) => {
                self.code = code;
                Ok(QrStep::Renewed)
            }
            progress => progress.step().map(QrStep::Scanned),
        }
    }
}

impl std::fmt::Debug for QrLogin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QrLogin").field("code", &self.code).finish_non_exhaustive()
    }
}

impl Client {
    /// Begins a login by QR code (<https://core.telegram.org/api/qr-login>).
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_qr(&self) -> Result<QrLogin<'_>, SignInError> {
        // Before the code is asked for, so that no scan is missed.
        let watch = self.watch_scan();
        let (mut flow, _) = Flow::begin(self, false).await?;
        match flow.answer(Answer::Qr).await? {
            Progress::Ask(Prompt::Qr { code, .. }) => Ok(QrLogin { flow, watch, code }),
            progress => Err(progress.step().err().unwrap_or(SignInError::NotAsked)),
        }
    }
}
