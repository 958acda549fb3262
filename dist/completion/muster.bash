# SPDX-License-Identifier: Apache-2.0
#
# Completion of muster for bash; zsh takes it by bashcompinit. Commands and
# options are what the program's own help says, so this needs no change when
# they do; names are those of what is stored.

_muster_commands() {
	"$1" --help 2>/dev/null |
		sed -n '/^commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'
}

# Options of a command, and its verbs: the words in small letters of its usage
# ("list | show NAME").
_muster_options() {
	"$1" "$2" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
}

_muster_verbs() {
	"$1" "$2" --help 2>/dev/null | sed -n 's/^usage: muster [a-z-]* //p' |
		sed 's/\[OPTIONS\]//' | tr '|' '\n' |
		sed -n 's/^ *\([a-z][a-z-]*\).*/\1/p'
}

# What an argument's word in capitals stands for.
_muster_names() {
	case $2 in
	*CONNECTION* | *SOURCE*)
		"$1" export connection --quiet 2>/dev/null
		;;
	*JOB*)
		"$1" export job --quiet 2>/dev/null
		;;
	esac | sed -n 's/^ *- name: *//p' | tr -d "'\""
}

_muster() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
	local command='' usage='' words='' i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	COMPREPLY=()
	if [[ -z $command ]]; then
		words=$(_muster_commands "$program")
	elif [[ $word == -* ]]; then
		words=$(_muster_options "$program" "$command")
	else
		usage=$("$program" "$command" --help 2>/dev/null |
			sed -n 's/^usage: muster [a-z-]* //p')
		if ((i + 1 == COMP_CWORD)); then
			words=$(_muster_verbs "$program" "$command")
		fi
		words+=" $(_muster_names "$program" "$usage")"
	fi
	# Not mapfile, which zsh lacks; none of the words holds a blank.
	# shellcheck disable=SC2207
	COMPREPLY=($(compgen -W "$words" -- "$word"))
	# Files stand behind options, and where nothing else fits.
	if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
		compopt -o default 2>/dev/null
	fi
}

complete -F _muster muster
