"""Messages as nobody should write them, read over raw IMAP: headers beyond every bound, broken MIME, many ranges.

Every FETCH answer is parsed by the grammar of RFC 9051, 9, strictly: what a client's parser would trip over fails here.
"""
import os
import random
import re
import socket

PIECES = [
    "", "text", "--b", "--b--", "--c", "--c--", "Content-Type: multipart/mixed; boundary=b",
    "Content-Type: multipart/digest; boundary=c", "Content-Type: multipart/alternative", "Content-Type: message/rfc822",
    "Content-Type: text/html; charset", "Content-Type: /; x=y", "Content-Type: text", 'Content-Type: "te\\"xt"/p(l)ain',
    "Content-Disposition: ; x=y", 'Content-Disposition: attachment; filename*0="a"; filename*1=b',
    "Content-Language: ,,", "Content-Language: a, b", "Content-ID: ", "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: \x01", 'Content-MD5: "\\', "From: (((", "Subject: \0\x80\xff",
    'To: a@b, "x\\" <c@d>, g: e;, <@x,@y:z@w>', "Content-Type: message/global", 'Content-Type: multipart/x; boundary=""',
    "Content-Description: =?utf-8?q?x?= \x7f", "Content-Location: {5}", " folded", "Content-Type: message/external-body",
]


class Connection:
    def __init__(self):
        self.socket = socket.create_connection((os.environ["IMAP_HOST"], int(os.environ["IMAP_PORT"])), 60)
        self.file = self.socket.makefile("rb")
        self.tag = 0
        self.file.readline()
        self.ok(f"LOGIN ann@example.test {os.environ['PASSWORD']}".encode())

    def response(self):
        whole = b""
        while True:
            line = self.file.readline()
            assert line.endswith(b"\r\n"), (whole, line)
            whole += line
            literal = re.search(rb"\{(\d+)\}\r\n$", line)
            if not literal:
                return whole[:-2]
            whole += self.file.read(int(literal[1]))

    def command(self, command):
        self.tag += 1
        tag = b"t%d " % self.tag
        self.socket.sendall(tag + command + b"\r\n")
        untagged = []
        while not (response := self.response()).startswith(tag):
            untagged.append(response)
        return response[len(tag):], untagged

    def ok(self, command):
        tagged, untagged = self.command(command)
        assert tagged.startswith(b"OK"), (command[:200], tagged)
        return untagged

    def append(self, message):
        self.ok(b"APPEND INBOX ~{%d+}\r\n%s" % (len(message), message))

    def fetch(self, numbers, items):
        """The items of each message, parsed; texts are `bytes`, atoms are `str`, lists are `list`."""
        found = []
        for response in self.ok(f"FETCH {numbers} ({items})".encode()):
            if begin := re.match(rb"\* \d+ FETCH ", response):
                value, end = parse(response, begin.end())
                assert end == len(response), response[end:]
                found.append(dict(zip(value[::2], value[1::2])))
        return found


def parse(text, at):
    if text[at:at + 1] == b"(":
        members, at = [], at + 1
        while text[at:at + 1] != b")":
            if members:
                # Only the parts of a multipart, and addresses, follow one another without a space.
                touching = isinstance(members[-1], list) and text[at:at + 1] == b"("
                assert text[at:at + 1] == b" " or touching, text[max(at - 40, 0):at + 20]
                at += not touching
            member, at = parse(text, at)
            members.append(member)
        return members, at + 1
    if quoted := re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"').match(text, at):
        return re.sub(rb"\\(.)", rb"\1", quoted[1]), quoted.end()
    if literal := re.compile(rb"~?\{(\d+)\}\r\n").match(text, at):
        end = literal.end() + int(literal[1])
        return text[literal.end():end], end
    atom = re.compile(rb"[A-Za-z0-9$\\+\-._]+(\[[^\]]*\](<\d+>)?)?").match(text, at)
    assert atom, text[at:at + 60]
    return atom[0].decode(), atom.end()


def is_text(value):
    return isinstance(value, bytes)


def is_nstring(value):
    return is_text(value) or value == "NIL"


def is_number(value):
    return isinstance(value, str) and value.isdigit()


def is_parameters(value):
    return value == "NIL" or (isinstance(value, list) and len(value) > 0 and len(value) % 2 == 0 and all(map(is_text, value)))


def check_envelope(value):
    assert isinstance(value, list) and len(value) == 10, value
    assert all(is_nstring(value[place]) for place in (0, 1, 8, 9)), value
    for addresses in value[2:8]:
        assert addresses == "NIL" or addresses and all(len(one) == 4 and all(map(is_nstring, one)) for one in addresses), value


def check_extension(disposition, language, location):
    assert disposition == "NIL" or is_text(disposition[0]) and is_parameters(disposition[1]), disposition
    assert is_nstring(language) or language and all(map(is_text, language)), language
    assert is_nstring(location), location


def check_body(value, extended):
    """RFC 9051, 9 "body"."""
    parts = [part for part in value if isinstance(part, list)] if isinstance(value[0], list) else []
    if parts:
        place = next(place for place, part in enumerate(value) if not isinstance(part, list))
        for part in value[:place]:
            check_body(part, extended)
        assert is_text(value[place]) and len(value) == place + (5 if extended else 1), value
        if extended:
            assert is_parameters(value[place + 1]), value
            check_extension(*value[place + 2:])
        return
    kind, subtype, parameters, identifier, description, encoding, octets, *rest = value
    assert all(map(is_text, (kind, subtype, encoding))) and is_parameters(parameters), value
    assert is_nstring(identifier) and is_nstring(description) and is_number(octets), value
    if (kind, subtype) == (b"message", b"rfc822"):
        envelope, body, lines, *rest = rest
        check_envelope(envelope)
        check_body(body, extended)
        assert is_number(lines), value
    elif kind == b"text":
        lines, *rest = rest
        assert is_number(lines), value
    assert len(rest) == (4 if extended else 0), value
    if extended:
        assert is_nstring(rest[0]), value
        check_extension(*rest[1:])


