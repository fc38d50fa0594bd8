# Programs in other terminals, for the transcripts: source it with . "$ROOT/slides/transcripts/terminals.bash"
#
#     begin NAME COMMAND     run COMMAND in the background; what it prints goes to NAME.out
#     await NAME TEXT        wait until it has printed that
#     enter NAME             press Enter in that terminal, and wait until the program has ended
#     ended NAME             wait until it has ended by itself
#     killed NAME            kill it, and wait until it is dead
#     told NAME COMMAND      print "$ COMMAND" and what the program has printed

begin() {
    mkfifo "$1.in"
    : >"$1.out" # await may look before the program has begun
    eval "exec $2" <"$1.in" >"$1.out" 2>&1 &
    processes="${processes:-} $1=$!"
    eval "exec {keys_$1}>$1.in" # held open: the program's input does not end
}

await() {
    until grep -q -e "$2" "$1.out"; do sleep 0.02; done
}

pid() {
    for each in $processes; do
        case $each in "$1"=*) echo "${each#*=}" ;; esac
    done
}

enter() {
    local keys=keys_$1
    echo >&"${!keys}"
    ended "$1"
}

killed() {
    { kill -KILL "$(pid "$1")" && ended "$1"; } 2>/dev/null # without the shell's own remark
}

ended() {
    wait "$(pid "$1")" 2>/dev/null
    return 0
}

told() {
    printf '$ %s\n' "$2"
    cat "$1.out"
}
