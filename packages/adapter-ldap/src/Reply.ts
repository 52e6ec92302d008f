/**
 * Splits received bytes into LDAP messages and checks their form (RFC 4511, section 5.1) before ldapts reads them.
 *
 * ldapts 9 does not handle malformed messages: a length past the end causes an endless loop, a reply to a bind without a
 * result counts as success, and thousands of small messages in one packet overflow the stack.
 */

/** The tags of BER and of the LDAP replies. */
const tag = {
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
  bindResponse: 0x61,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  extendedResponse: 0x78,
  controls: 0xa0
} as const

/** A tag and the range of its content. */
interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** The element at an offset; `undefined` if its header is incomplete, `false` if its length is not definite or > 4 bytes. */
const header = (bytes: Buffer, offset: number): Element | undefined | false => {
  const first = bytes[offset + 1]
  if (first === undefined) return undefined
  const count = first < 0x80 ? 0 : first & 0x7f
  if (first >= 0x80 && (count === 0 || count > 4)) return false
  const start = offset + 2 + count
  if (start > bytes.length) return undefined
  const length = count === 0 ? first : bytes.readUIntBE(offset + 2, count)
  return { tag: bytes[offset]!, start, end: start + length }
}

/** The elements that fill a range exactly, or `undefined`. */
const children = (bytes: Buffer, { start, end }: Element): ReadonlyArray<Element> | undefined => {
  const found: Array<Element> = []
  for (let offset = start; offset < end;) {
    const element = header(bytes, offset)
    if (element === undefined || element === false || element.end > end) return undefined
    found.push(element)
    offset = element.end
  }
  return found
}

type Check = (bytes: Buffer, element: Element) => boolean

const primitive =
  (expected: number, minimum: number, maximum: number): Check =>
  (_, element) =>
    element.tag === expected && element.end - element.start >= minimum && element.end - element.start <= maximum
const integer = primitive(tag.integer, 1, 4)
const enumerated = primitive(tag.enumerated, 1, 4)
const octetString = primitive(tag.octetString, 0, Infinity)
const anything: Check = () => true

/** A constructed element whose first children pass `checks` and whose others pass `rest`. */
const constructed =
  (expected: number, checks: ReadonlyArray<Check>, rest: Check | undefined): Check =>
  (bytes, element) => {
    const elements = element.tag === expected ? children(bytes, element) : undefined
    if (elements === undefined || elements.length < checks.length) return false
    return elements.every((child, index) => (checks[index] ?? rest)?.(bytes, child) ?? false)
  }

const attribute = constructed(tag.sequence, [octetString, constructed(tag.set, [], octetString)], undefined)
const result = [enumerated, octetString, octetString]

const operations: ReadonlyArray<Check> = [
  constructed(tag.bindResponse, result, anything),
  constructed(tag.searchEntry, [octetString, constructed(tag.sequence, [], attribute)], undefined),
  constructed(tag.searchDone, result, anything),
  constructed(tag.searchReference, [octetString], octetString),
  constructed(tag.extendedResponse, result, anything)
]
const operation: Check = (bytes, element) => operations.some((check) => check(bytes, element))

/** A control's type, then whether it is critical and its value. */
const control = constructed(tag.sequence, [octetString], anything)
const controls = constructed(tag.controls, [], control)
const message = constructed(tag.sequence, [integer, operation], controls)

/**
 * The complete messages at the start of the received bytes, and the incomplete rest; or `undefined` if the bytes are not
 * LDAP replies.
 */
export const split = (received: Buffer) => {
  const messages: Array<Buffer> = []
  let offset = 0
  while (offset < received.length) {
    const element = received[offset] === tag.sequence ? header(received, offset) : false
    if (element === false) return undefined
    if (element === undefined || element.end > received.length) break
    if (!message(received, element)) return undefined
    messages.push(received.subarray(offset, element.end))
    offset = element.end
  }
  return { messages, rest: received.subarray(offset) }
}

/** Whether a message ends a search with result 4: there are more entries than the directory or the request permits. */
export const isSizeLimitExceeded = (bytes: Buffer): boolean => {
  const [, operation] = children(bytes, header(bytes, 0) as Element) ?? []
  const [code] = operation?.tag === tag.searchDone ? (children(bytes, operation) ?? []) : []
  return code !== undefined && bytes.readIntBE(code.start, code.end - code.start) === 4
}
