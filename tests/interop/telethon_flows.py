#!/usr/bin/env python3
"""Telethon goes through one of the flows of login that are more than number and code (--flow)."""

import asyncio

from telethon import errors, functions, types

import flows
from flows import CODE, EMAIL_CODE, PASSWORD, PHRASE, expect
from telethon_peer import args, client, log_in, report, trust


def code_of(phone):
    """The code of a test number."""
    return phone[6] * 5


async def signed_in(report, phone, password=None, code=None):
    c = await client()
    me = await log_in(report, c, phone, code or code_of(phone), password)
    return c, me


async def scan(report, phone, password=None):
    """One client shows a QR code, another one scans it; gives the first and its user."""
    scanner, me = await signed_in(report, phone, password)
    c = await client()
    qr = await c.qr_login()
    assert qr.url.startswith("tg://login?token=")
    report.step("auth.exportLoginToken")
    waiting = asyncio.ensure_future(qr.wait(20))
    await asyncio.sleep(0.1)
    device = await scanner(functions.auth.AcceptLoginTokenRequest(qr.token))
    assert not device.current and device.device_model
    report.step("auth.acceptLoginToken", device=device.device_model)
    await expect(report, "AUTH_TOKEN_ALREADY_ACCEPTED", scanner(functions.auth.AcceptLoginTokenRequest(qr.token)))
    try:
        user = await waiting
    except errors.SessionPasswordNeededError:
        report.step("SESSION_PASSWORD_NEEDED")
        user = await c.sign_in(password=password)
    assert user.id == me.id and (await c.get_me()).id == me.id
    report.step("logged in")
    return c, scanner


async def qr(report, numbers):
    c, scanner = await scan(report, numbers.qr)
    stranger = await client()
    closed = await stranger.qr_login([(await scanner.get_me()).id])
    await expect(report, "AUTH_TOKEN_EXCEPTION", scanner(functions.auth.AcceptLoginTokenRequest(closed.token)))
    await expect(report, "AUTH_TOKEN_INVALIDX", scanner(functions.auth.AcceptLoginTokenRequest(b"x" * 32)))
    await expect(report, "AUTH_TOKEN_INVALID", stranger(functions.auth.ImportLoginTokenRequest(b"x" * 32)))


async def qr_with_password(report, numbers):
    await scan(report, numbers.qr_with_password, PASSWORD)


async def qr_elsewhere(report, numbers):
    c, _ = await scan(report, numbers.qr_elsewhere)
    assert c.session.dc_id == 1, f"logged in at DC {c.session.dc_id}"


async def password(report, numbers):
    phone = numbers.password
    c, _ = await signed_in(report, phone)
    assert await c.edit_2fa(new_password="one", hint="first")
    report.step("set")
    other, _ = await signed_in(report, phone, "one")
    await expect(report, "PASSWORD_HASH_INVALID", c.edit_2fa("wrong", "two"))
    assert await c.edit_2fa("one", "two", hint="second")
    report.step("changed")
    told = await c(functions.account.GetPasswordRequest())
    assert (told.has_password, told.has_recovery, told.hint) == (True, False, "second")
    assert await c.edit_2fa("two", "three", email="ada@example.org", email_code_callback=lambda length: EMAIL_CODE[:length])
    report.step("address confirmed")
    told = await c(functions.account.GetPasswordRequest())
    assert told.has_recovery and told.email_unconfirmed_pattern is None
    wrong = c.edit_2fa("three", "four", email="b@example.org", email_code_callback=lambda _: "000000")
    await expect(report, "CODE_INVALID", wrong)
    told = await c(functions.account.GetPasswordRequest())
    assert told.email_unconfirmed_pattern == "b***@example.org"
    assert await c(functions.account.CancelPasswordEmailRequest())
    again, _ = await signed_in(report, phone, "three")
    assert await c.edit_2fa("three")
    report.step("removed")
    last, _ = await signed_in(report, phone)


