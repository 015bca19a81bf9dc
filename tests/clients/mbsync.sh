# mbsync keeps a Maildir and the server equal, both ways: new mail, flags, deletions, a new folder.
cat >mbsyncrc <<RC
IMAPAccount axigen
Host $IMAP_HOST
Port $IMAP_PORT
User ann@example.test
Pass $PASSWORD
SSLType None
AuthMechs LOGIN

IMAPStore far
Account axigen

MaildirStore near
Path $HOME/mail/
Inbox $HOME/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
RC
mkdir -p mail
sync() { mbsync --config mbsyncrc all; }

# append USER: the message on standard input into the user's INBOX (curl has to know its size).
append() {
    sed 's/$/\r/' >append.eml
    curl --silent --show-error "imap://$IMAP/INBOX" --user "$1@example.test:$PASSWORD" --upload-file append.eml
}
append ann <<MAIL
From: someone@example.org
Subject: from the server

far
MAIL
sync
far=$(grep -rl 'Subject: from the server' mail/INBOX)

# Flagged here, and a message of our own: both must reach the server.
mv "$far" "mail/INBOX/cur/$(basename "${far%%:2,*}"):2,FS"
printf 'From: ann@example.test\nSubject: from the client\n\nnear\n' >"mail/INBOX/new/1.near.client"
mkdir -p mail/Project/{cur,new,tmp}
printf 'From: ann@example.test\nSubject: in a new folder\n\nnear\n' >"mail/Project/new/2.near.client"
sync
ask() { curl --silent --show-error "imap://$IMAP/$1" --user "ann@example.test:$PASSWORD" --request "$2"; }
ask INBOX 'STATUS INBOX (MESSAGES UNSEEN)' | grep -q 'MESSAGES 2'
ask INBOX 'SEARCH FLAGGED SUBJECT "from the server"' | grep -Eq '^\* SEARCH [0-9]+'
ask Project 'STATUS Project (MESSAGES)' | grep -q 'MESSAGES 1'

# Deleted on the server: gone here.
ask INBOX 'STORE 1 +FLAGS (\Deleted)' >/dev/null
ask INBOX EXPUNGE >/dev/null
sync
if grep -rq 'Subject: from the server' mail/INBOX; then
    echo 'deleted on the server, but still in the Maildir'
    exit 1
fi
sync
