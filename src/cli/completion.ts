import { Argument, Command } from 'commander'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** `portcullis completion …`: made of the program itself, so that it knows every command there is. */
export function completionCommand(): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'shell that the script is for').choices(shells))
    .description('print a script that completes commands: source <(portcullis completion bash)')
    .action((shell: Shell, _options, command: Command) => {
      process.stdout.write(scripts[shell](placesIn(command.parent ?? command)))
    })
}

/** A place on the command line, such as `user add`, and what may follow there. */
interface Place {
  readonly words: string
  readonly commands: readonly string[]
  readonly options: readonly string[]
}

function placesIn(command: Command, words = ''): readonly Place[] {
  const help = command.createHelp()
  const nested = help.visibleCommands(command)
  const options = help.visibleOptions(command).flatMap(({ long }) => long ?? [])
  const place = { words, commands: nested.map((each) => each.name()), options }
  return [place, ...nested.flatMap((each) => placesIn(each, `${words} ${each.name()}`.trim()))]
}

const candidatesOf = ({ commands, options }: Place): string => [...commands, ...options].join(' ')

/** `case` lines for the shells that have them. */
function cases(places: readonly Place[], line: (place: Place) => string): string {
  return places.map((place) => `    '${place.words}') ${line(place)} ;;`).join('\n')
}

/** Follows the words that name commands; whatever else is there is an argument or an option. */
const follow = (
  places: readonly Place[],
  words: string,
): string => `  local at='' word candidates=''
  for word in ${words}; do
    case "\${at:+$at }$word" in
${places
  .slice(1)
  .map((place) => `      '${place.words}') at='${place.words}' ;;`)
  .join('\n')}
    esac
  done
  case "$at" in
${cases(places, (place) => `candidates='${candidatesOf(place)}'`)}
  esac`

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: (places) => `# portcullis completion bash
_portcullis() {
${follow(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _portcullis portcullis
`,
  zsh: (places) => `#compdef portcullis
_portcullis() {
${follow(places, `"\${(@)words[2,CURRENT-1]}"`)}
  compadd -- \${=candidates}
}
compdef _portcullis portcullis
`,
  fish: (places) => `# portcullis completion fish
function __portcullis_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch (string trim "$at $word")
${places
  .slice(1)
  .map((place) => `      case '${place.words}'\n        set at '${place.words}'`)
  .join('\n')}
    end
  end
  test "$at" = "$argv"
end
complete -c portcullis -f
${places
  .map(
    (place) =>
      `complete -c portcullis -n "__portcullis_at '${place.words}'" -a '${candidatesOf(place)}'`,
  )
  .join('\n')}
`,
}
