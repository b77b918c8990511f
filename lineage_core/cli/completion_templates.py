"""The shell code of completion scripts: what stands in them whatever the commands are.

COMMON and FISH are filled in by `str.format` (types, tail, keys, values, states, times, masters; COMMON: commands too).
"""

COMMON = r"""
_lineage_ids() {{ # KEYS [DIR]: ids under these keys at the end of the newest daily file
    directory=${{2:-${{LINEAGE_DIR:-${{CORTEX_HOME:+$CORTEX_HOME/coordination/lineage}}}}}}
    newest=
    for file in "${{directory:-coordination/lineage}}"/lineage-????-??-??.jsonl; do newest=$file; done
    [ -f "$newest" ] || return 0
    tail -c {tail} "$newest" | grep -oE "\"($1)\" ?: ?\"[A-Za-z0-9._-]+\"" | sed 's/"$//; s/.*"//' | sort -u
}}

_lineage_filter() {{ # WORD DIR: what a word of a filter may become
    not=''
    word=$1
    case $word in '!'*) not='!' word=${{word#?}} ;; esac
    case $word in
        *:*)
            key=${{word%%:*}} value=${{word#*:}} known=''
            case $key in
{values}
                task) known=$(_lineage_ids task_id "$2") ;;
                owner | master) known=$(_lineage_ids '{masters}' "$2") ;;
                worker) case $value in */*/*) known='{times}' ;; */*) known='{states}' ;; esac ;;
            esac
            for word in $known; do echo "$not$key:${{value%"${{value##*[,/]}}"}}$word"; done
            ;;
        *) for key in {keys}; do echo "$not$key"; done ;;
    esac
}}

_lineage_candidates() {{ # WORD...: those after `lineage`, the last one is completed
    [ -z "${{ZSH_VERSION-}}" ] || emulate -L sh
    command='' query='' option='' directory='' number=0
    while [ $# -gt 1 ]; do
        if [ -n "$option" ]; then
            [ "$option" != --dir ] || directory=$1
            option=''
        else
            case $1 in
                -*=*) ;;
                -*) if _lineage_value "$command" "$1" || _lineage_value "$query" "$1"; then option=$1; fi >/dev/null ;;
                *)
                    if [ -z "$command" ]; then
                        command=$1
                    elif [ "$command" = export ] && [ -z "$query" ]; then
                        query=$1
                    else
                        number=$((number + 1))
                    fi
                    ;;
            esac
        fi
        shift
    done
    if [ -n "$option" ]; then
        kind=$(_lineage_value "$command" "$option" || _lineage_value "$query" "$option")
    elif [ -z "$command" ]; then
        kind='{commands}'
    else
        case $1 in
            -*) kind="$(_lineage_options "$command") $(_lineage_options "$query")" ;;
            *) kind=$(_lineage_word "${{query:-$command}}" $((number + 1))) ;;
        esac
    fi
    case $kind in
        @files) echo @files && return ;;
        @none) return ;;
        @types) kind='{types}' ;;
        @tasks) kind=$(_lineage_ids task_id "$directory") ;;
        @masters) kind=$(_lineage_ids '{masters}' "$directory") ;;
        @filter) kind=$(_lineage_filter "$1" "$directory") ;;
    esac
    for word in $kind; do
        case $word in "$1"*) echo "$word" ;; esac
    done
}}"""
"""What bash and zsh share, in the words of `sh`."""

BASH = r"""
_lineage() {
    local word words=() before
    [[ ${COMP_WORDS[0]##*/} != lineage-tui ]] || words=(lineage-tui)
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        # bash cuts words at = and : for us
        if [[ $word == '=' ]]; then continue; fi
        if [[ ${#words[@]} -gt 0 && -n $word && ( $word == :* || ${words[-1]} == *: ) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    [[ ${COMP_WORDS[COMP_CWORD]} != '=' ]] || words+=('')
    mapfile -t COMPREPLY < <(_lineage_candidates "${words[@]}")
    if [[ ${COMPREPLY[0]-} == @files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]}")
        return
    fi
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *: ]] || compopt -o nospace 2>/dev/null
    before=${words[-1]%"${words[-1]##*:}"}
    [[ ${COMP_WORDBREAKS-} != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -F _lineage lineage lineage-tui"""

ZSH = r"""
_lineage() {
    local -a found program
    [[ ${words[1]:t} != lineage-tui ]] || program=(lineage-tui)
    found=("${(@f)$(_lineage_candidates $program "${(@)words[2,CURRENT]}")}")
    if [[ ${found[1]} == @files ]]; then
        _files
    else
        compadd -S '' -- ${(M)found:#*:}
        compadd -- ${found:#(*:|)}
    fi
}
if [[ ${funcstack[1]} == _lineage ]]; then _lineage "$@"; else compdef _lineage lineage lineage-tui; fi"""

FISH = r"""
set -g __lineage_types {types}

function __lineage_no_command # whether the command is still to come
    test (count (commandline -opc)) -eq 1
end

function __lineage_command # NAME: whether it is the command on the line
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end

function __lineage_ids # KEYS: ids under these keys at the end of the newest daily file
    set -l directory coordination/lineage
    set -q CORTEX_HOME; and set directory $CORTEX_HOME/coordination/lineage
    set -q LINEAGE_DIR; and set directory $LINEAGE_DIR
    set -l words (commandline -opc)
    set -l at (contains -i -- --dir $words); and set directory $words[(math $at + 1)]
    set -l files $directory/lineage-????-??-??.jsonl
    set -q files[1]; or return 0
    tail -c {tail} $files[-1] | string match -rag '"(?:'$argv[1]')" ?: ?"([A-Za-z0-9._-]+)"' | sort -u
end

function __lineage_filter # what a word of a filter may become
    set -l word (commandline -ct)
    set -l not ''
    string match -q '!*' -- $word; and set not '!'; and set word (string sub -s 2 -- $word)
    set -l parts (string split -m 1 : -- $word)
    if test (count $parts) -lt 2
        for key in {keys}
            echo $not$key
        end
        return
    end
    set -l known
    switch $parts[1]
{values}
        case task
            set known (__lineage_ids task_id)
        case owner master
            set known (__lineage_ids '{masters}')
        case worker
            string match -q '*/*' -- $parts[2]; and set known {states}
            string match -q '*/*/*' -- $parts[2]; and set known {times}
    end
    set -l before $not$parts[1]:(string replace -r '[^,/]*$' '' -- $parts[2])
    for value in $known
        echo $before$value
    end
end
"""
