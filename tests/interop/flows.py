"""The flows of login that are gone through once by each client: the numbers they use, and what the server is told."""

PASSWORD = "correct horse"
CODE = "54321"
EMAIL_CODE = "135790"
PHRASE = "green apples fall"

# Each way for a code, in the order that auth.resendCode walks.
WAYS = ["app", "sms", "call", "flash_call", "missed_call", "fragment", "firebase", "word", "phrase"]

SEND_CODE_ERRORS = [
    "PHONE_NUMBER_BANNED", "PHONE_NUMBER_FLOOD", "PHONE_NUMBER_INVALID", "PHONE_PASSWORD_FLOOD",
    "PHONE_PASSWORD_PROTECTED", "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN", "API_ID_INVALID", "API_ID_PUBLISHED_FLOOD",
    "SMS_CODE_CREATE_FAILED", "UPDATE_APP_TO_LOGIN", "FLOOD_WAIT_120",
]
SIGN_IN_ERRORS = [
    "PHONE_CODE_EMPTY", "PHONE_CODE_INVALID", "PHONE_CODE_EXPIRED", "PHONE_NUMBER_UNOCCUPIED", "UPDATE_APP_TO_LOGIN",
]


class Numbers:
    """The numbers of one client, so that several can go through the same flow at one time."""

    def __init__(self, digit):
        self.digit = digit
        self.qr = self.test(2, 1)
        self.qr_with_password = self.test(2, 2)
        self.qr_elsewhere = self.test(1, 3)
        self.password = self.test(2, 4)
        self.recovery = self.test(2, 5)
        self.recovery_with_new = self.test(2, 6)
        self.sessions = self.test(2, 7)
        self.log_out = self.test(2, 8)
        self.codes = self.plain(9)
        self.email = self.plain(10)
        self.short_life = self.plain(11)
        self.two_tries = self.plain(12)
        self.patient = self.plain(13)
        self.restart = self.plain(14)
        self.deleted = self.test(2, 15)
        self.send_code_errors = {name: self.plain(20 + i) for i, name in enumerate(SEND_CODE_ERRORS)}
        self.sign_in_errors = {name: self.plain(40 + i) for i, name in enumerate(SIGN_IN_ERRORS)}

    def test(self, dc, n):
        return f"+99966{dc}{self.digit}{n:03}"

    def plain(self, n):
        return f"+1202555{self.digit}{n:03}"

    def accounts(self):
        """Values for `mtwire serve --account`."""
        plain = [
            self.qr, self.qr_elsewhere, self.password, self.sessions, self.log_out, self.codes, self.email,
            self.short_life, self.two_tries, self.patient, self.restart,
            *self.send_code_errors.values(), *self.sign_in_errors.values(),
        ]
        protected = [self.qr_with_password, self.recovery, self.recovery_with_new, self.deleted]
        return plain + [f"{phone},password={PASSWORD}" for phone in protected]

    def scenario(self):
        """What `mtwire serve --scenario` says about the numbers."""
        address = "ada@example.org"
        return {
            self.password: {"email_code": EMAIL_CODE},
            self.recovery: {"recovery_email": address, "email_code": EMAIL_CODE},
            self.recovery_with_new: {"recovery_email": address, "email_code": EMAIL_CODE},
            self.codes: {"codes": WAYS, "code": PHRASE},
            self.email: {"codes": ["email_setup", "sms"], "code": CODE, "email_code": EMAIL_CODE, "email_reset_wait": 0},
            self.short_life: {"code": CODE, "code_lifetime": 1},
            self.two_tries: {"code": CODE, "attempts": 2},
            self.patient: {"codes": ["sms", "call"], "resend_after": 600},
            self.restart: {
                "code": CODE,
                "refuse": {
                    "auth.sendCode": {"error": "AUTH_RESTART", "times": 1},
                    "auth.signIn": {"error": "AUTH_RESTART", "times": 1},
                },
            },
            **{phone: {"refuse": {"auth.sendCode": name}} for name, phone in self.send_code_errors.items()},
            **{phone: {"refuse": {"auth.signIn": name}} for name, phone in self.sign_in_errors.items()},
        }


def raises(error, name):
    """Whether an exception of either client stands for the server's error with this name."""
    stem, _, number = name.rpartition("_")
    known = {name, f"{stem}_X"} if number.isdigit() else {name}
    camel = "".join(word.capitalize() for word in (stem if number.isdigit() else name).split("_")) + "Error"
    said = {getattr(error, "ID", None), getattr(error, "message", None)}
    return bool(said & known) or type(error).__name__ == camel


async def expect(report, name, call):
    """Makes a call that must be refused with this error."""
    try:
        answer = await call
    except Exception as error:
        assert raises(error, name), f"{name} expected, but got {type(error).__name__}: {error}"
        report.step(name)
        return error
    raise AssertionError(f"{name} expected, but got {answer}")


async def main(report, args, all_flows):
    """Goes through the flow that the command line asks for."""
    await all_flows[args.flow](report, Numbers(args.digit))
