import { TokensTest } from "@gitlab-registry-usage/core/conformance"
import { TokensMemory } from "@gitlab-registry-usage/core/testing"

TokensTest.suite("memory", TokensMemory.layer())
