# mutt in a terminal (tmux): opens the mailbox, reads a message, replies through SMTP, deletes; the screen is looked at.
tmux() { command tmux -L "axigen-$$" "$@"; }
trap 'tmux kill-server 2>/dev/null || true' EXIT

# append USER: the message on standard input into the user's INBOX (curl has to know its size).
append() {
    sed 's/$/\r/' >append.eml
    curl --silent --show-error "imap://$IMAP/INBOX" --user "$1@example.test:$PASSWORD" --upload-file append.eml
}
append ann <<MAIL
From: Bob <bob@example.test>
To: Ann <ann@example.test>
Subject: Lunch on Tuesday
Message-ID: <lunch@example.test>

Shall we meet at noon?
MAIL
cat >muttrc <<RC
set folder = "imap://ann%40example.test@$IMAP/"
set spoolfile = "+INBOX"
set imap_pass = "$PASSWORD"
set smtp_url = "smtp://$SMTP/"
set ssl_starttls = no
set ssl_force_tls = no
set from = "ann@example.test"
set realname = "Ann"
set record = ""
set header_cache = ""
set editor = "true"
set sort = threads
set delete = yes
set abort_unmodified = no
set include = yes
set quit = yes
set move = no
set imap_keepalive = 10
set beep = no
RC
screen() { tmux capture-pane -p -t mutt 2>/dev/null || true; }
see() { # see TEXT: waits until the screen shows it
    local tries
    for tries in $(seq 300); do
        screen | grep -qF -- "$1" && return 0
        sleep 0.1
    done
    printf 'never saw "%s"; the screen was:\n%s\n' "$1" "$(screen)"
    exit 1
}
tmux new-session -d -s mutt -x 100 -y 30 "TERM=screen mutt -n -F muttrc"
see 'Lunch on Tuesday'
tmux send-keys -t mutt Enter
see 'Shall we meet at noon?'
tmux send-keys -t mutt r
see 'To: '
tmux send-keys -t mutt Enter
see 'Subject: Re: Lunch on Tuesday'
tmux send-keys -t mutt Enter
see 'y:Send'
tmux send-keys -t mutt y
see 'Mail sent.'
tmux send-keys -t mutt i
tmux send-keys -t mutt d '$'
for _ in $(seq 300); do
    left=$(curl --silent "imap://$IMAP/INBOX" --user "ann@example.test:$PASSWORD" --request 'STATUS INBOX (MESSAGES)')
    grep -q 'MESSAGES 0' <<<"$left" && break
    sleep 0.1
done
grep -q 'MESSAGES 0' <<<"$left" || { screen; echo "the message was not deleted: $left"; exit 1; }
for _ in $(seq 300); do
    got=$(curl --silent "imap://$IMAP/INBOX?SUBJECT%20Lunch" --user "bob@example.test:$PASSWORD")
    grep -Eq '^\* SEARCH [0-9]+' <<<"$got" && break
    sleep 0.1
done
grep -Eq '^\* SEARCH [0-9]+' <<<"$got" || { echo "the reply never arrived: $got"; exit 1; }
tmux send-keys -t mutt q
