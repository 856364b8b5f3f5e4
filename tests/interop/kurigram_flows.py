#!/usr/bin/env python3
"""Kurigram goes through one of the flows of login that are more than number and code (--flow)."""

import asyncio

from pyrogram import raw
from pyrogram.errors import SessionPasswordNeeded
from pyrogram.qrlogin import QRLogin

import flows
from flows import CODE, EMAIL_CODE, PASSWORD, PHRASE, expect
from kurigram_peer import args, client, log_in, report, trust

count = iter(range(1000))


def code_of(phone):
    """The code of a test number."""
    return phone[6] * 5


async def fresh():
    return await client(f"client {next(count)}")


async def signed_in(report, phone, password=None, code=None):
    c = await fresh()
    me = await log_in(report, c, phone, code or code_of(phone), password)
    return c, me


async def scan(report, phone, password=None):
    """One client shows a QR code, another one scans it; gives the first."""
    scanner, me = await signed_in(report, phone, password)
    c = await fresh()
    qr = QRLogin(c)
    await qr.recreate()
    assert qr.url.startswith("tg://login?token=")
    report.step("auth.exportLoginToken")
    waiting = asyncio.ensure_future(qr.wait(20))
    await asyncio.sleep(0.3)
    device = await scanner.invoke(raw.functions.auth.AcceptLoginToken(token=qr.r.token))
    assert not device.current and device.device_model
    report.step("auth.acceptLoginToken", device=device.device_model)
    try:
        user = await waiting
    except SessionPasswordNeeded:
        report.step("SESSION_PASSWORD_NEEDED")
        user = await c.check_password(password)
    assert user.id == me.id and (await c.get_me()).id == me.id
    report.step("logged in")
    return c


async def qr(report, numbers):
    await scan(report, numbers.qr)


async def qr_with_password(report, numbers):
    await scan(report, numbers.qr_with_password, PASSWORD)


async def qr_elsewhere(report, numbers):
    c = await scan(report, numbers.qr_elsewhere)
    assert await c.storage.dc_id() == 1


async def password(report, numbers):
    phone = numbers.password
    c, _ = await signed_in(report, phone)
    assert await c.enable_cloud_password("one", hint="first")
    report.step("enabled")
    other, _ = await signed_in(report, phone, "one")
    assert await other.get_password_hint() == "first"
    await expect(report, "PASSWORD_HASH_INVALID", c.change_cloud_password("wrong", "two"))
    assert await c.change_cloud_password("one", "two", new_hint="second")
    report.step("changed")
    await signed_in(report, phone, "two")
    assert await c.remove_cloud_password("two")
    report.step("removed")
    await signed_in(report, phone)
    await expect(report, "EMAIL_UNCONFIRMED_6", c.enable_cloud_password("three", email="ada@example.org"))
    assert await c.invoke(raw.functions.account.ConfirmPasswordEmail(code=EMAIL_CODE))
    await signed_in(report, phone, "three")


async def recovery(report, numbers):
    c = await fresh()
    sent = await c.send_code(numbers.recovery)
    await expect(
        report, "SESSION_PASSWORD_NEEDED", c.sign_in(numbers.recovery, sent.phone_code_hash, code_of(numbers.recovery))
    )
    assert await c.send_recovery_code() == "a***a@example.org"
    await expect(report, "CODE_INVALID", c.recover_password("000000"))
    me = await c.recover_password(EMAIL_CODE)
    assert (await c.get_me()).id == me.id
    report.step("auth.recoverPassword")
    await signed_in(report, numbers.recovery)


async def codes(report, numbers):
    c, seen = await fresh(), []
    sent = await c.send_code(numbers.codes)
    while True:
        seen.append(sent.type.name)
        report.step(seen[-1], next=str(sent.next_type))
        if sent.next_type is None:
            break
        sent = await c.resend_code(numbers.codes, sent.phone_code_hash)
    assert len(set(seen)) == len(flows.WAYS), seen
    assert await c.sign_in(numbers.codes, sent.phone_code_hash, PHRASE)


async def refusals(report, numbers):
    for name, phone in numbers.send_code_errors.items():
        c = await fresh()
        error = await expect(report, name, c.send_code(phone))
        if name.startswith("FLOOD_WAIT"):
            assert error.value == 120
        await c.disconnect()
    for name, phone in numbers.sign_in_errors.items():
        c = await fresh()
        sent = await c.send_code(phone)
        await expect(report, name, c.sign_in(phone, sent.phone_code_hash, CODE))
        await c.disconnect()
    c = await fresh()
    sent = await c.send_code(numbers.two_tries)
    await expect(report, "PHONE_CODE_INVALID", c.sign_in(numbers.two_tries, sent.phone_code_hash, "1"))
    await expect(report, "PHONE_CODE_INVALID", c.sign_in(numbers.two_tries, sent.phone_code_hash, "1"))
    await expect(report, "PHONE_CODE_EXPIRED", c.sign_in(numbers.two_tries, sent.phone_code_hash, CODE))


async def sessions(report, numbers):
    phone = numbers.sessions
    one, me = await signed_in(report, phone)
    two, _ = await signed_in(report, phone)
    three, _ = await signed_in(report, phone)
    listed = (await one.get_active_sessions()).active_sessions
    assert [bool(s.is_current) for s in listed] == [True, False, False]
    assert all(s.api_id == 12345 and s.device_model and s.ip_address == "127.0.0.1" for s in listed)
    report.step("account.getAuthorizations", device=listed[0].device_model)
    assert await one.reset_session(listed[1].id)
    assert await one.reset_sessions()
    for c in (two, three):
        await expect(report, "SESSION_REVOKED", c.get_active_sessions())
    assert (await one.get_me()).id == me.id


FLOWS = {
    "qr": qr,
    "qr, password": qr_with_password,
    "qr, another DC": qr_elsewhere,
    "password": password,
    "recovery": recovery,
    "codes": codes,
    "refusals": refusals,
    "sessions": sessions,
}


async def main(report):
    trust(args.pubkey)
    await flows.main(report, args, FLOWS)


report().run(main, args.timeout)