async def recovery(report, numbers):
    c = await client()
    await c.send_code_request(numbers.recovery)
    await expect(report, "SESSION_PASSWORD_NEEDED", c.sign_in(numbers.recovery, code_of(numbers.recovery)))
    sent = await c(functions.auth.RequestPasswordRecoveryRequest())
    assert sent.email_pattern == "a***a@example.org"
    report.step("auth.requestPasswordRecovery")
    await expect(report, "CODE_INVALID", c(functions.auth.CheckRecoveryPasswordRequest("000000")))
    assert await c(functions.auth.CheckRecoveryPasswordRequest(EMAIL_CODE))
    answer = await c(functions.auth.RecoverPasswordRequest(EMAIL_CODE))
    assert answer.user.id == (await c.get_me()).id
    assert not (await c(functions.account.GetPasswordRequest())).has_password
    report.step("auth.recoverPassword")


async def reset(report, numbers):
    phone = numbers.recovery_with_new
    c, _ = await signed_in(report, phone, PASSWORD)
    answer = await c(functions.account.ResetPasswordRequest())
    assert isinstance(answer, types.account.ResetPasswordRequestedWait)
    assert (await c(functions.account.GetPasswordRequest())).pending_reset_date
    report.step("account.resetPassword")
    assert await c(functions.account.DeclinePasswordResetRequest())
    answer = await c(functions.account.ResetPasswordRequest())
    assert isinstance(answer, types.account.ResetPasswordFailedWait)
    await expect(report, "RESET_REQUEST_MISSING", c(functions.account.DeclinePasswordResetRequest()))
    half = await client()
    await half.send_code_request(numbers.deleted)
    await expect(report, "SESSION_PASSWORD_NEEDED", half.sign_in(numbers.deleted, code_of(numbers.deleted)))
    assert await half(functions.account.DeleteAccountRequest("forgot"))
    await half.send_code_request(numbers.deleted)
    await expect(report, "PHONE_NUMBER_UNOCCUPIED", half.sign_in(numbers.deleted, code_of(numbers.deleted)))


async def codes(report, numbers):
    c, seen = await client(), []
    sent = await c(functions.auth.SendCodeRequest(numbers.codes, 12345, "0" * 32, types.CodeSettings()))
    while True:
        seen.append(type(sent.type).__name__)
        report.step(seen[-1], next=type(sent.next_type).__name__)
        if sent.next_type is None:
            break
        if seen[-1] == "SentCodeTypeFirebaseSms":
            request = functions.auth.RequestFirebaseSmsRequest(numbers.codes, sent.phone_code_hash, play_integrity_token="x")
            assert not await c(request)
        sent = await c(functions.auth.ResendCodeRequest(numbers.codes, sent.phone_code_hash, reason="none"))
    await expect(report, "SEND_CODE_UNAVAILABLE", c(functions.auth.ResendCodeRequest(numbers.codes, sent.phone_code_hash)))
    names = ["App", "Sms", "Call", "FlashCall", "MissedCall", "FragmentSms", "FirebaseSms", "SmsWord", "SmsPhrase"]
    assert seen == [f"SentCodeType{name}" for name in names], seen
    assert sent.type.beginning == PHRASE.split()[0]
    assert await c.sign_in(numbers.codes, PHRASE, phone_code_hash=sent.phone_code_hash)


async def email(report, numbers):
    phone = numbers.email
    c = await client()
    settings = types.CodeSettings()
    sent = await c(functions.auth.SendCodeRequest(phone, 12345, "0" * 32, settings))
    assert isinstance(sent.type, types.auth.SentCodeTypeSetUpEmailRequired)
    purpose = types.EmailVerifyPurposeLoginSetup(phone, sent.phone_code_hash)
    told = await c(functions.account.SendVerifyEmailCodeRequest(purpose, "eve@example.org"))
    assert (told.email_pattern, told.length) == ("e***e@example.org", len(EMAIL_CODE))
    verified = await c(functions.account.VerifyEmailRequest(purpose, types.EmailVerificationCode(EMAIL_CODE)))
    assert isinstance(verified, types.account.EmailVerifiedLogin)
    report.step("account.verifyEmail", next=type(verified.sent_code.type).__name__)
    assert await c.sign_in(phone, CODE, phone_code_hash=verified.sent_code.phone_code_hash)
    d = await client()
    sent = await d(functions.auth.SendCodeRequest(phone, 12345, "0" * 32, settings))
    assert isinstance(sent.type, types.auth.SentCodeTypeEmailCode) and sent.type.email_pattern == "e***e@example.org"
    code = types.EmailVerificationCode(EMAIL_CODE)
    answer = await d(functions.auth.SignInRequest(phone, sent.phone_code_hash, email_verification=code))
    assert answer.user.phone == phone[1:]
    report.step("logged in by e-mail")
    e = await client()
    sent = await e(functions.auth.SendCodeRequest(phone, 12345, "0" * 32, settings))
    sent = await e(functions.auth.ResetLoginEmailRequest(phone, sent.phone_code_hash))
    assert isinstance(sent.type, types.auth.SentCodeTypeSms)
    assert await e.sign_in(phone, CODE, phone_code_hash=sent.phone_code_hash)


