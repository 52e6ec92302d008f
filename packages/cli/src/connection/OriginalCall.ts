/**
 * The calls of the original program, which has no subcommands.
 */

/** A flag that takes a value, with the value in the same argument, as in `-cFILE`. */
const attached = /^(-[grucson])([^=].*)$/s

/**
 * The arguments as the commands take them: without a subcommand they are those of `ls`, and a value that is attached to a
 * short flag is an argument of its own. Help and version stay those of the program.
 */
export const toCommand = (args: ReadonlyArray<string>, subcommands: ReadonlyArray<string>): ReadonlyArray<string> => {
  const separate = args.flatMap((arg) => attached.exec(arg)?.slice(1) ?? [arg])
  const isOriginal =
    separate[0]?.startsWith("-") === true &&
    !separate.some((arg) => subcommands.includes(arg) || /^(?:-h|--help|-V|--version|--completions(?:=.*)?)$/.test(arg))
  return isOriginal ? ["ls", ...separate] : separate
}
