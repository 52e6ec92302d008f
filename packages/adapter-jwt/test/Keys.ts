import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto"
import { KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Redacted } from "effect"

export const secret = () => KeySet.sharedSecret(Redacted.make(randomBytes(36).toString("base64")))

const pair = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }) => ({
  private: KeySet.privateKey(Redacted.make(privateKey.export({ type: "pkcs8", format: "pem" }).toString())),
  public: KeySet.publicKey(publicKey.export({ type: "spki", format: "pem" }).toString()),
  privateKey,
  publicKey
})

export const ed25519 = () => pair(generateKeyPairSync("ed25519"))
export const rsa = (modulusLength = 2048) => pair(generateKeyPairSync("rsa", { modulusLength }))
