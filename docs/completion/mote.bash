# SPDX-License-Identifier: Apache-2.0
# Completion of mote's commands for bash. Needs nothing but bash and mote itself.

_mote_ids() {
	mote ps 2>/dev/null | while read -r id _; do
		[ "$id" = ID ] || printf '%s\n' "$id"
	done
}

# Words that begin with what was typed.
_mote_reply() {
	local word
	COMPREPLY=()
	for word in $1; do
		case $word in
		"$2"*) COMPREPLY+=("$word") ;;
		esac
	done
}

_mote_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# Snapshots that have names, and directories.
_mote_snapshots() {
	local place=${XDG_STATE_HOME:-$HOME/.local/state}/mote/snapshots
	((EUID)) || place=/var/lib/mote/snapshots
	case $1 in
	-*) _mote_reply '--name --clock --detach --tty --no-prefetch --no-jail --force --help' "$1" ;;
	*/*) _mote_files -d "$1" ;;
	*) _mote_reply "$(ls "$place" 2>/dev/null)" "$1" ;;
	esac
}

# Options end at PROGRAM; behind it everything is a file.
_mote_run() {
	local current=${COMP_WORDS[COMP_CWORD]} i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--name | --mem | --cpus | --env | --debug | --core) ((++i == COMP_CWORD)) && return ;;
		--root)
			((++i == COMP_CWORD)) || continue
			_mote_files -d "$current"
			return
			;;
		-*) ;;
		=) ((i++)) ;;
		*) break ;;
		esac
	done
	if ((i >= COMP_CWORD)) && [[ $current == -* ]]; then
		_mote_reply '--help --name --mem --cpus --env --root --detach --tty --debug --core --no-jail' \
			"$current"
	else
		_mote_files -f "$current"
	fi
}

_mote() {
	local current=${COMP_WORDS[COMP_CWORD]} options=--help
	if ((COMP_CWORD == 1)); then
		_mote_reply 'run ps inspect logs pause resume snapshot restore reset
			snapshot-merge snapshot-verify stop kill debug --help --version' "$current"
		return
	fi
	case ${COMP_WORDS[1]} in
	run)
		_mote_run
		return
		;;
	ps) options='--json --help' ;;
	logs) options='--follow --help' ;;
	stop) options='--timeout --help' ;;
	inspect) options='--registers --json --help' ;;
	pause | resume | reset | kill | debug) ;;
	snapshot) options='--diff --force --help' ;;
	restore | snapshot-merge | snapshot-verify)
		_mote_snapshots "$current"
		return
		;;
	*) return ;;
	esac
	if [[ $current == -* ]]; then
		_mote_reply "$options" "$current"
	elif [[ ${COMP_WORDS[1]} != ps && ${COMP_WORDS[COMP_CWORD - 1]} != --timeout ]]; then
		_mote_reply "$(_mote_ids)" "$current"
	fi
}

complete -F _mote mote