def empty(imap):
    imap.ok(b"SELECT INBOX")
    imap.ok(b"UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    imap.ok(b"EXPUNGE")


def long_headers(imap):
    trace = b"".join(b"X-Trace-%d: %s\r\n" % (number, b"y" * 900) for number in range(600))
    late = b"From: Late <late@example.org>\r\nX-Needle: findme\r\n"
    header = b"Subject: early\r\n%s%sDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n" % (trace, late)
    header += b"Content-Type: multipart/mixed; boundary=qq\r\n\r\n"
    text = b"--qq\r\n\r\nhello\r\n--qq--\r\n"
    endless = b"Subject: " + b"z" * 1000000 + b"\r\nFrom: one@example.org\r\n\r\n"
    only = b"Subject: " + b"z" * 300000
    enclosing = b"Content-Type: message/rfc822\r\n\r\n"
    for message in (header + text, endless + b"body\r\n", only, enclosing + header + text):
        imap.append(message)
    imap.ok(b"SELECT INBOX")
    for number, head, body in ((1, header, text), (2, endless, b"body\r\n"), (3, only, b"")):
        (got,) = imap.fetch(number, "BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS.NOT (X-NONE)]")
        assert got["BODY[HEADER]"] == head and got["BODY[TEXT]"] == body and got["BODY[]"] == head + body, number
        end = b"" if head.endswith(b"\r\n\r\n") else b"\r\n\r\n"
        assert got["BODY[HEADER.FIELDS.NOT (X-NONE)]"] == head + end, number
    fields, others = "HEADER.FIELDS (X-NEEDLE FROM)", "HEADER.FIELDS.NOT (X-NEEDLE FROM)"
    (got,) = imap.fetch(1, f"BODY.PEEK[{fields}] BODY.PEEK[{others}] BODY.PEEK[{others}]<540000.700> ENVELOPE BODYSTRUCTURE")
    assert got[f"BODY[{fields}]"] == late + b"\r\n", got[f"BODY[{fields}]"]
    assert got[f"BODY[{others}]"] == header.replace(late, b"")
    assert got[f"BODY[{others}]<540000>"] == header.replace(late, b"")[540000:540700]
    check_envelope(got["ENVELOPE"])
    assert got["ENVELOPE"][1] == b"early" and got["ENVELOPE"][2] == [[b"Late", "NIL", b"late", b"example.org"]]
    assert got["BODYSTRUCTURE"][1] == b"mixed", got["BODYSTRUCTURE"]
    (got,) = imap.fetch(2, "ENVELOPE BODY.PEEK[HEADER.FIELDS (FROM)]")
    assert got["ENVELOPE"][2][0][2] == b"one" and got["BODY[HEADER.FIELDS (FROM)]"] == b"From: one@example.org\r\n\r\n"
    (got,) = imap.fetch(4, f"BODY.PEEK[1.HEADER] BODY.PEEK[1.TEXT] BODY.PEEK[1.{fields}]")
    assert got["BODY[1.HEADER]"] == header and got["BODY[1.TEXT]"] == text and got[f"BODY[1.{fields}]"] == late + b"\r\n"
    for key, expected in (
        (b"FROM late@example", b" 1"), (b"HEADER X-NEEDLE findme", b" 1"), (b"TEXT findme", b" 1 4"), (b"BODY findme", b" 4"),
        (b"SENTON 21-Nov-1997", b" 1"), (b"SUBJECT early", b" 1"), (b"TEXT hello", b" 1 4"), (b"FROM one@example", b" 2"),
        (b"SENTBEFORE 21-Nov-1997", b""),
    ):
        assert imap.ok(b"SEARCH " + key) == [b"* SEARCH" + expected], key


def broken_mime(imap):
    choice = random.Random(9051)
    for _ in range(300):
        lines = choice.choices(PIECES, k=choice.randint(1, 25))
        imap.append("\r\n".join(lines).encode("latin1") or b"x")
    imap.ok(b"SELECT INBOX")
    for item, check in (
        ("BODYSTRUCTURE", lambda value: check_body(value, True)),
        ("BODY", lambda value: check_body(value, False)),
        ("ENVELOPE", check_envelope),
    ):
        found = imap.fetch("1:*", item)
        assert len(found) == 300, (item, len(found))
        for one in found:
            check(one[item])
    for one in imap.fetch("1:*", "BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822.SIZE"):
        assert one["BODY[HEADER]"] + one["BODY[TEXT]"] == one["BODY[]"], one
        assert len(one["BODY[]"]) == int(one["RFC822.SIZE"]), one


def many_ranges(imap):
    ranges = b",".join(b"%d" % number for number in range(1, 20000, 2))
    found = imap.ok(b"UID SEARCH UID " + ranges)
    assert found == imap.ok(b"UID SEARCH UID 1:19999 NOT UID " + b",".join(b"%d" % number for number in range(2, 20000, 2)))
    tagged, _ = imap.command(b"UID FETCH " + b",".join([b"1:2"] * 30000) + b" UID")
    assert tagged.startswith(b"BAD line longer"), tagged
    tagged, _ = imap.command(b"UID FETCH " + b",".join([b"1"] * 20000) + b" UID")
    assert tagged.startswith(b"BAD"), tagged
    imap.ok(b"NOOP")


imap = Connection()
long_headers(imap)
empty(imap)
broken_mime(imap)
many_ranges(imap)
