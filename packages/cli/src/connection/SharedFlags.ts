/**
 * The root command with the flags that all subcommands share, before or after the subcommand's name.
 */
import { Command, Flag, Param, Primitive } from "effect/cli"
import { countFlag, fileFlag, switchFlag } from "./FlagKinds.ts"

const connection = {
  gitlabServer: Flag.String("gitlab-server").pipe(
    Flag.withAlias("g"),
    Flag.withMetavar("URL"),
    Flag.withDescription("The GitLab server, which issues the registry's tokens (in a job: CI_SERVER_URL)"),
    Flag.optional
  ),
  registryServer: Flag.String("registry-server").pipe(
    Flag.withAlias("r"),
    Flag.withMetavar("URL"),
    Flag.withDescription("The container registry (in a job: CI_REGISTRY)"),
    Flag.optional
  ),
  user: Flag.String("user").pipe(
    Flag.withAlias("u"),
    Flag.withMetavar("NAME"),
    Flag.withDescription("Who reads the registry (or GITLAB_REGISTRY_USAGE_USER; in a job: gitlab-ci-token)"),
    Flag.optional
  ),
  credentialsFile: fileFlag("credentials-file").pipe(
    Flag.withAlias("c"),
    Flag.withDescription("A file of two lines: the user, and the password or token")
  ),
  tokenFile: fileFlag("token-file").pipe(
    Flag.withDescription("A file with the password or token (or GITLAB_REGISTRY_USAGE_TOKEN; in a job: CI_JOB_TOKEN)")
  ),
  tokenStdin: switchFlag("token-stdin").pipe(
    Flag.withDescription("Read the password or token from the standard input")
  ),
  caFile: fileFlag("ca-file").pipe(
    Flag.withDescription("PEM file of the authorities to trust (in a job: CI_SERVER_TLS_CA_FILE)")
  ),
  concurrency: countFlag("concurrency", 1, 256).pipe(
    Flag.withDescription("Requests under way at the same time, at the most (default 64)"),
    Flag.withDefault(64)
  ),
  timeout: countFlag("timeout", 1, 3600, "SECONDS").pipe(
    Flag.withDescription("How long the registry may take to answer a request (default 30)"),
    Flag.withDefault(30)
  )
}

/** Shells complete it as a file, but history and growth parse it as an instant, so the text is not normalized. */
const fromFlag: Flag.Flag<string> = Param.makeSingle({
  kind: Param.flagKind,
  name: "from",
  typeName: "file",
  primitiveType: Object.assign(Primitive.Path("file"), { parse: Primitive.String.parse })
})

const scan = {
  scope: Flag.Literals("scope", ["auto", "instance", "group", "project"]).pipe(
    Flag.withDescription(
      "What is read: everything (takes an administrator), a group or a project; auto: what the token may list"
    ),
    Flag.withDefault("auto")
  ),
  path: Flag.String("path").pipe(
    Flag.withMetavar("PATH"),
    Flag.withDescription("The group or project of the scope (in a job: its own)"),
    Flag.optional
  ),
  accounting: Flag.Literals("accounting", ["all", "layers"]).pipe(
    Flag.withDescription("What is counted: everything stored, or layers only"),
    Flag.withDefault("all")
  ),
  from: fromFlag.pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Read a saved snapshot instead of the registry; of history and growth: the begin, as 30d"),
    Flag.optional
  ),
  save: Flag.Path("save").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Save the snapshot, for --from, --baseline and diff"),
    Flag.optional
  ),
  failOnPartial: switchFlag("fail-on-partial").pipe(
    Flag.withDescription("Exit with 4 where something could not be read")
  )
}

const output = {
  output: Flag.Literals("output", ["table", "json", "ndjson", "csv", "markdown", "openmetrics"]).pipe(
    Flag.withAlias("o"),
    Flag.withDescription("Form of the data on the standard output"),
    Flag.withDefault("table")
  ),
  columns: Flag.String("columns").pipe(
    Flag.withMetavar("A,B"),
    Flag.withDescription("The columns to show, in this order"),
    Flag.optional
  ),
  header: Flag.Boolean("header").pipe(
    Flag.withDescription("The line of column names (default: yes)"),
    Flag.withDefault(true)
  ),
  bytes: switchFlag("bytes").pipe(Flag.withDescription("Sizes in bytes")),
  si: switchFlag("si").pipe(Flag.withDescription("Powers of 1000: kB, MB")),
  quiet: switchFlag("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("Nothing but the data, errors, and one line where something could not be read")
  ),
  verbose: switchFlag("verbose").pipe(
    Flag.withAlias("v"),
    Flag.withDescription("Report more on the standard error stream")
  ),
  debug: switchFlag("debug").pipe(Flag.withDescription("Report everything except secrets on the standard error stream"))
}

export const root = Command.make("gitlab-registry-usage").pipe(
  Command.withSharedFlags({ ...connection, ...scan, ...output }),
  Command.withDescription("Shows disk usage of a GitLab container registry.")
)

/** The values of the shared flags. */
export type Shared = typeof root extends { readonly [key: string]: any } & Command.Command<any, any, infer C, any, any>
  ? C
  : never
