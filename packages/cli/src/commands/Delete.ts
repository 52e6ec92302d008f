/**
 * `delete`: deletes a manifest with its tags, after reporting what that frees.
 */
import { type Digest, Inventory, type Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { Console, Effect } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import * as Connection from "../connection/Connection.ts"
import { switchFlag } from "../connection/FlagKinds.ts"
import * as Format from "../output/Format.ts"
import { print } from "../output/Print.ts"
import { root, type Shared } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { summarize } from "../crawl/Summary.ts"
import { Screen } from "../output/Screen.ts"
import { fromRegistry, Status, CommandFailure, usageError } from "../output/CommandFailure.ts"
import * as Target from "../connection/Target.ts"

interface Plan {
  readonly repository: Names.RepositoryName
  readonly digest: Digest.Digest
  readonly tags: ReadonlyArray<Names.TagName>
  readonly frees: number
}

const plan = Effect.fnUntraced(function* (usage: Usage.Usage, target: Target.Target) {
  const r = yield* Target.findRepository(usage, target)
  const { name, tagManifests, tagNames } = usage.inventory.repositories[r]!
  const digestAt = (i: number) => {
    const manifest = tagManifests[i]!
    return manifest < 0 ? undefined : Inventory.manifestDigest(usage.inventory, manifest)
  }
  const digest =
    target.digest ??
    (target.tag === undefined
      ? undefined
      : digestAt((yield* Target.findTag(usage, r, target.tag)) - usage.tagStarts[r]!))
  if (digest === undefined) {
    return yield* new CommandFailure({ status: Status.partial, message: "the manifest of the tag could not be read" })
  }
  const numbers = [...tagNames.keys()].filter((i) => digestAt(i) === digest)
  return {
    repository: name,
    digest,
    tags: numbers.map((i) => tagNames[i]!),
    frees: Usage.uniqueSizeOf(
      usage,
      numbers.map((i) => usage.tagStarts[r]! + i)
    )
  } satisfies Plan
})

const describe = ({ digest, frees, repository, tags }: Plan, flags: Shared) =>
  [
    `${repository}@${Format.shortDigest(digest)}`,
    tags.length === 0 ? "no tag points to it" : `tags that go with it: ${tags.join(", ")}`,
    `garbage collection could then free ${Format.size(frees, flags)}`
  ].join("\n  ")

const confirm = Effect.fnUntraced(function* (yes: boolean) {
  if (yes) return
  const { canPrompt } = yield* Screen
  if (!canPrompt) return yield* usageError("not deleted without a confirmation", "add --yes")
  const confirmed = yield* Prompt.run(Prompt.Confirm({ message: "Delete it?", initial: false }))
  if (!confirmed) return yield* new CommandFailure({ status: Status.unexpected, message: "not deleted" })
})

const remove = Effect.fnUntraced(function* ({ digest, repository }: Plan, tag: Names.TagName | undefined) {
  const registry = yield* Registry.Registry
  if (tag !== undefined) {
    const now = yield* Effect.mapError(registry.resolve(repository, tag), fromRegistry)
    if (now !== digest) {
      return yield* new CommandFailure({
        status: Status.unexpected,
        message: `${repository}:${tag} points to another manifest by now; nothing was deleted`
      })
    }
  }
  yield* Effect.mapError(registry.deleteManifest(repository, digest), fromRegistry)
})

export const delete_ = Command.make(
  "delete",
  {
    yes: switchFlag("yes").pipe(Flag.withAlias("y"), Flag.withDescription("Do not ask")),
    target: Argument.String("repository@digest").pipe(
      Argument.withDescription("The manifest, or repository:tag for the one that a tag points to")
    )
  },
  Effect.fnUntraced(function* ({ target: text, yes }) {
    const shared = yield* root
    const target = yield* Target.parse(text)
    if (target.tag === undefined && target.digest === undefined) {
      return yield* usageError(
        "a whole repository is not deleted",
        "name a manifest: repository@sha256:… or repository:tag"
      )
    }
    const connection = yield* Connection.fromFlags(shared)
    const crawled = yield* CrawledSnapshot.make(shared)
    yield* CrawledSnapshot.requireWhole(shared, crawled)
    const planned = yield* plan(crawled.snapshot.usage, target)
    if (!shared.quiet) yield* Console.error(describe(planned, shared))
    yield* confirm(yes)
    const { layer } = yield* Effect.promise(() => import("../connection/RegistryConnection.ts"))
    yield* Effect.provide(remove(planned, target.tag), layer(connection))
    yield* print(
      shared,
      {
        columns: [
          { key: "name", field: "repository", heading: "DELETED FROM", kind: "name", essential: true },
          {
            key: "manifest",
            field: "manifest",
            heading: "MANIFEST",
            kind: "text",
            essential: true,
            audience: "people"
          },
          { key: "digest", field: "digest", heading: "DIGEST", kind: "text", audience: "programs" },
          { key: "tags", field: "tags", heading: "TAGS", kind: "prose", label: "tags" },
          { key: "frees", field: "frees_bytes", heading: "FREES", kind: "bytes" }
        ],
        rows: [
          {
            values: {
              name: planned.repository,
              manifest: Format.shortDigest(planned.digest),
              digest: planned.digest,
              tags: planned.tags,
              frees: planned.frees
            }
          }
        ]
      },
      { command: "delete", rows: "deleted", fields: { gaps: summarize(crawled).gaps } }
    )
  })
).pipe(
  Command.withDescription("Delete a manifest and the tags that point to it; asks first"),
  Command.withExamples([
    { command: "gitlab-registry-usage delete group/app:1.0.0", description: "Delete the image of a tag" }
  ])
)
