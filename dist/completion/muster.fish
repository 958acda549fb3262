# SPDX-License-Identifier: Apache-2.0
#
# Completion of muster for fish; see muster.bash.

function __muster_commands
    muster --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z-]*\) .*  \(.*\)/\1\t\2/p'
end

function __muster_options
    set -l words (commandline -opc)
    muster $words[2] --help 2>/dev/null | sed -n 's/^  --\([a-z-]*\)[A-Z ,]*  *\(.*\)/--\1\t\2/p'
end

function __muster_names
    set -l words (commandline -opc)
    set -l usage (muster $words[2] --help 2>/dev/null | sed -n 's/^usage: muster [a-z-]* //p')
    if test (count $words) -eq 2
        echo $usage | sed 's/\[OPTIONS\]//' | tr '|' '\n' | sed -n 's/^ *\([a-z][a-z-]*\).*/\1/p'
    end
    switch "$usage"
        case '*JOB*'
            muster export job --quiet 2>/dev/null | sed -n 's/^ *- name: *//p'
        case '*CONNECTION*' '*SOURCE*'
            muster export connection --quiet 2>/dev/null | sed -n 's/^ *- name: *//p'
    end
end

complete -c muster -f -n 'test (count (commandline -opc)) -eq 1' -a '(__muster_commands)'
complete -c muster -n 'test (count (commandline -opc)) -ge 2; and string match -q -- "-*" (commandline -ct)' -a '(__muster_options)'
complete -c muster -n 'test (count (commandline -opc)) -ge 2' -a '(__muster_names)'
