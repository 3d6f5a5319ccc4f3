"""What a password must be: long, and not what is tried first. How it is kept: see `passwords`."""

import unicodedata

SHORTEST = 12
LONGEST = 200

_TRIED_FIRST = """
000000000000 111111111111 123123123123 123456123456 123456789012 1234567890123 123456789123 123456789abc 1q2w3e4r5t6y
1q2w3e4r5t6y7u 1qaz2wsx3edc 1qazxsw23edc 987654321098 aaaaaaaaaaaa abc123abc123 abcd1234abcd abcdefghijkl abcdefghijklm
administrator administrator1 administrator123 adminadminadmin admin1234567 adminpassword asdfasdfasdf asdfghjkl123 asdfghjklqwer
basketball12 changeme1234 changemeplease computer1234 correcthorsebatterystaple dragondragon football1234 iloveyou1234
iloveyouforever iloveyousomuch letmein12345 letmeinletmein liverpool123 loveyouforever master123456 michael12345 mypassword12
mypassword123 p@ssw0rd1234 p@ssword1234 pa55word1234 pass12345678 passw0rd1234 passwordpassword password!123 password1234
password12345 password123456 password2024 password2025 password2026 password2027 princess1234 qazwsxedcrfv qwer1234qwer
qwertyqwerty qwerty123456 qwerty1234567 qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyuiopasdf qwertzuiop123 secret123456
sunshine1234 superman1234 test12345678 testtesttest thisismypassword trustno1trustno1 welcome12345 welcome123456 whatever1234
zaq12wsxcde3 zxcvbnm12345 zxcvbnmasdfg
"""
"""Of those that are long enough, what lists of stolen passwords have first."""

_COMMONEST = frozenset(_TRIED_FIRST.split())


def password_fault(password: str, email: str | None = None) -> str | None:
    """What is wrong with a password for the login with this address; None if nothing is. Characters are counted as composed (NFC)."""
    composed = unicodedata.normalize("NFC", password)
    if not SHORTEST <= len(composed) <= LONGEST:
        return f"between {SHORTEST} and {LONGEST} characters."
    folded = composed.casefold()
    if email is not None and folded in {email.casefold(), email.casefold().partition("@")[0]}:
        return "must not be the address, or its part before the @."
    if folded in _COMMONEST or len(set(folded)) == 1:
        return "is one of those that are tried first; take another."
    return None