async def refusals(report, numbers):
    for name, phone in numbers.send_code_errors.items():
        c = await client()
        error = await expect(report, name, c.send_code_request(phone))
        if name.startswith("FLOOD_WAIT"):
            assert error.seconds == 120
        await c.disconnect()
    for name, phone in numbers.sign_in_errors.items():
        c = await client()
        await c.send_code_request(phone)
        await expect(report, name, c.sign_in(phone, CODE))
        await c.disconnect()
    c = await client()
    await c.send_code_request(numbers.two_tries)
    await expect(report, "PHONE_CODE_INVALID", c.sign_in(numbers.two_tries, "1"))
    await expect(report, "PHONE_CODE_INVALID", c.sign_in(numbers.two_tries, "1"))
    await expect(report, "PHONE_CODE_EXPIRED", c.sign_in(numbers.two_tries, CODE))
    await c.send_code_request(numbers.short_life)
    await asyncio.sleep(2)
    await expect(report, "PHONE_CODE_EXPIRED", c.sign_in(numbers.short_life, CODE))
    await c.send_code_request(numbers.patient)
    error = await expect(report, "FLOOD_WAIT_600", c.send_code_request(numbers.patient))
    assert 590 < error.seconds <= 600
    # Telethon repeats both calls by itself.
    assert await signed_in(report, numbers.restart, code=CODE)


async def sessions(report, numbers):
    phone = numbers.sessions
    one, me = await signed_in(report, phone)
    two, _ = await signed_in(report, phone)
    three, _ = await signed_in(report, phone)
    listed = (await one(functions.account.GetAuthorizationsRequest())).authorizations
    assert [a.current for a in listed] == [True, False, False] and len({a.hash for a in listed}) == 3
    assert all(a.api_id == 12345 and a.device_model and a.ip == "127.0.0.1" for a in listed)
    report.step("account.getAuthorizations", device=listed[0].device_model, app=listed[0].app_version)
    await expect(report, "HASH_INVALID", one(functions.account.ResetAuthorizationRequest(1)))
    assert await one(functions.account.ResetAuthorizationRequest(listed[1].hash))
    left = [c for c in (two, three) if await c.get_me()]
    assert len(left) == 1, "one of them has ended"
    assert await one(functions.account.SetAuthorizationTTLRequest(30))
    assert await one(functions.auth.ResetAuthorizationsRequest())
    for c in (two, three):
        await expect(report, "SESSION_REVOKED", c(functions.account.GetAuthorizationsRequest()))
    assert (await one.get_me()).id == me.id


async def log_out(report, numbers):
    phone = numbers.log_out
    c, me = await signed_in(report, phone)
    out = await c(functions.auth.LogOutRequest())
    report.step("auth.logOut")
    settings = types.CodeSettings(logout_tokens=[out.future_auth_token])
    d = await client()
    answer = await d(functions.auth.SendCodeRequest(phone, 12345, "0" * 32, settings))
    assert isinstance(answer, types.auth.SentCodeSuccess) and answer.authorization.user.id == me.id
    assert (await d.get_me()).id == me.id
    report.step("auth.sentCodeSuccess")


FLOWS = {
    "qr": qr,
    "qr, password": qr_with_password,
    "qr, another DC": qr_elsewhere,
    "password": password,
    "recovery": recovery,
    "reset": reset,
    "codes": codes,
    "e-mail": email,
    "refusals": refusals,
    "sessions": sessions,
    "log-out": log_out,
}


async def main(report):
    trust(args.pubkey)
    await flows.main(report, args, FLOWS)


report().run(main, args.timeout)
