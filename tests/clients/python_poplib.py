"""Python's poplib: CAPA, STLS, USER and PASS, LIST, UIDL, RETR, TOP, DELE, RSET, and the lock of a second session."""
import imaplib
import os
import poplib
import ssl

password = os.environ["PASSWORD"]
clear = (os.environ["POP3_HOST"], int(os.environ["POP3_PORT"]))
trusting = ssl._create_unverified_context()

imap = imaplib.IMAP4(os.environ["IMAP_HOST"], int(os.environ["IMAP_PORT"]), timeout=30)
imap.login("ann@example.test", password)
for number in range(3):
    text = f"Subject: message {number}\r\n\r\n.leading dot\r\nline 2\r\nline 3\r\n".encode()
    assert imap.append("INBOX", None, None, text)[0] == "OK"
imap.logout()

pop = poplib.POP3(*clear, timeout=30)
capabilities = pop.capa()
for name in ("TOP", "UIDL", "STLS", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"):
    assert name in capabilities, capabilities
pop.stls(context=trusting)
try:
    pop.user("ann@example.test")
    pop.pass_("wrong")
    raise SystemExit("a wrong password was taken")
except poplib.error_proto as error:
    assert b"[AUTH]" in error.args[0], error
pop.user("ann@example.test")
pop.pass_(password)
assert pop.stat()[0] == 3
identifiers = [row.split()[1] for row in pop.uidl()[1]]
assert len(set(identifiers)) == 3
_, lines, _ = pop.retr(1)
assert lines[-3:] == [b".leading dot", b"line 2", b"line 3"], lines
_, lines, _ = pop.top(2, 1)
assert lines[-1] == b".leading dot", lines

other = poplib.POP3(*clear, timeout=30)
try:
    other.user("ann@example.test")
    other.pass_(password)
    raise SystemExit("two sessions on one mailbox")
except poplib.error_proto as error:
    assert b"[IN-USE]" in error.args[0], error
other.close()

pop.dele(1)
pop.rset()
pop.dele(2)
pop.quit()

pop = poplib.POP3_SSL(os.environ["POP3S_HOST"], int(os.environ["POP3S_PORT"]), timeout=30, context=trusting)
pop.user("ann")
pop.pass_(password)
assert [row.split()[1] for row in pop.uidl()[1]] == [identifiers[0], identifiers[2]]
pop.dele(1)
pop.close()  # a dropped connection deletes nothing

pop = poplib.POP3(*clear, timeout=30)
pop.user("ann@example.test")
pop.pass_(password)
assert pop.stat()[0] == 2
pop.quit()
