"""Python's smtplib: EHLO, STARTTLS, AUTH, several recipients, 8BITMIME, refusals."""
import os
import smtplib
import ssl
from email.message import EmailMessage

password = os.environ["PASSWORD"]
clear = (os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]))
trusting = ssl._create_unverified_context()


def message(subject):
    mail = EmailMessage()
    mail["From"] = "someone@example.org"
    mail["To"] = "ann@example.test, bob@example.test"
    mail["Subject"] = subject
    mail.set_content("Grüße\n.\n..\nend\n", cte="8bit")
    return mail


with smtplib.SMTP(*clear, timeout=30) as smtp:
    smtp.ehlo("client.example")
    for extension in ("size", "8bitmime", "pipelining", "chunking", "enhancedstatuscodes", "starttls", "smtputf8"):
        assert smtp.has_extn(extension), (extension, smtp.esmtp_features)
    assert not smtp.has_extn("auth"), "passwords are not for connections in clear"
    assert smtp.send_message(message("smtplib in clear")) == {}
    refused = smtp.sendmail("someone@example.org", ["ann@example.test", "nobody@example.test"], "Subject: x\r\n\r\nx\r\n")
    assert refused["nobody@example.test"][0] == 550, refused
    assert smtp.noop()[0] == 250
    assert smtp.rset()[0] == 250
    assert smtp.verify("ann")[0] in (252, 502), "VRFY tells nothing"
    code, text = smtp.docmd("NONSENSE")
    assert code == 500, (code, text)

with smtplib.SMTP(*clear, timeout=30) as smtp:
    smtp.starttls(context=trusting)
    smtp.ehlo("client.example")
    assert "PLAIN" in smtp.esmtp_features["auth"], smtp.esmtp_features
    try:
        smtp.login("ann@example.test", "wrong")
        raise SystemExit("a wrong password was taken")
    except smtplib.SMTPAuthenticationError as error:
        assert error.smtp_code == 535, error
    smtp.login("ann@example.test", password)
    assert smtp.send_message(message("smtplib with a login")) == {}
    try:
        smtp.sendmail("ann@example.test", ["far@example.org"], "Subject: x\r\n\r\nx\r\n")
        raise SystemExit("a remote recipient was taken before SMTP sending exists")
    except smtplib.SMTPRecipientsRefused as error:
        assert error.recipients["far@example.org"][0] // 100 == 5, error

with smtplib.SMTP_SSL(os.environ["SMTPS_HOST"], int(os.environ["SMTPS_PORT"]), timeout=30, context=trusting) as smtp:
    smtp.login("bob@example.test", password)
    assert smtp.send_message(message("smtplib over TLS")) == {}
