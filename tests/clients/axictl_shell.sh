# axictl's shell at 80 columns in a terminal (tmux): completion, hints, hidden passwords, Ctrl-C and Ctrl-D, the reminder, history.
tmux() { command tmux -L "axigen-$$" "$@"; }
trap 'tmux kill-server 2>/dev/null || true' EXIT
axictl=${AXICTL:?}

screen() { tmux capture-pane -p -t shell 2>/dev/null || true; }
see() { # see TEXT: waits until the screen shows it
    local tries
    for tries in $(seq 300); do
        screen | grep -qF -- "$1" && return 0
        sleep 0.05
    done
    printf 'never saw "%s"; the screen was:\n%s\n' "$1" "$(screen)"
    exit 1
}
never() { # never TEXT: the screen must not show it
    if screen | grep -qF -- "$1"; then
        printf 'saw "%s" on the screen:\n%s\n' "$1" "$(screen)"
        exit 1
    fi
}
prompted() { # prompted PROMPT: waits until the last line is this prompt and nothing else
    local tries
    for tries in $(seq 300); do
        [ "$(screen | grep . | tail -n 1 | sed 's/ *$//')" = "$1" ] && return 0
        sleep 0.05
    done
    printf 'never came back to "%s"; the screen was:\n%s\n' "$1" "$(screen)"
    exit 1
}
type() { tmux send-keys -t shell "$@"; }

export XDG_STATE_HOME=$HOME/state
tmux new-session -d -s shell -x 80 -y 40 -e XDG_STATE_HOME="$XDG_STATE_HOME" \
    "'$axictl' --socket '$SOCKET'; echo left with \$?; exec cat"
see '<#>'

# Completion of commands and of live names, with Tab.
type -l 'UPDATE Dom'
type Tab
type -l 'exam'
type Tab
see 'UPDATE Domain example.test'
type Enter
see '<domain#>'

# Ctrl-C drops the line and stays.
type -l 'LIST Nonsense'
type C-c
prompted '<domain#>'
type -l 'LIST Accounts'
type Enter
see 'postmaster'
never 'Error'

# A password without a value is asked for and never shown.
type -l 'UPDATE Account ann'
type Enter
see '<domain-account#>'
type -l 'SET password'
type Enter
see 'New password:'
type -l 'Invisible-77'
type Enter
see 'The same again:'
type -l 'Invisible-77'
type Enter
prompted '<domain-account#>'
type -l 'COMMIT'
type Enter
prompted '<domain#>'
never 'Invisible-77'
type -l 'SET passwd Typed-88'
type Enter
see 'Error'
prompted '<domain#>'
type -l 'BACK'
type Enter
prompted '<#>'

# Lines typed faster than they are answered are all run, in order (a terminal without bracketed paste, expect).
type 'CONFIG SERVER' Enter 'CONFIG POP3' Enter 'CONFIG AccessControl' Enter BACK Enter BACK Enter 'HELP domainrank' Enter BACK Enter
see 'has the word domainrank'
prompted '<#>'

# Leaving with unsaved server changes: the first Ctrl-D reminds, the second leaves.
type -l 'CONFIG SERVER'
type Enter
see '<server#>'
type -l 'CONFIG IMAP | SET maxErrors 9 | COMMIT'
type Enter
prompted '<server#>'
type -l 'COMMIT'
type Enter
prompted '<#>'
type C-d
see 'SAVE CONFIG keeps them'
# Kept while the shell is still there: whatever ends it.
grep -q 'UPDATE Domain example.test' "$XDG_STATE_HOME/axictl/history"
type C-d
see 'left with 0'

# The new password works, and the history holds no secret and is private.
curl --silent --show-error "imap://$IMAP/" --user "ann@example.test:Invisible-77" | grep -q INBOX
history=$XDG_STATE_HOME/axictl/history
grep -q 'UPDATE Domain example.test' "$history"
if grep -Eq 'Invisible-77|Typed-88' "$history"; then
    echo 'the history holds a password'
    exit 1
fi
[ "$(stat -c %a "$history")" = 600 ]
