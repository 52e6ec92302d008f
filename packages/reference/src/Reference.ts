/**
 * Generates the reference of the published packages from their docstrings.
 *
 * typedoc reads sources through TypeScript's API, which TypeScript 7 does not have: this package has TypeScript 6.
 */
import { fileURLToPath } from "node:url"
import { Application, type DeclarationReflection, type ProjectReflection, ReflectionKind } from "typedoc"
import type { PluginOptions } from "typedoc-plugin-markdown"

const packages = new URL("../../", import.meta.url)
const path = (relative: string) => fileURLToPath(new URL(relative, packages))

/** The entry points of the published packages by their names in the reference. */
const entryPoints: Readonly<Record<string, string>> = {
  core: "core/src/index.ts",
  "core/testing": "core/src/testing/index.ts",
  "core/conformance": "core/src/conformance/index.ts",
  "adapter-http": "adapter-http/src/index.ts",
  "adapter-http/node": "adapter-http/src/node.ts",
  "adapter-jwt": "adapter-jwt/src/index.ts",
  "adapter-jwt/promise": "adapter-jwt/src/promise.ts",
  "adapter-ldap": "adapter-ldap/src/index.ts",
  "adapter-ldap/promise": "adapter-ldap/src/promise.ts",
  "adapter-sql": "adapter-sql/src/index.ts",
  "adapter-sql/postgres": "adapter-sql/src/postgres/index.ts",
  promise: "promise/src/index.ts",
  server: "server/src/index.ts"
}

const markdown: Partial<PluginOptions> = { hidePageHeader: true, useCodeBlocks: true }

export interface Reference {
  readonly project: ProjectReflection
  /** Writes it as Markdown. */
  readonly write: (directory: string) => Promise<void>
  /** The problems of docstrings: broken links and unknown tags. */
  readonly warnings: ReadonlyArray<string>
}

/** Reads the docstrings. Rejects if the sources cannot be read. */
export const read = async (): Promise<Reference> => {
  const warnings: Array<string> = []
  const app = await Application.bootstrapWithPlugins({
    name: "API reference",
    entryPoints: Object.values(entryPoints).map(path),
    tsconfig: path("reference/tsconfig.json"),
    basePath: fileURLToPath(packages),
    plugin: ["typedoc-plugin-markdown"],
    router: "module",
    readme: "none",
    // With line numbers, every change of the sources would change the reference.
    disableSources: true,
    disableGit: true,
    excludeExternals: true,
    excludePrivate: true,
    excludeInternal: true,
    skipErrorChecking: true,
    sort: ["source-order"],
    validation: { notExported: false, invalidLink: true, notDocumented: false }
  })
  for (const [name, value] of Object.entries(markdown)) app.options.setValue(name as never, value as never)
  // typedoc's progress messages are not of interest.
  app.logger.info = () => {}
  app.logger.warn = (message) => void warnings.push(message)
  const project = await app.convert()
  if (project === undefined) throw new Error("typedoc could not read the sources")
  const names = new Map(Object.entries(entryPoints).map(([name, file]) => [file.replace(/(\/index)?\.ts$/, ""), name]))
  for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name
  app.validate(project)
  return {
    project,
    write: (directory) => app.outputs.writeOutput({ name: "markdown", path: directory }, project),
    warnings
  }
}

const exported =
  ReflectionKind.Class |
  ReflectionKind.Function |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Variable

/** The docstring of a function belongs to its signature. */
const commentOf = (reflection: DeclarationReflection) => reflection.comment ?? reflection.signatures?.[0]?.comment

const says = (reflection: DeclarationReflection) =>
  commentOf(reflection)?.summary.some(({ text }) => text.trim() !== "") === true

/** These names mean the same in every module: its options, its constructor and its layer. */
const conventional = new Set(["Options", "make", "layer"])

/** A schema and the type of its values share one name and one docstring. */
const saidByNamesake = ({ name, parent }: DeclarationReflection) =>
  (parent as DeclarationReflection).children?.some((other) => other.name === name && says(other)) === true

const lacksOf = (reflection: DeclarationReflection): ReadonlyArray<string> => [
  ...(says(reflection) || conventional.has(reflection.name) || saidByNamesake(reflection) ? [] : ["a sentence"]),
  ...["@category", "@since"].filter((tag) => !commentOf(reflection)?.blockTags.some((block) => block.tag === tag))
]

/** The docstring of a numeric option needs a unit, a range or a default. */
const isBareNumber = (reflection: DeclarationReflection) =>
  reflection.type?.toString().split(" | ").includes("number") === true && !says(reflection)

/** The exported names with incomplete docstrings, with what is missing, and the numeric options without a unit. */
export const lacking = (project: ProjectReflection): ReadonlyArray<string> =>
  project
    .getReflectionsByKind(exported)
    .filter((reflection) => reflection.isDeclaration())
    .filter(({ parent }) => parent?.kindOf(ReflectionKind.SomeModule) === true)
    .flatMap((reflection) => {
      const lacks = lacksOf(reflection)
      const numbers = reflection.name === "Options" ? (reflection.children ?? []).filter(isBareNumber) : []
      return [
        ...(lacks.length === 0 ? [] : [`${reflection.getFullName()} lacks ${lacks.join(", ")}`]),
        ...numbers.map((number) => `${number.getFullName()} lacks its unit`)
      ]
    })
