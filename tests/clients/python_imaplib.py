"""Python's imaplib: login in clear, with STARTTLS and over TLS, folders, APPEND, FETCH, SEARCH, STORE, COPY, MOVE, EXPUNGE."""
import imaplib
import os
import ssl
import time

password = os.environ["PASSWORD"]
clear = (os.environ["IMAP_HOST"], int(os.environ["IMAP_PORT"]))
trusting = ssl._create_unverified_context()
imaplib.Commands.setdefault("MOVE", ("SELECTED",))


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


imap = imaplib.IMAP4(*clear, timeout=30)
assert "STARTTLS" in imap.capabilities and "IMAP4REV1" in imap.capabilities, imap.capabilities
try:
    imap.login("ann@example.test", "wrong")
    raise SystemExit("a wrong password was taken")
except imaplib.IMAP4.error as error:
    assert "AUTHENTICATIONFAILED" in str(error), error
ok(imap.login("ann@example.test", password))
capabilities = ok(imap.capability())[0].decode().split()
for name in ("IDLE", "UIDPLUS", "MOVE", "NAMESPACE", "QUOTA", "CONDSTORE", "SPECIAL-USE", "ESEARCH"):
    assert name in capabilities, capabilities

folders = b"\n".join(ok(imap.list()))
for name in (b"INBOX", b"Drafts", b"Sent", b"Trash"):
    assert name in folders, folders
ok(imap.create("Work/2026"))
ok(imap.subscribe("Work/2026"))
assert any(b"Work/2026" in row for row in ok(imap.lsub()))
assert ok(imap.namespace())

text = b"From: a@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nbody with {9} in it\r\n"
for number in range(5):
    ok(imap.append("INBOX", r"(\Seen)" if number % 2 else None, imaplib.Time2Internaldate(time.time()), text))
assert ok(imap.select("INBOX")) == [b"5"]
assert ok(imap.search(None, "SEEN")) == [b"2 4"]
imap.literal = "Grü".encode()
assert ok(imap.search("UTF-8", "SUBJECT")) == [b"1 2 3 4 5"]
got = ok(imap.fetch("1", "(RFC822.SIZE BODY.PEEK[])"))
assert got[0][1] == text, got
assert f"RFC822.SIZE {len(text)}".encode() in got[0][0] + got[1], got
envelope = ok(imap.fetch("1:3", "(ENVELOPE BODYSTRUCTURE FLAGS INTERNALDATE UID)"))
assert len(envelope) == 3, envelope
ok(imap.store("1:2", "+FLAGS", r"(\Flagged $Label1)"))
assert ok(imap.search(None, "KEYWORD", "$Label1")) == [b"1 2"]
ok(imap.copy("1:2", "Work/2026"))
assert b"MESSAGES 2" in ok(imap.status("Work/2026", "(MESSAGES UIDNEXT UIDVALIDITY)"))[0]
ok(imap._simple_command("MOVE", "3", "Trash"))
ok(imap.store("1", "+FLAGS", r"(\Deleted)"))
expunged = ok(imap.expunge())
assert len([number for number in expunged if number]) >= 1, expunged
assert ok(imap.select("INBOX")) == [b"3"]
ok(imap.getquotaroot("INBOX"))
ok(imap.rename("Work/2026", "Work/Archive"))
assert b"MESSAGES 2" in ok(imap.status("Work/Archive", "(MESSAGES)"))[0]
ok(imap.delete("Work/Archive"))
ok(imap.close())
imap.logout()

imap = imaplib.IMAP4(*clear, timeout=30)
ok(imap.starttls(ssl_context=trusting))
ok(imap.authenticate("PLAIN", lambda _: f"\0bob@example.test\0{password}".encode()))
ok(imap.select("INBOX", readonly=True))
imap.logout()

imap = imaplib.IMAP4_SSL(os.environ["IMAPS_HOST"], int(os.environ["IMAPS_PORT"]), timeout=30, ssl_context=trusting)
ok(imap.login("bob", password))
imap.logout()
