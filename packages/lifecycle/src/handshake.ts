// The first line in each direction of a connection: hello, then welcome or refused. Health is a welcome that carries the
// nonce of this hello; a bare connection proves nothing. Lines are JSON, capped; unknown fields are ignored for the future.
import { type Identity, parseIdentity } from './identity.ts'
import { asName, asText, asWhole, asWord, parseObject } from './json-fields.ts'
import { type DaemonState, daemonStates, parseRange, type ProtocolRange } from './record.ts'

/** The longest line of a handshake. */
export const handshakeLimitBytes = 16_384

/** What a client says first. */
export interface Hello {
  /** Fresh for each connection; the answer carries it back. */
  readonly nonce: string
  readonly protocol: ProtocolRange
  readonly version: string
  /** What the client is: `client`, `owner`, `mcp-proxy`, ... Only `owner` means something to the kernel. */
  readonly role: string
  readonly identity: Identity | null
  /** The project the caller works in. */
  readonly project?: string
  /** The client's own instance id, stable over its reconnections. */
  readonly instance?: string
}

/** What a daemon answers. */
export interface Welcome {
  readonly nonce: string
  readonly epoch: number
  readonly instance: string
  readonly version: string
  readonly protocol: ProtocolRange
  readonly state: DaemonState
  readonly capabilities: readonly string[]
  readonly pid: number
  /** Fingerprint of the configuration the daemon was started with; the client compares it with its own. */
  readonly config: string | null
  readonly owner: string | null
}

/** Why a daemon refuses a client. */
export type RefusalCode = 'invalid' | 'incompatible' | 'draining' | 'superseded'
const refusalCodes = ['invalid', 'incompatible', 'draining', 'superseded'] as const satisfies readonly RefusalCode[]

/** The answer to a client that is not let in. */
export interface Refused {
  readonly nonce: string
  readonly code: RefusalCode
  readonly message: string
  readonly version: string
  readonly protocol: ProtocolRange
}

/** What a daemon says to a hello. */
export type Answer =
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  | { readonly kind: 'refused'; readonly refused: Refused }

function line(kind: 'hello' | 'welcome' | 'refused', fields: object): string {
  return `${JSON.stringify({ holdfast: 1, kind, ...fields })}\n`
}

/** The line of a hello, with its newline. */
export function encodeHello({ nonce, protocol, version, role, identity, project, instance }: Hello): string {
  return line('hello', { nonce, protocol, version, role, identity, project, instance })
}

/** The line of a welcome, with its newline. */
export function encodeWelcome(welcome: Welcome): string {
  return line('welcome', welcome)
}

/** The line of a refusal, with its newline. */
export function encodeRefused(refused: Refused): string {
  return line('refused', refused)
}

/** The hello in a line, or null when it is none. */
export function parseHello(text: string): Hello | null {
  const fields = parseObject(text, handshakeLimitBytes)
  if (fields === null || fields['holdfast'] !== 1 || fields['kind'] !== 'hello') return null
  const nonce = asText(fields['nonce'], 128)
  const protocol = parseRange(fields['protocol'])
  const version = asText(fields['version'], 128)
  const role = asName(fields['role'])
  if (nonce === null || protocol === null || version === null || role === null) return null
  const project = asText(fields['project'])
  const instance = asName(fields['instance'])
  return {
    nonce,
    protocol,
    version,
    role,
    identity: parseIdentity(fields['identity']),
    ...(project === null ? {} : { project }),
    ...(instance === null ? {} : { instance }),
  }
}

/** The answer in a line, or null when it is none or does not carry `nonce`: then whoever listens is not a daemon of ours. */
export function parseAnswer(text: string, nonce: string): Answer | null {
  const fields = parseObject(text, handshakeLimitBytes)
  if (fields === null || fields['holdfast'] !== 1 || fields['nonce'] !== nonce) return null
  const version = asText(fields['version'], 128)
  const protocol = parseRange(fields['protocol'])
  if (version === null || protocol === null) return null
  if (fields['kind'] === 'refused') {
    const code = asWord(fields['code'], refusalCodes)
    const message = asText(fields['message'])
    return code === null || message === null
      ? null
      : { kind: 'refused', refused: { nonce, code, message, version, protocol } }
  }
  const epoch = asWhole(fields['epoch'], 1)
  const instance = asName(fields['instance'])
  const state = asWord(fields['state'], daemonStates)
  const pid = asWhole(fields['pid'], 1)
  if (fields['kind'] !== 'welcome' || epoch === null || instance === null || state === null || pid === null) return null
  const list: unknown = fields['capabilities']
  const capabilities = Array.isArray(list) ? list.filter((each) => asName(each) !== null).map(String) : []
  const config = asText(fields['config'])
  const owner = asText(fields['owner'])
  const welcome = { nonce, epoch, instance, version, protocol, state, capabilities, pid, config, owner }
  return { kind: 'welcome', welcome }
}
