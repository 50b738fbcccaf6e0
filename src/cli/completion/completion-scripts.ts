type Shell = 'bash' | 'zsh' | 'fish';

/** Each asks `usher completion words` with what stands before the cursor, the last word as far as it goes, and gets words with what
 * they are about behind a tab. Where there are none, files are completed.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  // bash 3.2, which macOS has, knows no mapfile.
  bash: `# usher(1) completion for bash
_usher() {
  local word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    COMPREPLY+=("$word")
  done < <(usher completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o bashdefault -F _usher usher`,
  zsh: `#compdef usher
# usher(1) completion for zsh
_usher() {
  local -a found
  local word about
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}:$about")
  done < <(usher completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'usher' found; else _files; fi
}
compdef _usher usher`,
  fish: `# usher(1) completion for fish
function __usher_words
    set -l before (commandline -opc)
    usher completion words -- $before[2..-1] (commandline -ct) 2>/dev/null
end
complete -c usher -a '(__usher_words)'`,
};

export const shells: readonly string[] = Object.keys(completionScripts);

export function isShell(text: string): text is Shell {
  return Object.hasOwn(completionScripts, text);
}
