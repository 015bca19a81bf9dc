"""A client of Python's imaplib that keeps a mailbox while it is away, and comes back with QRESYNC (RFC 7162).

Another client appends, sets flags, expunges and moves at random meanwhile; after each return what the first client knows is
compared with all that the server has.
"""
import imaplib
import os
import random
import re

host = (os.environ["IMAP_HOST"], int(os.environ["IMAP_PORT"]))
password = os.environ["PASSWORD"]
ROUNDS = 25
TEXT = b"From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n"
for name in ("MOVE", "ENABLE"):
    imaplib.Commands.setdefault(name, ("AUTH", "SELECTED"))
dice = random.Random(7162)


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def connect():
    imap = imaplib.IMAP4(*host, timeout=30)
    ok(imap.login("ann@example.test", password))
    capabilities = ok(imap.capability())[0].decode().split()
    for name in ("QRESYNC", "CONDSTORE", "OBJECTID", "ESORT", "PARTIAL", "SEARCHRES"):
        assert name in capabilities, capabilities
    return imap


def select(imap, parameters=None):
    imap.untagged_responses = {}
    ok(imap._simple_command("SELECT", "INBOX", *([parameters] if parameters else [])))
    imap.state = "SELECTED"


class Kept:
    """What the client knows when it is not connected."""

    def __init__(self):
        self.validity = None
        self.modseq = None
        self.flags = {}
        self.emails = {}

    def hear(self, imap):
        heard = imap.untagged_responses
        assert "EXPUNGE" not in heard, heard
        for line in heard.pop("VANISHED", []):
            for part in line.decode().replace("(EARLIER) ", "").split(","):
                first, _, last = part.partition(":")
                for uid in [uid for uid in self.flags if int(first) <= uid <= int(last or first)]:
                    del self.flags[uid]
        for line in heard.pop("FETCH", []):
            line = line.decode()
            uid = int(re.search(r"UID (\d+)", line)[1])
            flags = re.search(r"FLAGS \(([^)]*)\)", line)
            if flags:
                self.flags[uid] = sorted(set(flags[1].split()) - {r"\Recent"})
            email = re.search(r"EMAILID \(([^)]*)\)", line)
            if email:
                assert self.emails.setdefault(uid, email[1]) == email[1], line
        for code in ("HIGHESTMODSEQ", "UIDVALIDITY"):
            found = [int(value) for value in heard.pop(code, [])]
            if found and code == "HIGHESTMODSEQ":
                self.modseq = found[-1]
            elif found:
                assert self.validity in (None, found[-1])
                self.validity = found[-1]

    def come_back(self):
        imap = connect()
        ok(imap._simple_command("ENABLE", "QRESYNC"))
        how = dice.randrange(4)
        uids = sorted(self.flags)
        known = ",".join(map(str, uids))
        if self.validity is None:
            select(imap)
        elif how == 0:
            select(imap, f"(QRESYNC ({self.validity} {self.modseq}))")
        elif how == 1 and uids:
            select(imap, f"(QRESYNC ({self.validity} {self.modseq} {known}))")
        elif how == 2 and uids:
            numbers = sorted({len(uids), max(1, len(uids) // 2), max(1, len(uids) // 3)})
            places = ",".join(str(uids[number - 1]) for number in numbers)
            select(imap, f"(QRESYNC ({self.validity} {self.modseq} 1:{uids[-1]} ({','.join(map(str, numbers))} {places})))")
        else:
            since = self.modseq
            select(imap)
            ok(imap._simple_command("UID", "FETCH", "1:*", "(FLAGS)", f"(CHANGEDSINCE {since} VANISHED)"))
        self.hear(imap)
        new = max(self.flags, default=0) + 1
        ok(imap._simple_command("UID", "FETCH", f"{new}:*", "(FLAGS MODSEQ)"))
        self.hear(imap)
        return imap


def everything():
    imap = connect()
    ok(imap.select("INBOX", readonly=True))
    truth = Kept()
    ok(imap._simple_command("UID", "FETCH", "1:*", "(FLAGS EMAILID THREADID)"))
    truth.hear(imap)
    imap.logout()
    return truth


def change(imap, count):
    """Random changes by a client that knows nothing of QRESYNC."""
    for _ in range(count):
        uids = [int(uid) for uid in ok(imap.uid("SEARCH", None, "ALL"))[0].split()]
        some = ",".join(map(str, dice.sample(uids, min(len(uids), dice.randrange(1, 6))))) if uids else None
        what = dice.randrange(8)
        if what < 2 or not some:
            for _ in range(dice.randrange(1, 6)):
                ok(imap.append("INBOX", dice.choice([None, r"(\Seen)", r"(\Flagged $Label)"]), None, TEXT))
            ok(imap.noop())
        elif what < 6:
            flags = dice.choice([r"(\Seen)", r"(\Flagged)", "($Label)", r"(\Answered $Other)"])
            ok(imap.uid("STORE", some, dice.choice(["+FLAGS", "-FLAGS", "FLAGS"]), flags))
        elif what == 6:
            ok(imap.uid("STORE", some, "+FLAGS.SILENT", r"(\Deleted)"))
            ok(imap.expunge())
        else:
            ok(imap._simple_command("UID", "MOVE", some, "Trash"))


kept = Kept()
other = connect()
ok(other.select("INBOX"))
change(other, 10)
emails = {}
for number in range(ROUNDS):
    client = kept.come_back()
    truth = everything()
    assert kept.flags == truth.flags, (number, kept.flags, truth.flags)
    for uid, email in truth.emails.items():
        assert emails.setdefault(uid, email) == email
    # While it is there it is told as it happens.
    change(other, dice.randrange(4))
    ok(client.noop())
    new = max(kept.flags, default=0) + 1
    kept.hear(client)
    ok(client._simple_command("UID", "FETCH", f"{new}:*", "(FLAGS MODSEQ)"))
    kept.hear(client)
    assert kept.flags == everything().flags, number
    # What it was told last is where it goes on.
    kept.modseq = int(ok(client.status("INBOX", "(HIGHESTMODSEQ)"))[0].split()[-1].rstrip(b")"))
    client.logout()
    change(other, dice.randrange(1, 8))
assert len(set(emails.values())) == len(emails), "messages that were appended are different messages"
