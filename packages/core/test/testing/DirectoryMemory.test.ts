import { DirectoryTest } from "@gitlab-registry-usage/core/conformance"
import { DirectoryMemory } from "@gitlab-registry-usage/core/testing"

DirectoryTest.suite(
  "memory",
  DirectoryMemory.layer([
    { username: "alice", password: "alice-secret" },
    { username: "zoe", password: "zoë-pass:word" },
    { username: "paren(s)", password: "paren-secret" },
    { username: "mallory", password: "mallory-secret", maySignIn: false }
  ]),
  {
    accepted: [
      { username: "alice", password: "alice-secret", spellings: ["ALICE", "Alice"] },
      { username: "zoe", password: "zoë-pass:word" },
      { username: "paren(s)", password: "paren-secret" }
    ],
    refused: [{ username: "mallory", password: "mallory-secret" }]
  }
)
